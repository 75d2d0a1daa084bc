"""The signature debugger: each usual mistake, made by a signer of its own hand, is named."""

import base64
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from simulators.mbg.refusals import unauthorized
from simulators.mbg.services import oauth
from simulators.mbg.services.oauth import HttpRequest
from simulators.mbg.services.oauth_debugger import (
    KEPT,
    MISTAKES,
    UNKNOWN,
    Diagnosis,
    RefusedRequests,
    Secrets,
    diagnose,
    difference,
)
from simulators.mbg.services.oauth_rendering import text
from simulators.mbg.tests.hand_signer import HOST, Draft, Pair, draft, percent

PATH = "/mslrest/mbg/v1/devices/7/"
BASE64 = st.binary(min_size=16, max_size=16).map(lambda octets: base64.b64encode(octets).decode())
VALUE = st.text("abc123 /+&=%~!é", min_size=1, max_size=8)
QUERY: list[Pair] = [
    ("zz", "a b+/~!"),
    ("a", "9"),
    ("a", "10"),
    ("é(", ""),
    ("ab", "x"),
    ("a-", "y"),
]
FORM: list[Pair] = [("form", "1 2")]


def set_fields(**fields: object) -> Callable[[Draft], None]:
    def change(made: Draft) -> None:
        for name, value in fields.items():
            setattr(made, name, value)

    return change


def only(wanted: Callable[[Pair], bool]) -> Callable[[Draft], None]:
    return set_fields(signed_pairs=lambda pairs: [pair for pair in pairs if wanted(pair)])


def more(*pairs: Pair) -> Callable[[Draft], None]:
    return set_fields(signed_pairs=lambda signed: [*signed, *pairs])


def key(make: Callable[[str, str], str]) -> Callable[[Draft], None]:
    return set_fields(key=make)


def coded(consumer: str, token: str) -> str:
    return f"{percent(consumer)}&{percent(token)}"


def json_body(pairs: Callable[[list[Pair]], list[Pair]]) -> Callable[[Draft], None]:
    return set_fields(form=[], content=b'{"icp_id": "1", "enabled": true}', signed_pairs=pairs)


def lower(text: str) -> str:
    return "".join(c if c == percent(c) else percent(c).lower() for c in text)


LOWER_FRAME = {"frame": lower, "frame_uri": lower}


def lower_key(consumer: str, token: str) -> str:
    return f"{lower(consumer)}&{lower(token)}"


MADE: list[tuple[str, Callable[[Draft], None]]] = [
    ("query_left_out", only(lambda p: p not in QUERY)),
    ("form_left_out", only(lambda p: p not in FORM)),
    ("body_included", json_body(lambda s: [*s, ("icp_id", "1"), ("enabled", "true")])),
    ("body_included", json_body(lambda s: [*s, ('{"icp_id": "1", "enabled": true}', "")])),
    ("port_included", set_fields(signed_uri=f"https://{HOST}:443{PATH}")),
    ("port_left_out", set_fields(host=f"{HOST}:8443", signed_uri=f"https://{HOST}{PATH}")),
    ("scheme", set_fields(signed_uri=f"http://{HOST}{PATH}")),
    ("slash", set_fields(signed_uri=f"https://{HOST}{PATH[:-1]}")),
    ("slash", set_fields(path=PATH[:-1], signed_uri=f"https://{HOST}{PATH}")),
    ("path_prefix", set_fields(signed_uri=f"https://{HOST}/mbg/v1/devices/7/")),
    ("path_encoding", set_fields(path="/a%20b/", signed_uri=f"https://{HOST}/a b/")),
    ("path_encoding", set_fields(path="/a%20b/", signed_uri=f"https://{HOST}/a%2520b/")),
    ("other_host", set_fields(signed_uri=f"https://127.20.0.10{PATH}")),
    ("other_host", set_fields(host=f"{HOST}:8443", signed_uri=f"https://127.20.0.10:8443{PATH}")),
    (
        "host_case",
        set_fields(host="MBG.Example.test", signed_uri=f"https://MBG.Example.test{PATH}"),
    ),
    ("method", set_fields(signed_method="post")),
    ("method", set_fields(signed_method="GET")),
    ("space_as_plus", set_fields(encode=lambda t: quote_plus(t, safe="-._~"))),
    ("encoded_twice", set_fields(encode=lambda t: percent(percent(t)))),
    ("encoded_twice", set_fields(frame=lambda t: percent(percent(t)))),
    (
        "encoded_twice",
        set_fields(
            signed_pairs=lambda s: [
                (percent(n), percent(v)) if (n, v) in QUERY else (n, v) for n, v in s
            ],
            form=[],
        ),
    ),
    ("not_encoded", set_fields(encode=str)),
    ("not_encoded", set_fields(frame=str)),
    ("lower_case_escapes", set_fields(encode=lower)),
    ("lower_case_escapes", set_fields(**LOWER_FRAME)),
    ("lower_case_escapes", set_fields(encode=lower, **LOWER_FRAME)),
    ("lower_case_escapes", key(lower_key)),
    ("lower_case_escapes", set_fields(encode=lower, key=lower_key)),
    ("lower_case_escapes", set_fields(key=lower_key, **LOWER_FRAME)),
    ("lower_case_escapes", set_fields(encode=lower, key=lower_key, **LOWER_FRAME)),
    ("other_characters", set_fields(encode=lambda t: quote(t, safe="-._~!*'()"))),
    ("other_characters", set_fields(encode=lambda t: quote(t, safe="-._~/"))),
    ("other_characters", set_fields(encode=lambda t: percent(t).replace("~", "%7E"))),
    ("unsorted", set_fields(sort=list)),
    ("unsorted", set_fields(sort=list, signed_pairs=lambda s: s[5:] + s[:5])),
    ("unsorted", set_fields(sort=lambda s: sorted(s, key=lambda p: p[0]))),
    ("unsorted", set_fields(sort=list, signed_pairs=lambda s: s[:5] + sorted(s[5:]))),
    (
        "sorted_before_encoding",
        set_fields(
            sort=list,
            signed_pairs=sorted,
            query=[("a~", "1"), ("aé", "2"), ("a z", "3"), ("zz", "4")],
        ),
    ),
    ("duplicates_lost", set_fields(signed_pairs=lambda s: list(dict(s).items()))),
    ("duplicates_lost", set_fields(signed_pairs=lambda s: list(dict(reversed(s)).items()))),
    ("empty_left_out", only(lambda p: bool(p[1]))),
    (
        "realm_included",
        set_fields(realm="MBG", signed_pairs=lambda s: [*s, ("realm", "MBG")]),
    ),
    ("not_sent", more(("oauth_version", "1.0"))),
    ("not_sent", more(("oauth_callback", "oob"))),
    ("not_signed", only(lambda p: p[0] != "oauth_nonce")),
    ("signature_included", more(("oauth_signature", ""))),
    ("other_algorithm", set_fields(hashing="sha256")),
    ("ampersand_missing", key(lambda c, t: percent(c) + percent(t))),
    ("ampersand_missing", key(lambda c, t: c + t)),
    ("ampersand_missing", key(lambda c, t: percent(c))),
    ("ampersand_missing", key(lambda c, t: c)),
    ("token_secret_left_out", key(lambda c, t: coded(c, ""))),
    ("consumer_secret_left_out", key(lambda c, t: coded("", t))),
    ("secrets_swapped", key(lambda c, t: coded(t, c))),
    ("secrets_not_encoded", key(lambda c, t: f"{c}&{t}")),
    ("secrets_encoded_twice", key(lambda c, t: coded(percent(c), percent(t)))),
    ("secrets_encoded_twice", key(lambda c, t: percent(coded(c, t)))),
    ("secret_with_blanks", key(lambda c, t: coded(c + " ", t))),
    ("secret_with_blanks", key(lambda c, t: coded(c, t + "\n"))),
    ("secret_copied_badly", key(lambda c, t: coded(c.rstrip("="), t))),
    ("identifier_as_secret", key(lambda c, t: coded("MiVOAppSuite", t))),
    ("identifier_as_secret", key(lambda c, t: coded(c, "the-token"))),
    ("other_consumer", key(lambda c, t: coded("somebody-else", t))),
    ("other_token", key(lambda c, t: coded(c, "another-token"))),
    ("signature_encoded_twice", set_fields(written=lambda o: percent(percent(_base64(o))))),
    ("signature_unpadded", set_fields(written=lambda o: percent(_base64(o).rstrip("=")))),
    ("signature_in_hex", set_fields(written=lambda o: o.hex())),
    ("signature_in_hex", set_fields(written=lambda o: percent(_base64(o.hex().encode())))),
]


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def secrets_of(made: Draft) -> Secrets:
    return Secrets(
        made.consumer_secret,
        made.token_secret,
        {"MiVOAppSuite": made.consumer_secret, "Other": "somebody-else"},
        [made.token_secret, "another-token"],
        ("127.20.0.10",),
    )


def verifies(request: HttpRequest, made: Draft) -> bool:
    signed = oauth.read(request)
    good = oauth.digest("HMAC-SHA1", signed.base_string, made.consumer_secret, made.token_secret)
    return oauth.matches(signed.get("signature"), good)


@settings(max_examples=8, deadline=None)
@given(consumer=BASE64, token=BASE64, nonce=st.text("abc123", min_size=1))
@pytest.mark.parametrize(("name", "change"), MADE)
def test_each_mistake_is_named_with_the_base_string_that_was_signed(
    name: str, change: Callable[[Draft], None], consumer: str, token: str, nonce: str
) -> None:
    assume(consumer != token)
    made = draft(consumer, token, nonce, query=list(QUERY), form=list(FORM))
    assert verifies(made.sent(), made), "without the mistake it serves"
    change(made)
    request = made.sent()
    assert not verifies(request, made)
    found = diagnose(oauth.read(request), secrets_of(made))
    assert found.mistake == name
    assert found.theirs == made.base_string()


def test_no_mistake_of_the_table_is_untried() -> None:
    by_hand = {"plus_not_decoded", "query_in_uri", "secrets_decoded"}
    assert {mistake.name for mistake in MISTAKES} - {name for name, _ in MADE} == by_hand


@settings(max_examples=300, deadline=None)
@given(
    consumer=st.text(min_size=1, max_size=9).filter(str.isprintable),
    token=st.text(max_size=9).filter(str.isprintable),
    query=st.lists(st.tuples(VALUE, VALUE), max_size=4),
    form=st.lists(st.tuples(VALUE, VALUE), max_size=4),
)
def test_an_honest_request_is_never_refused(
    consumer: str, token: str, query: list[Pair], form: list[Pair]
) -> None:
    made = draft(consumer, token, query=query, form=form)
    assert verifies(made.sent(), made)


@pytest.mark.parametrize("make", [percent, str])
def test_a_call_without_a_token_signed_with_the_bare_secret(make: Callable[[str], str]) -> None:
    made = draft("c+/=", "", key=lambda c, t: make(c))
    del made.oauth["oauth_token"]
    found = diagnose(oauth.read(made.sent()), Secrets("c+/=", ""))
    assert found.mistake == "ampersand_missing"


def test_a_plus_that_was_not_decoded() -> None:
    made = draft("c", "t", form=[("a", "1+2")])  # goes out as a=1%2B2; the MBG sees a=1+2
    request = made.sent()
    seen = HttpRequest(request.method, request.uri, request.authorization, b"a=1+2")
    assert not verifies(seen, made)
    assert diagnose(oauth.read(seen), secrets_of(made)).mistake == "plus_not_decoded"


def test_a_query_left_in_the_uri() -> None:
    made = draft("c", "t", query=[("a", "1")], signed_uri=f"https://{HOST}{PATH}?a=1")
    assert diagnose(oauth.read(made.sent()), secrets_of(made)).mistake == "query_in_uri"


def test_decoded_secrets() -> None:
    consumer, token = _base64(b"0123456789abcdef"), _base64(b"fedcba9876543210")
    made = draft(consumer, token, key=lambda c, t: "0123456789abcdef&fedcba9876543210")
    assert diagnose(oauth.read(made.sent()), secrets_of(made)).mistake == "secrets_decoded"


def test_a_wrong_secret_is_told_from_a_wrong_base_string() -> None:
    made = draft("c", "t", key=lambda c, t: "guessed&t")
    found = diagnose(oauth.read(made.sent()), secrets_of(made))
    assert (found.mistake, found.theirs, found.difference) == (UNKNOWN, "", None)
    assert "secret is wrong" in found.says
    assert "X-Signature-Base-String" in found.says


@pytest.mark.parametrize(
    ("base_string", "guessed", "mistake", "says"),
    [
        ("right", True, "secret", "the base strings are the same"),
        ("wrong", False, "base_string", "the secrets are right"),
        ("wrong", True, "base_string", "not made of it and our key"),
    ],
)
def test_a_base_string_that_the_client_sends_is_compared(
    base_string: str, guessed: bool, mistake: str, says: str
) -> None:
    made = draft("c", "t")
    right = made.base_string()
    if base_string == "wrong":
        made.frame = lambda _: "nothing of the sort"
    base_string = made.base_string()
    if guessed:
        made.key = lambda c, t: "guessed&t"
    r = made.sent()
    claimed = HttpRequest(r.method, r.uri, r.authorization, r.form, claimed=base_string)
    found = diagnose(oauth.read(claimed), secrets_of(made))
    assert found.mistake == mistake
    assert says in found.says
    assert found.difference == difference(right, base_string)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("same", "same", None),
        ("abc", "abd", (2, "c", "d")),
        ("ab", "abc", (2, "", "c")),
        ("", "a", (0, "", "a")),
    ],
)
def test_the_first_difference(
    ours: str, theirs: str, expected: tuple[int, str, str] | None
) -> None:
    found = difference(ours, theirs)
    assert (found and (found.position, found.ours, found.theirs)) == expected


@given(st.text("ab", max_size=9), st.text("ab", max_size=9))
def test_up_to_the_first_difference_texts_are_the_same(ours: str, theirs: str) -> None:
    found = difference(ours, theirs)
    if found is None:
        assert ours == theirs
    else:
        assert ours[: found.position] == theirs[: found.position]
        assert ours[found.position :][:1] != theirs[found.position :][:1]


def kept(made: Draft, diagnosis: Diagnosis | None = None) -> RefusedRequests:
    ring, signed = RefusedRequests(), oauth.read(made.sent())
    ring.keep(signed.request, signed, unauthorized("signature_invalid", "no"), diagnosis, 1.8e9)
    return ring


def test_what_is_kept_shows_no_token_and_no_verifier() -> None:
    made = draft("consumer-secret", "token-secret", signed_uri=f"https://{HOST}{PATH[:-1]}")
    made.oauth |= {"oauth_token": "abcd/12345678=", "oauth_verifier": "271828"}
    found = diagnose(oauth.read(made.sent()), secrets_of(made))
    (one,) = kept(made, found)
    shown = text(one) + repr(one) + repr(one.document())
    for secret in ("12345678", "271828", "consumer-secret", "token-secret"):
        assert secret not in shown
    assert ("oauth_token", "abcd**********") in one.parameters
    assert len(one.base_string) == len(oauth.read(made.sent()).base_string)


def test_octets_that_are_no_utf_8_are_shown_as_such() -> None:
    made = draft("c", "t", query=[("a", "b")])
    made.key = lambda c, t: "guessed"
    request = made.sent()
    sent = HttpRequest(request.method, request.uri + "%ff", request.authorization)
    ring, signed = RefusedRequests(), oauth.read(sent)
    found = diagnose(signed, secrets_of(made))
    theirs = Diagnosis("x", "x", "a\udcff", difference("a\udcfe", "a\udcffb"))
    for diagnosis in (found, theirs):
        ring.keep(sent, signed, unauthorized("signature_invalid", "no"), diagnosis, 1.8e9)
        (text(ring[-1]) + json.dumps(ring[-1].document(), ensure_ascii=False)).encode()
    assert ("a", "b\ufffd") in ring[-1].parameters


def test_the_ring_is_bounded_and_numbered() -> None:
    ring, request = RefusedRequests(), HttpRequest("GET", "https://h/")
    for _ in range(KEPT + 5):
        ring.keep(request, None, unauthorized("nonce_used", "no"), None, 0.0)
    assert len(ring) == KEPT
    assert [one.number for one in ring][:2] == [6, 7]
    assert ring.get(5) is None
    assert ring.get(KEPT + 5) is ring[-1]


def test_the_text_for_people_puts_a_caret_under_the_first_difference() -> None:
    made = draft("c", "t", signed_uri=f"https://{HOST}{PATH[:-1]}")
    found = diagnose(oauth.read(made.sent()), secrets_of(made))
    lines = text(next(iter(kept(made, found)))).splitlines()
    (caret,) = [number for number, line in enumerate(lines) if line.lstrip().startswith("^")]
    ours, theirs = lines[caret - 2], lines[caret - 1]
    column = lines[caret].index("^")
    assert ours[8:column] == theirs[8:column]
    assert ours[column] != theirs[column]
    assert "slash" in lines[-1] or any(line.startswith("slash: ") for line in lines)
    assert "the slash at the end was left out" in "\n".join(lines)
