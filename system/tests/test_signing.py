"""The signer beside oauthlib's own client: the same header for any call, kept parts or not."""

from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, Client

from system.mbg.oauth import KINDS_KEPT, Credentials, Signer
from system.tests.helpers import HandClock

BASE = "https://mbg.example:4443/mslrest"
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1)
PATHS = st.sampled_from(
    [
        "/mbg/v1/devices/",
        "/mbg/v1/devices/7/",
        "/mbg/v1/devices/?set_username=tw%2B1%20x&page=1&page_size=500",
        "/mbg/v1/icps/?address=127.10.0.21&oauth=0&nonce=0",
    ]
)
NONCE = "0123456789abcdef" * 2


def of_oauthlib(
    method: str, url: str, who: Credentials, now: int, callback: str | None, verifier: str | None
) -> str:
    client = Client(
        who.consumer_id,
        client_secret=who.shared_secret,
        resource_owner_key=who.token,
        resource_owner_secret=who.token_secret,
        callback_uri=callback,
        verifier=verifier,
        signature_method=SIGNATURE_HMAC_SHA1,
        timestamp=str(now),
        nonce=NONCE,
    )
    return str(client.sign(url, http_method=method)[1]["Authorization"])  # type: ignore[arg-type]


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    path=PATHS,
    who=st.builds(Credentials, TEXTS, TEXTS, st.none() | TEXTS, st.none() | TEXTS),
    callback=st.none() | st.just("oob"),
    verifier=st.none() | st.just("123456"),
    now=st.integers(1, 4_000_000_000),
)
def test_headers_are_those_of_oauthlib(
    method: str,
    path: str,
    who: Credentials,
    callback: str | None,
    verifier: str | None,
    now: int,
) -> None:
    clock = HandClock()
    signer = Signer(clock, lambda count: bytes.fromhex(NONCE)[:count])
    for later in (0, 61):
        clock.advance(now + later - clock.now())
        made = signer.authorization(
            method,  # type: ignore[arg-type]
            BASE + path,
            who,
            callback=callback,
            verifier=verifier,
        )
        assert made == of_oauthlib(method, BASE + path, who, now + later, callback, verifier)


def test_another_token_is_signed_with_at_once() -> None:
    signer = Signer(HandClock(), lambda count: bytes.fromhex(NONCE)[:count])
    old, new = (Credentials("a", "b", "c", secret) for secret in ("d", "e"))
    first = signer.authorization("POST", BASE, old)
    assert first != signer.authorization("POST", BASE, new)
    assert first == signer.authorization("POST", BASE, old)


def test_only_so_many_kinds_are_kept() -> None:
    signer = Signer(HandClock(), lambda count: bytes.fromhex(NONCE)[:count])
    who = Credentials("a", "b", "c", "d")
    for number in range(3 * KINDS_KEPT):
        signer.authorization("GET", f"{BASE}/mbg/v1/devices/{number}/", who)
    assert signer._unsent.cache_info().currsize == KINDS_KEPT
