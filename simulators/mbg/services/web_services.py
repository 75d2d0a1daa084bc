"""The MBG's web services: consumers, their tokens, and who may call what (TOK-1 to TOK-9), pure.

`initiate`, `exchange` and `authorize` judge signed requests; the other methods, and those of
`token_records`, are what a person does on Administration -> Web services. Times are calendar time
in epoch seconds.
"""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice

from simulators.core import Entropy
from simulators.mbg.refusals import (
    Refused,
    malformed,
    permission_denied,
    stopped,
    unauthorized,
)
from simulators.mbg.services import oauth, oauth_debugger, signatures
from simulators.mbg.services.consumers import DOCUMENTED_PERMISSIONS as DOCUMENTED_PERMISSIONS
from simulators.mbg.services.consumers import LEVELS as LEVELS
from simulators.mbg.services.consumers import PERMISSIONS as PERMISSIONS
from simulators.mbg.services.consumers import Consumer as Consumer
from simulators.mbg.services.consumers import Consumers
from simulators.mbg.services.oauth import HttpRequest, SignedRequest
from simulators.mbg.services.oauth_debugger import RefusedRequests, Secrets
from simulators.mbg.services.signatures import Nonces, SecretOf
from simulators.mbg.services.token_records import TokenRecords
from simulators.mbg.services.tokens import (
    FINAL_LIFE_S,
    MAX_WRONG_VERIFIERS,
    TEMPORARY_LIFE_S,
    Final,
    FinalToken,
    Temporary,
    TemporaryEvent,
    TemporaryToken,
)

MOST_OTHERS = 100
"""Secrets of other consumers and tokens that the debugger tries."""
NOT_EXCHANGEABLE = {
    Temporary.PENDING: ("token_not_approved", "nobody has pressed approve yet"),
    Temporary.REJECTED: ("token_rejected", "the temporary token was rejected"),
    Temporary.REPLACED: ("token_rejected", "a newer request took its place"),
    Temporary.EXPIRED: ("token_expired", "the temporary token is older than an hour"),
    Temporary.VOID: ("token_void", "too many wrong verifiers were entered"),
    Temporary.USED: ("token_used", "the temporary token was used already"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Habits of the web services.

    Args:
        timestamp_window_s: how far a time stamp may be from our clock, either way, seconds; None
            takes any.
        final_life_s: life of a final token, seconds.
        temporary_life_s: life of a temporary token, seconds.
        hmac_sha256: whether HMAC-SHA256 is taken beside HMAC-SHA1.
    """

    timestamp_window_s: float | None = 300.0
    final_life_s: float = FINAL_LIFE_S
    temporary_life_s: float = TEMPORARY_LIFE_S
    hmac_sha256: bool = True


class WebServices(TokenRecords):
    """Consumers and tokens of one MBG.

    `refusals` are the refused requests, for the signature debugger; `known_hosts` the authorities
    (`name` or `name:port`) by which clients may know this MBG.
    """

    def __init__(self, entropy: Entropy, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        super().__init__(entropy, self.settings.temporary_life_s, self.settings.final_life_s)
        self.running = False
        self.consumers = Consumers(entropy)
        self.refusals = RefusedRequests()
        self.known_hosts: tuple[str, ...] = ()
        self._nonces = Nonces(self.settings.timestamp_window_s)

    def change_settings(self, settings: Settings) -> None:
        """Have other habits from now on; tokens keep the lives that they were given."""
        self.settings = settings
        self._temporary_life_s = settings.temporary_life_s
        self._final_life_s = settings.final_life_s
        self._nonces.window_s = settings.timestamp_window_s

    @property
    def _methods(self) -> tuple[str, ...]:
        return tuple(m for m in oauth.METHODS if m != "HMAC-SHA256" or self.settings.hmac_sha256)

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
            ConfigurationError: the id is empty or taken, or a permission or its level is unknown.
        """
        return self.consumers.add(name, consumer_id, permissions, active=active)

    def edit_consumer(
        self,
        consumer_id: str,
        *,
        name: str | None = None,
        permissions: dict[str, str] | None = None,
    ) -> Consumer:
        """Change a consumer's name or permissions; its tokens stay.

        Raises:
            Refused: 404.
            ConfigurationError: a permission or its level is unknown.
        """
        return self.consumers.edit(consumer_id, name=name, permissions=permissions)

    def activate(self, consumer_id: str) -> None:
        """Let a consumer and its tokens serve (again)."""
        self.consumers.known(consumer_id).active = True

    def deactivate(self, consumer_id: str) -> None:
        """Refuse a consumer, whatever its token, until it is activated."""
        self.consumers.known(consumer_id).active = False

    def delete_consumer(self, consumer_id: str) -> None:
        """Remove a consumer; its tokens are gone with it."""
        self.consumers.known(consumer_id)
        del self.consumers[consumer_id]
        self.forget_tokens_of(consumer_id)

    def regenerate_secret(self, consumer_id: str) -> str:
        """Make a new shared secret, told this once; the consumer's tokens stay."""
        return self.consumers.regenerate_secret(consumer_id)

    # What consumers do

    def initiate(self, request: HttpRequest, now: float) -> TemporaryToken:
        """`POST /mslrest/initiate`: a temporary token, if consumer and secret are right."""
        with self._judging(request, now) as signed:
            consumer = self._check(signed, now, lambda _: "")
            if not signed.get("callback"):
                raise malformed("parameter_absent", "oauth_callback is missing from the request")
        return self.issue_temporary(consumer.consumer_id, now)

    def exchange(self, request: HttpRequest, now: float) -> FinalToken:
        """`POST /mslrest/token`: the final token for an approved temporary one and its verifier."""
        with self._judging(request, now) as signed:
            consumer = self._check(signed, now, lambda t: self.living_temporary(t, now).secret)
            temporary = self.temporary[signed.get("token")]
            _check_owner(temporary, consumer)
            if temporary.state in NOT_EXCHANGEABLE:
                raise unauthorized(*NOT_EXCHANGEABLE[temporary.state])
            _check_verifier(signed, temporary)
        return self.issue_final(temporary, now)

    def authorize(
        self, request: HttpRequest, now: float, permission: str = "", needed: str = "read"
    ) -> tuple[Consumer, FinalToken]:
        """Judge a call signed with a final token; `permission` "" asks for a valid token only.

        Raises:
            Refused: with the code of docs/wire.md section 1.
        """
        with self._judging(request, now) as signed:
            consumer = self._check(signed, now, lambda t: self.living_final(t, now).secret)
            final = self.final[signed.get("token")]
            _check_owner(final, consumer)
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

    @contextmanager
    def _judging(self, request: HttpRequest, now: float) -> Iterator[SignedRequest]:
        """Read a signed request; what refuses it is kept for the debugger."""
        if not self.running:
            raise stopped()
        signed = None
        try:
            signed = oauth.read(request, self._methods)
            yield signed
        except Refused as refused:
            diagnosis = None
            if signed is not None and refused.code == "signature_invalid":
                diagnosis = oauth_debugger.diagnose(signed, self._secrets(signed))
                refused = signatures.does_not_fit(diagnosis.for_caller)
            self.refusals.keep(request, signed, refused, diagnosis, now)
            raise refused from None

    def _secrets(self, signed: SignedRequest) -> Secrets:
        """All that the debugger may try for a request whose consumer is known."""
        consumer, token = self.consumers[signed.get("consumer_key")], signed.get("token")
        used = self.final.get(token) or self.temporary.get(token)
        others = islice(self.consumers.values(), MOST_OTHERS)
        newest: Iterator[TemporaryToken | FinalToken] = chain(
            reversed(self.final.values()), reversed(self.temporary.values())
        )
        own = (t.secret for t in newest if t.consumer_id == consumer.consumer_id)
        return Secrets(
            consumer.shared_secret,
            used.secret if used else "",
            {other.consumer_id: other.shared_secret for other in others},
            list(islice(own, MOST_OTHERS)),
            self.known_hosts,
        )

    def _check(self, signed: SignedRequest, now: float, token_secret: SecretOf) -> Consumer:
        return signatures.check(signed, self.consumers, token_secret, self._nonces, now)


def _check_owner(token: TemporaryToken | FinalToken, consumer: Consumer) -> None:
    if token.consumer_id != consumer.consumer_id:
        raise unauthorized("token_unknown", "this token belongs to another consumer")


def _check_verifier(signed: SignedRequest, temporary: TemporaryToken) -> None:
    given = signed.get("verifier")
    if not given:
        raise malformed("parameter_absent", "oauth_verifier is missing from the request")
    if hmac.compare_digest(given.encode(), temporary.verifier.encode()):
        return
    temporary.wrong_verifiers += 1
    if temporary.wrong_verifiers >= MAX_WRONG_VERIFIERS:
        temporary.move(TemporaryEvent.WRONG_VERIFIERS)
    raise unauthorized("verifier_invalid", "this is not the verifier that was shown")
