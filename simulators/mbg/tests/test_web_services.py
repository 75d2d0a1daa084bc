"""Consumers and tokens: the three-legged exchange, and each way it must fail (TOK-1 to TOK-9)."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, rule

from simulators.mbg.refusals import Refused
from simulators.mbg.services.oauth import HttpRequest
from simulators.mbg.services.oauth_debugger import KEPT
from simulators.mbg.services.oauth_rendering import text
from simulators.mbg.services.tokens import (
    FINAL_TRANSITIONS,
    TEMPORARY_TRANSITIONS,
    Final,
    Temporary,
)
from simulators.mbg.services.web_services import Settings
from simulators.mbg.tests.dance import NOW, YEAR, Client, refusal_of, running, with_final_token


def test_exchange_gives_a_final_token_that_serves() -> None:
    services, consumer, client = with_final_token()
    granted, token = services.authorize(client.sign("/ping", NOW), NOW, "MBG/v1/devices", "write")
    assert granted is consumer
    assert token.expires_at == NOW + YEAR


def test_every_consumer_has_a_shared_secret_of_its_own() -> None:
    services, consumer, _ = running()
    other = services.add_consumer("Another", "Other")
    assert other.shared_secret != consumer.shared_secret
    assert len(other.shared_secret) == 24, "16 octets in base64"


def test_nothing_answers_until_start() -> None:
    services, _, client = running()
    services.stop()
    assert refusal_of(services.initiate, client.sign("/initiate", NOW), NOW) == (
        "web_services_stopped"
    )
    services.start()
    services.initiate(client.sign("/initiate", NOW), NOW)


def test_unknown_consumer_wrong_secret_and_inactive_consumer_differ() -> None:
    services, consumer, client = running()
    stranger = Client("Somebody", client.secret)
    assert refusal_of(services.initiate, stranger.sign("/initiate", NOW), NOW) == (
        "consumer_unknown"
    )
    forger = Client("MiVOAppSuite", "guessed")
    assert refusal_of(services.initiate, forger.sign("/initiate", NOW), NOW) == "signature_invalid"
    consumer.active = False
    assert refusal_of(services.initiate, client.sign("/initiate", NOW), NOW) == "consumer_inactive"


def test_refusals_keep_the_base_string_and_no_secret() -> None:
    services, consumer, _ = running()
    forger = Client("MiVOAppSuite", "guessed-secret")
    refusal_of(services.initiate, forger.sign("/initiate", NOW), NOW)
    kept = services.refusals[-1]
    assert kept.base_string.startswith("POST&https%3A%2F%2F127.10.0.10%2Fmslrest%2Finitiate&")
    assert consumer.shared_secret not in repr(kept)
    assert consumer.shared_secret not in text(kept)
    assert kept.diagnosis is not None
    assert kept.diagnosis.mistake == "unknown"


def test_every_kind_of_refusal_is_kept_and_a_flood_of_them_is_bounded() -> None:
    services, consumer, client = with_final_token()
    request = client.sign("/ping", NOW, nonce="again")
    services.authorize(request, NOW)
    consumer.permissions = {}
    refusal_of(services.authorize, request, NOW)
    refusal_of(services.authorize, client.sign("/x", NOW), NOW, "MBG/v1/devices")
    refusal_of(services.authorize, HttpRequest("GET", "https://h/?oauth_token=hidden"), NOW)
    assert [kept.code for kept in services.refusals] == [
        "nonce_used",
        "permission_denied",
        "parameter_absent",
    ]
    assert "hidden" not in services.refusals[-1].uri
    for _ in range(KEPT):
        refusal_of(services.authorize, request, NOW)
    assert len(services.refusals) == KEPT


def test_the_debugger_names_a_token_secret_that_is_of_another_token() -> None:
    services, _, client = with_final_token()
    (temporary,) = services.temporary.values()
    client.token_secret = temporary.secret
    refusal_of(services.authorize, client.sign("/ping", NOW), NOW)
    kept = services.refusals[-1]
    assert kept.diagnosis is not None
    assert kept.diagnosis.mistake == "other_token"
    assert client.token not in text(kept)


@pytest.mark.parametrize(
    ("skew", "refused"), [(300, False), (301, True), (-300, False), (-301, True)]
)
def test_time_stamps_outside_the_window_are_refused(skew: int, refused: bool) -> None:
    services, _, client = running()
    request = client.sign("/initiate", NOW + skew)
    if refused:
        assert refusal_of(services.initiate, request, NOW) == "timestamp_refused"
    else:
        services.initiate(request, NOW)


def test_a_nonce_serves_once() -> None:
    services, _, client = with_final_token()
    request = client.sign("/ping", NOW, nonce="again")
    services.authorize(request, NOW)
    assert refusal_of(services.authorize, request, NOW) == "nonce_used"


def test_a_nonce_is_used_up_for_its_time_stamp_and_token_alone() -> None:
    services, _, client = with_final_token()
    services.authorize(client.sign("/ping", NOW, nonce="n"), NOW)
    services.authorize(client.sign("/ping", NOW + 1, nonce="n"), NOW)
    asking = Client("MiVOAppSuite", client.secret)
    services.initiate(asking.sign("/initiate", NOW, nonce="n"), NOW)


def test_nonces_are_forgotten_when_their_time_stamps_are_refused_anyway() -> None:
    services, _, client = with_final_token()
    for second in range(0, 3000, 10):
        services.authorize(client.sign("/ping", NOW + second), NOW + second)
    assert len(services._nonces) < 40


def test_hmac_sha256_can_be_switched_off() -> None:
    services, _, client = running(Settings(hmac_sha256=False))
    services.initiate(client.sign("/initiate", NOW), NOW)
    client.method = "HMAC-SHA256"
    assert refusal_of(services.initiate, client.sign("/initiate", NOW), NOW) == (
        "signature_method_rejected"
    )
    offering, _, client = running()
    client.method = "HMAC-SHA256"
    offering.initiate(client.sign("/initiate", NOW), NOW)


def test_a_callback_and_a_verifier_are_needed() -> None:
    services, _, client = running()
    assert refusal_of(services.initiate, client.sign("/x", NOW, callback=""), NOW) == (
        "parameter_absent"
    )
    temporary = services.initiate(client.sign("/initiate", NOW), NOW)
    services.approve(temporary.token, NOW)
    client.token, client.token_secret = temporary.token, temporary.secret
    assert refusal_of(services.exchange, client.sign("/token", NOW), NOW) == "parameter_absent"
    assert temporary.wrong_verifiers == 0


def test_a_rejected_token_is_refused_and_can_not_be_approved() -> None:
    services, _, client = running()
    temporary = services.initiate(client.sign("/initiate", NOW), NOW)
    verifier = services.approve(temporary.token, NOW)
    services.reject(temporary.token, NOW)
    client.token, client.token_secret = temporary.token, temporary.secret
    request = client.sign("/token", NOW, verifier=verifier)
    assert refusal_of(services.exchange, request, NOW) == "token_rejected"
    assert refusal_of(services.approve, temporary.token, NOW) == "token_not_pending"
    assert refusal_of(services.reject, temporary.token, NOW) == "token_not_pending"


def test_a_token_of_another_consumer_is_unknown() -> None:
    services, _, client = with_final_token()
    other = services.add_consumer("Another", "Other")
    thief = Client("Other", other.shared_secret, client.token, client.token_secret)
    assert refusal_of(services.authorize, thief.sign("/ping", NOW), NOW) == "token_unknown"
    stranger = Client("Other", other.shared_secret, "no-token", "x")
    assert refusal_of(services.authorize, stranger.sign("/ping", NOW), NOW) == "token_unknown"
    assert refusal_of(services.exchange, stranger.sign("/token", NOW), NOW) == "token_unknown"
    services.authorize(client.sign("/ping", NOW), NOW)


def test_a_refused_signature_does_not_use_up_the_nonce() -> None:
    services, _, client = running()
    forger = Client("MiVOAppSuite", "guessed")
    refusal_of(services.initiate, forger.sign("/initiate", NOW, nonce="n"), NOW)
    services.initiate(client.sign("/initiate", NOW, nonce="n"), NOW)


def test_unapproved_rejected_expired_and_used_tokens_differ() -> None:
    services, _, client = running()
    temporary = services.initiate(client.sign("/initiate", NOW), NOW)
    client.token, client.token_secret = temporary.token, temporary.secret

    def exchange(now: float, verifier: str) -> str:
        return refusal_of(services.exchange, client.sign("/token", now, verifier=verifier), now)

    assert exchange(NOW, "000000") == "token_not_approved"
    verifier = services.approve(temporary.token, NOW)
    assert exchange(NOW, "no") == "verifier_invalid"
    services.exchange(client.sign("/token", NOW, verifier=verifier), NOW)
    assert exchange(NOW, verifier) == "token_used"
    asking = Client("MiVOAppSuite", client.secret)
    other = services.initiate(asking.sign("/initiate", NOW, nonce="another"), NOW)
    client.token, client.token_secret = other.token, other.secret
    assert exchange(NOW + 3600, verifier) == "token_expired"


def test_five_wrong_verifiers_void_a_token() -> None:
    services, _, client = running()
    temporary = services.initiate(client.sign("/initiate", NOW), NOW)
    client.token, client.token_secret = temporary.token, temporary.secret
    verifier = services.approve(temporary.token, NOW)
    codes = [
        refusal_of(services.exchange, client.sign("/token", NOW, verifier="wrong"), NOW)
        for _ in range(5)
    ]
    assert codes == ["verifier_invalid"] * 5
    request = client.sign("/token", NOW, verifier=verifier)
    assert refusal_of(services.exchange, request, NOW) == "token_void"


def test_a_newer_request_takes_the_place_of_the_one_before() -> None:
    services, _, client = running()
    first = services.initiate(client.sign("/initiate", NOW), NOW)
    second = services.initiate(client.sign("/initiate", NOW), NOW)
    assert [t.token for t in services.pending(NOW)] == [second.token]
    assert refusal_of(services.approve, first.token, NOW) == "token_not_pending"


def test_a_final_token_ends_after_12_months_and_renew_revives_it() -> None:
    services, _, client = with_final_token()
    services.authorize(client.sign("/ping", NOW + YEAR - 1), NOW + YEAR - 1)
    late = NOW + YEAR
    assert refusal_of(services.authorize, client.sign("/ping", late), late) == "token_expired"
    services.renew(client.token, late)
    _, token = services.authorize(client.sign("/ping", late), late)
    assert token.expires_at == late + YEAR


def test_a_revoked_token_stays_refused() -> None:
    services, _, client = with_final_token()
    services.revoke(client.token)
    assert refusal_of(services.authorize, client.sign("/ping", NOW), NOW) == "token_revoked"
    assert refusal_of(services.renew, client.token, NOW) == "token_revoked"
    assert refusal_of(services.revoke, client.token) == "token_revoked"
    assert refusal_of(services.revoke, "no such token") == "not_found"


def test_last_use_is_noted_of_calls_that_were_served() -> None:
    services, _, client = with_final_token()
    token = services.final[client.token]
    assert token.last_used_at is None
    services.authorize(client.sign("/ping", NOW + 5), NOW + 5)
    client.secret = "guessed"
    refusal_of(services.authorize, client.sign("/ping", NOW + 9), NOW + 9)
    assert token.last_used_at == NOW + 5


def test_the_tables_know_every_state_and_lead_to_every_state() -> None:
    for states, table in ((Temporary, TEMPORARY_TRANSITIONS), (Final, FINAL_TRANSITIONS)):
        first = next(iter(states))
        reached = {following for events in table.values() for following in events.values()}
        assert reached | {first} == set(states)


@pytest.mark.parametrize(
    ("level", "needed", "allowed"),
    [
        ("none", "read", False),
        ("none", "write", False),
        ("read", "read", True),
        ("read", "write", False),
        ("read/write", "read", True),
        ("read/write", "write", True),
    ],
)
def test_each_permission_is_enforced_on_its_own(level: str, needed: str, allowed: bool) -> None:
    services, consumer, client = with_final_token()
    consumer.permissions = {"MBG/v1/devices": level, "MBG/v1/icps": "read/write"}
    request = client.sign("/x", NOW)
    if allowed:
        services.authorize(request, NOW, "MBG/v1/devices", needed)
        return
    with pytest.raises(Refused) as refused:
        services.authorize(request, NOW, "MBG/v1/devices", needed)
    assert refused.value.code == "permission_denied"
    assert refused.value.detail == {"permission": "MBG/v1/devices", "needed": needed}


class TokenLife(RuleBasedStateMachine):
    """Whatever consumers and persons do, in any order: only an approved token is ever exchanged."""

    tokens = Bundle("tokens")

    def __init__(self) -> None:
        super().__init__()
        self.services, _, self.client = running()
        self.now = NOW
        self.verifiers: dict[str, str] = {}

    @rule(target=tokens)
    def initiate(self) -> tuple[str, str]:
        self.client.token = self.client.token_secret = ""
        token = self.services.initiate(self.client.sign("/initiate", self.now), self.now)
        return token.token, token.secret

    @rule(token=tokens)
    def approve(self, token: tuple[str, str]) -> None:
        try:
            self.verifiers[token[0]] = self.services.approve(token[0], self.now)
        except Refused as refused:
            assert refused.code == "token_not_pending"

    @rule(token=consumes(tokens), right=st.booleans())
    def exchange(self, token: tuple[str, str], right: bool) -> None:
        self.client.token, self.client.token_secret = token
        verifier = self.verifiers.get(token[0], "none") if right else "wrong"
        request = self.client.sign("/token", self.now, verifier=verifier)
        try:
            self.services.exchange(request, self.now)
        except Refused as refused:
            assert refused.status == 401
        else:
            assert right
            assert token[0] in self.verifiers

    @rule(seconds=st.sampled_from([1, 3599, 3600]))
    def wait(self, seconds: int) -> None:
        self.now += seconds


TestTokenLife = TokenLife.TestCase
