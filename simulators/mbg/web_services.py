"""The MBG's web services: consumers, their tokens, and who may call what (TOK-1 to TOK-9), pure.

`initiate`, `exchange` and `authorize` judge signed requests; the other methods are what a person
does on Administration -> Web services. Times are calendar time in epoch seconds.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field

from simulators.core import Entropy
from simulators.errors import ConfigurationError
from simulators.mbg import oauth
from simulators.mbg.oauth import HttpRequest, SignedRequest
from simulators.mbg.refusals import Refused, malformed, permission_denied, stopped, unauthorized
from simulators.mbg.tokens import (
    FINAL_LIFE_S,
    MAX_WRONG_VERIFIERS,
    TEMPORARY_LIFE_S,
    Final,
    FinalEvent,
    FinalToken,
    Temporary,
    TemporaryEvent,
    TemporaryToken,
)

SecretOf = Callable[[str], str]
"""Secret of a token; raises Refused for one that was never issued."""

PERMISSIONS = ("Base/managetoken", "MBG/v1/icps", "MBG/v1/devices")
LEVELS = ("none", "read", "read/write")
DOCUMENTED_PERMISSIONS = {
    "Base/managetoken": "read/write",
    "MBG/v1/icps": "read",
    "MBG/v1/devices": "read/write",
}


@dataclass(slots=True)
class Consumer:
    """An application that may ask for tokens. `permissions`: resource -> one of `LEVELS`."""

    name: str
    consumer_id: str
    shared_secret: str = field(repr=False)
    permissions: dict[str, str]
    active: bool = True

    def may(self, permission: str, needed: str) -> bool:
        """Whether this consumer has `needed` (`read` or `write`) on a resource."""
        level = self.permissions.get(permission, "none")
        return (needed == "read" and level != "none") or level == "read/write"


@dataclass(frozen=True, slots=True)
class Settings:
    """Habits of the web services.

    Args:
        timestamp_window_s: how far a time stamp may be from our clock, either way, seconds.
        final_life_s: life of a final token, seconds.
        temporary_life_s: life of a temporary token, seconds.
    """

    timestamp_window_s: float = 300.0
    final_life_s: float = FINAL_LIFE_S
    temporary_life_s: float = TEMPORARY_LIFE_S


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused signed request, as the signature debugger keeps it (no secret in it)."""

    at: float
    code: str
    message: str
    consumer_id: str
    base_string: str


class WebServices:
    """Consumers and tokens of one MBG."""

    def __init__(self, entropy: Entropy, settings: Settings | None = None) -> None:
        self.running = False
        self.settings = settings or Settings()
        self.consumers: dict[str, Consumer] = {}
        self.temporary: dict[str, TemporaryToken] = {}
        self.final: dict[str, FinalToken] = {}
        self.refusals: list[Refusal] = []
        self._entropy = entropy
        self._nonces: dict[tuple[str, str, str, str], float] = {}

    # What a person does on the Web services page

    def start(self) -> None:
        """Press Start."""
        self.running = True

    def stop(self) -> None:
        """Press Stop: nothing answers until Start."""
        self.running = False

    def add_consumer(
        self,
        name: str,
        consumer_id: str,
        permissions: dict[str, str] | None = None,
        *,
        active: bool = True,
    ) -> Consumer:
        """Add a new consumer; the MBG makes its shared secret.

        Raises:
            ConfigurationError: the id is taken, or a permission or its level is unknown.
        """
        if consumer_id in self.consumers:
            raise ConfigurationError(f"ConsumerID {consumer_id} is in use: choose another")
        granted = dict(DOCUMENTED_PERMISSIONS if permissions is None else permissions)
        for permission, level in granted.items():
            if permission not in PERMISSIONS or level not in LEVELS:
                raise ConfigurationError(
                    f"expected a permission of {PERMISSIONS} at a level of {LEVELS}, "
                    f"got {permission}: {level}"
                )
        consumer = Consumer(name, consumer_id, self._secret(), granted, active)
        self.consumers[consumer_id] = consumer
        return consumer

    def approve(self, token: str, now: float) -> str:
        """Press approve at a temporary token; returns the Verifier.

        Raises:
            Refused: the token is not pending any more.
        """
        temporary = self._living_temporary(token, now)
        if temporary.state is not Temporary.PENDING:
            raise Refused(409, "token_not_pending", f"this token is {temporary.state.value}")
        temporary.move(TemporaryEvent.APPROVE)
        temporary.verifier = f"{int.from_bytes(self._entropy(8), 'big') % 1_000_000:06d}"
        return temporary.verifier

    def reject(self, token: str, now: float) -> None:
        """Press reject at a temporary token."""
        self._living_temporary(token, now).move(TemporaryEvent.REJECT)

    def renew(self, token: str, now: float) -> FinalToken:
        """Press Renew at a final token: 12 months from now (TOK-8)."""
        final = self.final[token]
        final.move(FinalEvent.RENEW)
        final.expires_at = now + self.settings.final_life_s
        return final

    def revoke(self, token: str) -> None:
        """Press revoke at a final token."""
        self.final[token].move(FinalEvent.REVOKE)

    def pending(self, now: float) -> list[TemporaryToken]:
        """The list Temporary tokens: pending and approved ones."""
        for token in self.temporary.values():
            self._age_temporary(token, now)
        return [
            t for t in self.temporary.values() if t.state in (Temporary.PENDING, Temporary.APPROVED)
        ]

    # What consumers do

    def initiate(self, request: HttpRequest, now: float) -> TemporaryToken:
        """`POST /mslrest/initiate`: a temporary token, if consumer and secret are right."""
        signed, consumer = self._check(request, now, token_secret=lambda _: "")
        if not signed.get("callback"):
            raise malformed("parameter_absent", "oauth_callback is missing from the request")
        for other in self.temporary.values():
            if other.consumer_id == consumer.consumer_id and other.state in (
                Temporary.PENDING,
                Temporary.APPROVED,
            ):
                other.move(TemporaryEvent.REPLACE)
        token = TemporaryToken(
            self._secret(),
            self._secret(),
            consumer.consumer_id,
            now + self.settings.temporary_life_s,
        )
        self.temporary[token.token] = token
        return token

    def exchange(self, request: HttpRequest, now: float) -> FinalToken:
        """`POST /mslrest/token`: the final token for an approved temporary one and its verifier."""
        signed, consumer = self._check(request, now, token_secret=self._temporary_secret)
        temporary = self._living_temporary(signed.get("token"), now)
        if temporary.consumer_id != consumer.consumer_id:
            raise unauthorized("token_unknown", "this token belongs to another consumer")
        self._check_exchangeable(temporary)
        if signed.get("verifier") != temporary.verifier:
            temporary.wrong_verifiers += 1
            if temporary.wrong_verifiers >= MAX_WRONG_VERIFIERS:
                temporary.move(TemporaryEvent.WRONG_VERIFIERS)
            raise unauthorized("verifier_invalid", "this is not the verifier that was shown")
        temporary.move(TemporaryEvent.EXCHANGE)
        final = FinalToken(
            self._secret(),
            self._secret(),
            consumer.consumer_id,
            now,
            now + self.settings.final_life_s,
        )
        self.final[final.token] = final
        return final

    def authorize(
        self, request: HttpRequest, now: float, permission: str = "", needed: str = "read"
    ) -> tuple[Consumer, FinalToken]:
        """Judge a call signed with a final token; `permission` "" asks for a valid token only.

        Raises:
            Refused: with the code of docs/wire.md section 1.
        """
        signed, consumer = self._check(request, now, token_secret=self._final_secret)
        final = self.final[signed.get("token")]
        if final.consumer_id != consumer.consumer_id:
            raise unauthorized("token_unknown", "this token belongs to another consumer")
        if final.state is Final.VALID and now >= final.expires_at:
            final.move(FinalEvent.EXPIRE)
        if final.state is Final.EXPIRED:
            raise unauthorized(
                "token_expired", "the final token is past its 12 months: Renew it on this MBG"
            )
        if final.state is Final.REVOKED:
            raise unauthorized("token_revoked", "the final token was revoked")
        if permission and not consumer.may(permission, needed):
            raise permission_denied(permission, needed)
        final.last_used_at = now
        return consumer, final

    # Inside

    def _check(
        self, request: HttpRequest, now: float, token_secret: SecretOf
    ) -> tuple[SignedRequest, Consumer]:
        """Everything that does not depend on the token's state."""
        if not self.running:
            raise stopped()
        signed = oauth.read(request)
        try:
            consumer = self._check_signature(signed, now, token_secret)
        except Refused as refused:
            self.refusals.append(
                Refusal(
                    now,
                    refused.code,
                    refused.message,
                    signed.get("consumer_key"),
                    signed.base_string,
                )
            )
            raise
        return signed, consumer

    def _check_signature(
        self, signed: SignedRequest, now: float, token_secret: SecretOf
    ) -> Consumer:
        consumer = self.consumers.get(signed.get("consumer_key"))
        if consumer is None:
            raise unauthorized("consumer_unknown", "no consumer has this ConsumerID")
        expected = oauth.signature(
            signed.get("signature_method"),
            signed.base_string,
            consumer.shared_secret,
            token_secret(signed.get("token")),
        )
        if not oauth.matches(signed.get("signature"), expected):
            raise unauthorized("signature_invalid", "the signature does not fit: wrong secret?")
        if not consumer.active:
            raise unauthorized("consumer_inactive", f"{consumer.consumer_id} is not active")
        self._check_fresh(signed, now)
        return consumer

    def _check_fresh(self, signed: SignedRequest, now: float) -> None:
        """Time stamp and nonce (RFC 5849 section 3.3); kept only for right signatures."""
        stamp, window = int(signed.get("timestamp")), self.settings.timestamp_window_s
        if abs(stamp - now) > window:
            raise unauthorized(
                "timestamp_refused",
                f"the time stamp is {stamp - now:+.0f} s from this MBG's clock, "
                f"allowed are {window:.0f}",
            )
        while self._nonces and next(iter(self._nonces.values())) <= now:
            del self._nonces[next(iter(self._nonces))]  # in the order they came, near enough
        key = (
            signed.get("consumer_key"),
            signed.get("token"),
            signed.get("timestamp"),
            signed.get("nonce"),
        )
        if key in self._nonces:
            raise unauthorized("nonce_used", "this nonce was used before")
        self._nonces[key] = stamp + window + 1

    def _temporary_secret(self, token: str) -> str:
        temporary = self.temporary.get(token)
        if temporary is None:
            raise unauthorized("token_unknown", "this MBG issued no such temporary token")
        return temporary.secret

    def _final_secret(self, token: str) -> str:
        final = self.final.get(token)
        if final is None:
            raise unauthorized("token_unknown", "this MBG issued no such final token")
        return final.secret

    def _living_temporary(self, token: str, now: float) -> TemporaryToken:
        temporary = self.temporary.get(token)
        if temporary is None:
            raise unauthorized("token_unknown", "this MBG issued no such temporary token")
        self._age_temporary(temporary, now)
        return temporary

    @staticmethod
    def _age_temporary(token: TemporaryToken, now: float) -> None:
        if token.state in (Temporary.PENDING, Temporary.APPROVED) and now >= token.expires_at:
            token.move(TemporaryEvent.EXPIRE)

    @staticmethod
    def _check_exchangeable(token: TemporaryToken) -> None:
        reasons = {
            Temporary.PENDING: ("token_not_approved", "nobody has pressed approve yet"),
            Temporary.REJECTED: ("token_rejected", "the temporary token was rejected"),
            Temporary.REPLACED: ("token_rejected", "a newer request took its place"),
            Temporary.EXPIRED: ("token_expired", "the temporary token is older than an hour"),
            Temporary.VOID: ("token_void", "too many wrong verifiers were entered"),
            Temporary.USED: ("token_used", "the temporary token was used already"),
        }
        if token.state in reasons:
            raise unauthorized(*reasons[token.state])

    def _secret(self) -> str:
        """16 random octets in base64, the shape of the real one's tokens and secrets."""
        return base64.b64encode(self._entropy(16)).decode()
