"""What the signature debugger keeps, tells and spends: all of it bounded, none of it a secret."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.mbg.refusals import Refused, unauthorized
from simulators.mbg.services import oauth, oauth_debugger, oauth_signing
from simulators.mbg.services.oauth import MAX_FORM, MAX_PARAMETERS, HttpRequest
from simulators.mbg.services.oauth_debugger import (
    KEPT_CHARACTERS,
    UNKNOWN,
    RefusedRequest,
    RefusedRequests,
    Secrets,
    diagnose,
)
from simulators.mbg.services.oauth_masking import LONGEST, LONGEST_VALUE, MOST_SHOWN, SHORTEST
from simulators.mbg.services.oauth_mistakes import Mistake
from simulators.mbg.services.oauth_rendering import text
from simulators.mbg.services.oauth_signing import Signing
from simulators.mbg.tests.dance import NOW, with_final_token
from simulators.mbg.tests.hand_signer import HOST, Draft, Pair, draft, percent

SECRETS = Secrets("c", "t")
PATH = "/mslrest/mbg/v1/devices/7/"


def keep(ring: RefusedRequests, made: Draft) -> RefusedRequest:
    signed = oauth.read(made.sent())
    found = diagnose(signed, SECRETS)
    ring.keep(signed.request, signed, unauthorized("signature_invalid", "no"), found, NOW)
    return ring[-1]


def guessed(**changes: Any) -> Draft:
    return draft("c", "t", key=lambda c, t: "guessed", **changes)


@pytest.mark.parametrize(
    ("form", "status"),
    [
        (b"a=" + b"x" * MAX_FORM, 413),
        (b"a1=%2F&" * MAX_PARAMETERS, 400),
        (b"a=" + b"x" * (MAX_FORM - 2), 0),
        (b"a1=%2F&" * (MAX_PARAMETERS - 1), 0),
    ],
)
def test_a_form_is_read_up_to_a_size(form: bytes, status: int) -> None:
    r = draft("c", "t").sent()
    request = HttpRequest(r.method, r.uri, r.authorization, form)
    if status:
        with pytest.raises(Refused) as refused:
            oauth.read(request)
        assert refused.value.status == status
    else:
        oauth.read(request)


@pytest.mark.parametrize(
    "change",
    [
        {"form": [("a", "x" * LONGEST)]},
        {"query": [("a", "x" * LONGEST)]},
        {"form": [("a", "1")] * MOST_SHOWN},
        {"content": b" " * (LONGEST + 1)},
        {"path": "/" * (LONGEST + 1)},
    ],
)
def test_no_mistake_is_tried_on_a_large_request(
    change: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def tried(_: Signing) -> list[Signing]:
        raise AssertionError("it was tried")

    monkeypatch.setattr(oauth_debugger, "BASE_STRING_MISTAKES", [Mistake("x", "x", tried)])
    with pytest.raises(AssertionError, match="it was tried"):
        diagnose(oauth.read(guessed().sent()), SECRETS)
    found = diagnose(oauth.read(guessed(**change).sent()), SECRETS)
    assert (found.mistake, found.theirs) == (UNKNOWN, "")
    assert "too large" in found.says


@pytest.mark.parametrize("change", [{"path": "/" * 900}, {"content": b"a&" * 2000}])
def test_few_signatures_are_made_for_one_refusal(
    change: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    sign = oauth_signing.signed_with

    def counted(signing: Signing, base_string: str) -> bytes:
        made.append(len(base_string))
        return sign(signing, base_string)

    monkeypatch.setattr(oauth_signing, "signed_with", counted)
    services, _, client = with_final_token()
    for number in range(300):
        services.add_consumer("Another", f"Another {number}")
        services.issue_temporary("MiVOAppSuite", NOW)
    secrets = services._secrets(oauth.read(client.sign("/ping", NOW)))
    assert diagnose(oauth.read(guessed(**change).sent()), secrets).mistake == UNKNOWN
    assert 50 < len(made) < 350


def test_what_is_kept_is_cut_and_bounded_in_all() -> None:
    ring = RefusedRequests()
    for number in range(200):
        one = keep(ring, guessed(nonce=str(number), form=[(f"a{n}", "/" * 300) for n in range(60)]))
        assert len(one.base_string) == LONGEST
        assert len(one.uri) <= LONGEST
        assert len(one.parameters) == MOST_SHOWN
        assert max(len(value) for _, value in one.parameters) == LONGEST_VALUE
    assert sum(kept.characters for kept in ring) <= KEPT_CHARACTERS
    assert 20 < len(ring) < 200
    assert ring[-1].number == 200, "the latest stay"


@given(st.integers(0, 200))
def test_a_token_that_stands_across_the_cut_is_hidden(before: int) -> None:
    made = guessed(path="/" + "x" * (LONGEST - 150 - before))
    made.oauth["oauth_token"] = token = "abcd" + "Z" * 60
    one = keep(RefusedRequests(), made)
    assert token[4:] not in one.base_string
    assert "Z" not in one.base_string


PASSWORD = "open/sesame 1"
"""Written in many ways: as it is, encoded once and twice, as JSON."""


def both(pairs: list[Pair]) -> list[Pair]:
    return [*pairs, ("set_password", PASSWORD)]


@pytest.mark.parametrize(
    "made",
    [
        draft("c", "t", form=[("set_password", PASSWORD)], signed_uri=f"https://{HOST}/x"),
        draft("c", "t", form=[("set_password", PASSWORD)], signed_method="GET"),
        draft("c", "t", query=[("shared_secret", PASSWORD)], signed_method="GET"),
        draft(
            "c",
            "t",
            content=json.dumps({"set_password": PASSWORD}).encode(),
            signed_pairs=both,
        ),
        draft(
            "c",
            "t",
            content=json.dumps({"set_password": PASSWORD}).encode(),
            signed_pairs=lambda pairs: [*pairs, (json.dumps({"set_password": PASSWORD}), "")],
        ),
    ],
)
def test_passwords_are_hidden_wherever_they_stand(made: Draft) -> None:
    one = keep(RefusedRequests(), made)
    assert one.diagnosis is not None
    shown = text(one) + repr(one) + json.dumps(one.document())
    assert "password" in shown or "secret" in shown
    for written in (PASSWORD, percent(PASSWORD), percent(percent(PASSWORD)), "sesame"):
        assert written not in shown


def test_a_short_password_is_hidden_by_its_name() -> None:
    one = keep(RefusedRequests(), guessed(form=[("PassWord", "abc"), ("other", "abc")]))
    assert len("abc") < SHORTEST
    assert ("PassWord", "***") in one.parameters
    assert ("other", "abc") in one.parameters


@pytest.mark.parametrize(
    "content", [b'{"a": "\\ud800"}', b'{"\\udc00": 1}', b"[1]", b"{", b"[" * 3000]
)
def test_any_content_is_looked_at_without_harm(content: bytes) -> None:
    one = keep(RefusedRequests(), guessed(content=content))
    json.dumps(one.document(), ensure_ascii=False).encode()


def test_a_name_that_is_no_utf_8_is_told_in_utf_8() -> None:
    r = draft("c", "t").sent()
    header = r.authorization.replace("OAuth ", 'OAuth oauth_%ff="1", ')
    found = diagnose(oauth.read(HttpRequest(r.method, r.uri, header)), SECRETS)
    assert found.mistake == "not_signed"
    found.says.encode()
    found.for_caller.encode()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"signed_method": "GET"}, "sign the method that is sent, in upper case (GET was signed"),
        ({"signed_uri": f"https://{HOST}{PATH[:-1]}"}, "sign the path exactly as it is sent"),
        ({"signed_uri": f"https://{HOST}:443{PATH}"}, "the scheme's default port must not"),
        ({"written": lambda o: o.hex()}, "base64 of the octets, not of hex digits"),
        ({"key": lambda c, t: c}, ""),
        ({"key": lambda c, t: f"{c}&other"}, ""),
        ({"key": lambda c, t: f"other&{t}"}, ""),
        ({"key": lambda c, t: "guessed"}, ""),
    ],
)
def test_the_caller_is_told_of_all_but_secrets(change: dict[str, Any], told: str) -> None:
    secrets = Secrets("c", "t", {"Other": "other"}, ["other"])
    found = diagnose(oauth.read(draft("c", "t", **change).sent()), secrets)
    assert found.for_caller.startswith(told)
    assert bool(found.for_caller) == bool(told)


def test_the_refusal_says_what_the_debugger_found() -> None:
    services, _, client = with_final_token()
    request = client.sign("/ping", NOW)
    other = HttpRequest("GET", request.uri, request.authorization)
    with pytest.raises(Refused) as refused:
        services.authorize(other, NOW)
    assert refused.value.code == "signature_invalid"
    assert refused.value.message.startswith("the signature does not fit: sign the method")
    assert refused.value.headers["WWW-Authenticate"] == 'OAuth realm="MBG"'
    assert services.refusals[-1].message == refused.value.message
    client.secret = base64.b64encode(b"guessed").decode()
    with pytest.raises(Refused) as refused:
        services.authorize(client.sign("/ping", NOW), NOW)
    assert refused.value.message == "the signature does not fit: wrong secret?"
