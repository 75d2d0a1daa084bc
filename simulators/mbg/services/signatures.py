"""Judging signed requests: consumer, signature, time stamp, nonce (RFC 5849 sections 3.2, 3.3).

Pure. What depends on a token's own state is `web_services`; why a signature does not fit is
`oauth_debugger`.
"""

from collections.abc import Callable, Mapping

from simulators.mbg.refusals import Refused, unauthorized
from simulators.mbg.services import oauth
from simulators.mbg.services.consumers import Consumer
from simulators.mbg.services.oauth import SignedRequest

SecretOf = Callable[[str], str]
"""Secret of a token; raises Refused for one that was never issued."""

UNLIMITED_S = 3600.0
"""How long nonces are remembered where any time stamp is taken: memory has to end somewhere."""


def replayed() -> Refused:
    """The refusal of a request that came before."""
    return unauthorized("nonce_used", "this nonce was used before")


def does_not_fit(why: str = "") -> Refused:
    """The refusal of a wrong signature; `why` as far as its sender may know."""
    return unauthorized(
        "signature_invalid", f"the signature does not fit: {why or 'wrong secret?'}"
    )


class Nonces:
    """Nonces in use: each serves once for its time stamp, consumer and token.

    Args:
        window_s: how far a time stamp may be from our clock, either way, seconds; a nonce is
            remembered for as long as its time stamp would be taken. None: any time stamp is
            taken, and a nonce remembered for an hour.
    """

    def __init__(self, window_s: float | None) -> None:
        self.window_s = window_s
        self._used: dict[tuple[str, str, str, str], float] = {}

    def check(self, signed: SignedRequest, now: float) -> None:
        """Take a request's time stamp and nonce.

        Raises:
            Refused: the time stamp is outside the window, or the nonce was used before.
        """
        protocol = signed.protocol
        stamp = int(protocol["oauth_timestamp"])
        if self.window_s is not None and abs(stamp - now) > self.window_s:
            raise unauthorized(
                "timestamp_refused",
                f"the time stamp is {stamp - now:+.0f} s from this MBG's clock, "
                f"allowed are {self.window_s:.0f}",
            )
        self._forget(now)
        key = (
            protocol["oauth_consumer_key"],
            protocol.get("oauth_token", ""),
            protocol["oauth_timestamp"],
            protocol["oauth_nonce"],
        )
        if key in self._used:
            raise replayed()
        over_at = now + UNLIMITED_S if self.window_s is None else stamp + self.window_s
        self._used[key] = over_at + 1

    def __len__(self) -> int:
        return len(self._used)

    def _forget(self, now: float) -> None:
        """Drop what is over, in the order it came, which is the order of its end near enough."""
        while self._used:
            oldest = next(iter(self._used))
            if self._used[oldest] > now:
                return
            del self._used[oldest]


def check(
    signed: SignedRequest,
    consumers: Mapping[str, Consumer],
    token_secret: SecretOf,
    nonces: Nonces,
    now: float,
) -> Consumer:
    """Whose request this is. The nonce is used up by a right signature only.

    Raises:
        Refused: 401 with the code of docs/wire.md section 1.
    """
    protocol = signed.protocol
    consumer = consumers.get(protocol["oauth_consumer_key"])
    if consumer is None:
        raise unauthorized("consumer_unknown", "no consumer has this ConsumerID")
    expected = oauth.digest(
        protocol["oauth_signature_method"],
        signed.base_string,
        consumer.shared_secret,
        token_secret(protocol.get("oauth_token", "")),
    )
    if not oauth.matches(protocol["oauth_signature"], expected):
        raise does_not_fit()
    if not consumer.active:
        raise unauthorized("consumer_inactive", f"{consumer.consumer_id} is not active")
    nonces.check(signed, now)
    return consumer
