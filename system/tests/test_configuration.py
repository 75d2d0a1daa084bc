"""Rendering a phone's file, telling phones by their User-Agent, signing: all without sockets."""

import base64
import hashlib
import hmac
from dataclasses import replace
from urllib.parse import unquote

import pytest

from system.domain.addresses import Location
from system.domain.operations import Event
from system.errors import MbgBusy
from system.mbg.client import _object_or_empty
from system.mbg.oauth import Credentials, Signer
from system.mbg.refusals import Phase, refusal, retry_after_s
from system.phones.configuration import PhoneSettings, SipLine, render
from system.phones.identity import PhoneIdentity, is_mac, is_model, parse_user_agent
from system.provisioning.plan import event_for
from system.tests.helpers import HandClock

LINE = SipLine("2101", "Ada Home", "twabc", "twabc", "hidden.Words-1", "203.0.113.10", 5060)
SETTINGS = PhoneSettings(
    mac="1400E9123456",
    location=Location.TELEWORKER,
    uri_base="https://mcs.example.test:8202",
    poll_interval_s=60,
    line=LINE,
    token="T" * 22,
)


def parameters(body: str) -> dict[str, str]:
    lines = [line for line in body.splitlines() if not line.startswith("#")]
    return {name: value for name, _, value in (line.partition(": ") for line in lines)}


def test_revision_follows_the_content_and_nothing_else() -> None:
    first, again = render(SETTINGS), render(SETTINGS)
    assert first == again
    assert f"rev={first.revision}\n" in first.body
    changed = [
        replace(SETTINGS, poll_interval_s=61),
        replace(SETTINGS, line=None),
        replace(SETTINGS, line=replace(LINE, password="other.Words-2")),
        replace(SETTINGS, location=Location.LOCAL),
    ]
    assert len({render(settings).revision for settings in [SETTINGS, *changed]}) == 5


def test_action_uris_fit_into_a_phone() -> None:
    for name, value in parameters(render(SETTINGS).body).items():
        if name.startswith("action uri"):
            assert len(value) <= 128


def test_password_shows_in_no_repr() -> None:
    shown = repr(SETTINGS) + repr(render(SETTINGS))
    assert "Ada Home" in shown
    assert "hidden" not in shown


def test_user_agent_is_read() -> None:
    found = parse_user_agent("Mitel6930 MAC:14-00-E9-12-34-56 V:5.1.0.6044-SIP")
    assert found == PhoneIdentity("1400E9123456", "6930", "5.1.0.6044")


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "curl/8.0",
        "Mitel6930 MAC:14-00-E9-12-34 V:5.1.0.6044-SIP",
        "Mitel6930 MAC:1400E9123456 V:5.1.0.6044-SIP",
        "Mitel6930 MAC:14-00-E9-12-34-56 V:5.1.0.6044-SIP extra",
    ],
)
def test_other_user_agents_are_nobody(agent: str) -> None:
    assert parse_user_agent(agent) is None


def test_names_of_files() -> None:
    assert is_mac("1400E9123456")
    assert not is_mac("1400e9123456")
    assert is_model("6930")
    assert is_model("6867i")
    assert not is_model("../mcs")


def test_signature_is_that_of_rfc_5849() -> None:
    clock = HandClock(1_800_000_000)
    credentials = Credentials("MiVOAppSuite", "shared&secret", "tok/en", "token secret")
    header = Signer(clock, lambda count: b"\x01" * count).authorization(
        "GET", "https://127.10.0.10:443/mslrest/mbg/v1/icps/?address=a%20b&page=1", credentials
    )
    given_parameters = dict(
        part.strip().split("=", 1) for part in header.removeprefix("OAuth ").split(",")
    )
    # Section 3.4.1, by hand: the default port is gone, each part is encoded twice where it must be.
    base = (
        "GET&https%3A%2F%2F127.10.0.10%2Fmslrest%2Fmbg%2Fv1%2Ficps%2F&address%3Da%2520b"
        "%26oauth_consumer_key%3DMiVOAppSuite%26oauth_nonce%3D" + "01" * 16 + "%26"
        "oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1800000000"
        "%26oauth_token%3Dtok%252Fen%26oauth_version%3D1.0%26page%3D1"
    )
    digest = hmac.new(b"shared%26secret&token%20secret", base.encode(), hashlib.sha1).digest()
    found = unquote(given_parameters["oauth_signature"].strip('"'))
    assert found == base64.b64encode(digest).decode()
    assert "secret" not in repr(credentials)


def test_refusals_are_told_apart_by_phase_and_code() -> None:
    def message(phase: Phase, status: int, code: str) -> str:
        return refusal(phase, status, {"code": code, "message": "x", "detail": {}}).message

    assert "Renew" in message(Phase.CALL, 401, "token_expired")
    assert "Renew" not in message(Phase.EXCHANGE, 401, "token_expired")
    assert "Shared Secret" in message(Phase.INITIATE, 401, "signature_invalid")
    assert "Start" in message(Phase.CALL, 503, "web_services_stopped")
    assert _object_or_empty(b'{"code":' + b"[" * 200_000) == {}
    assert refusal(Phase.CALL, 500, {}).code == "mbg_answer_unusable"
    weak = refusal(
        Phase.CALL, 422, {"code": "invalid", "detail": {"fields": {"set_password": "hidden-1"}}}
    )
    assert "set_password" in weak.message
    assert "hidden-1" not in weak.message


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_mbg_is_waited_for_as_long_as_it_asks(status: int) -> None:
    busy = refusal(Phase.CALL, status, {"code": "busy"}, "20")
    assert isinstance(busy, MbgBusy)
    assert busy.retry_after_s == 20.0
    assert event_for(busy) is Event.PUT_OFF
    assert "20 s" in busy.message


@pytest.mark.parametrize("header", ["", "soon", "-5", "Wed, 21 Oct 2026 07:28:00 GMT", "٣"])
def test_what_is_no_number_of_seconds_asks_for_nothing(header: str) -> None:
    busy = refusal(Phase.CALL, 503, {}, header)
    assert isinstance(busy, MbgBusy)
    assert busy.retry_after_s == 0.0


def test_stopped_web_services_are_no_busy_mbg() -> None:
    stopped = refusal(Phase.CALL, 503, {"code": "web_services_stopped"}, "20")
    assert not isinstance(stopped, MbgBusy)
    assert "Start" in stopped.message


def test_nobody_is_made_to_wait_for_more_than_a_day() -> None:
    assert retry_after_s("999999999") == 86_400.0
