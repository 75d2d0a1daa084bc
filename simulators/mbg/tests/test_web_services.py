"""Consumers and tokens: the three-legged exchange, and each way it must fail (TOK-1 to TOK-9)."""

from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, rule
from oauthlib.oauth1 import Client as OauthlibClient

from simulators.entropy import Seed
from simulators.mbg.oauth import HttpRequest
from simulators.mbg.refusals import Refused
from simulators.mbg.web_services import Consumer, WebServices

URL = "https://127.10.0.10/mslrest"
NOW = 1_800_000_000.0
YEAR = 365 * 86400.0


@dataclass
class Client:
    """A client that signs with oauthlib: another hand than the code under test."""

    consumer_id: str
    secret: str
    token: str = ""
    token_secret: str = ""
    nonces: int = field(default=0)

    def sign(self, path: str, now: float, *, verifier: str = "", nonce: str = "") -> HttpRequest:
        self.nonces += 1
        client = OauthlibClient(
            self.consumer_id,
            client_secret=self.secret,
            resource_owner_key=self.token or None,
            resource_owner_secret=self.token_secret or None,
            callback_uri=None if self.token else "oob",
            verifier=verifier or None,
            timestamp=str(int(now)),
            nonce=nonce or f"nonce{self.nonces}",
        )
        uri, headers, _ = client.sign(f"{URL}{path}", "POST")
        return HttpRequest("POST", uri, headers["Authorization"])


def running() -> tuple[WebServices, Consumer, Client]:
    services = WebServices(Seed(1).stream("test").randbytes)
    services.start()
    consumer = services.add_consumer("MiVoice Office Application Suite", "MiVOAppSuite")
    return services, consumer, Client("MiVOAppSuite", consumer.shared_secret)


def with_final_token() -> tuple[WebServices, Consumer, Client]:
    services, consumer, client = running()
    temporary = services.initiate(client.sign("/initiate", NOW), NOW)
    verifier = services.approve(temporary.token, NOW)
    client.token, client.token_secret = temporary.token, temporary.secret
    final = services.exchange(client.sign("/token", NOW, verifier=verifier), NOW)
    client.token, client.token_secret = final.token, final.secret
    return services, consumer, client


def refusal_of(act: object, *args: object, **kwargs: object) -> str:
    with pytest.raises(Refused) as refused:
        act(*args, **kwargs)  # type: ignore[operator]
    return refused.value.code


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
