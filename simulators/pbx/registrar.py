"""The registrar of a PBX node: REGISTER as in RFC 3261 section 10.3, digest, Cat-F licences.

A pure core with the five verbs of `simulators.core`: datagrams in, datagrams and events out.
OPTIONS is answered 200, other methods 501 (there are no calls yet). Left out: several contacts per
extension, preference values, registration by a third party, GRUU, Path.
"""

from dataclasses import dataclass
from typing import Literal

from simulators.core import UDP, Address, Datagram, Entropy
from simulators.errors import ConfigurationError
from simulators.pbx import refusals
from simulators.pbx.bindings import Bindings, ContactBinding
from simulators.pbx.extensions import Extensions
from simulators.pbx.refusals import Refusal
from simulators.sip.authenticator import Authenticator, Verdict
from simulators.sip.headers import NameAddress, cseq, seconds
from simulators.sip.message import MalformedMessage, Request, response_to
from simulators.sip.transaction import RequestReceived, Timers, Transactions

ALLOW = "REGISTER, OPTIONS"


@dataclass(frozen=True, slots=True)
class RegistrarSettings:
    """Habits of a node's registrar; public sources name none of the numbers, so each is ours.

    Args:
        min_expires_s: shortest expiry granted; below it the answer is 423.
        default_expires_s: granted where the REGISTER asks for none.
        max_expires_s: longest expiry granted; who asks for more gets this.
        nonce_life_s: how long a digest nonce may be used.
        algorithm: digest algorithm of the challenges, `MD5` or `SHA-256`.
        licences: how many extensions may be registered at a time (Cat-F); None: any number.
    """

    min_expires_s: int = 60
    default_expires_s: int = 3600
    max_expires_s: int = 3600
    nonce_life_s: float = 300.0
    algorithm: str = "MD5"
    licences: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.min_expires_s <= self.default_expires_s <= self.max_expires_s:
            raise ConfigurationError(
                "expected 0 < min_expires_s <= default_expires_s <= max_expires_s, got "
                f"{self.min_expires_s}, {self.default_expires_s}, {self.max_expires_s}"
            )
        if self.licences is not None and self.licences < 0:
            raise ConfigurationError(f"licences is {self.licences}, expected 0 or more, or None")


@dataclass(frozen=True, slots=True)
class ExtensionRegistered:
    """The extension is bound to `contact` for `expires_s`; `refreshed`: it was so before."""

    extension: str
    contact: str
    expires_s: int
    refreshed: bool = False


@dataclass(frozen=True, slots=True)
class ExtensionUnregistered:
    """The extension's binding is gone."""

    extension: str
    reason: Literal["expired", "un-registered", "removed"]


@dataclass(frozen=True, slots=True)
class RegistrationRefused:
    """A REGISTER was refused for good (a first challenge is no refusal)."""

    extension: str
    reason: str
    status: int


@dataclass(frozen=True, slots=True)
class WeakPassword:
    """The extension registered with an empty password or its own number: the PBX's alarm 149."""

    extension: str


class Registrar:
    """One node's registrar.

    Args:
        realm: digest realm; the node's name.
        extensions: read at each request.
        entropy: makes nonces and tags.
        host: how the node names itself in `Warning`.
    """

    def __init__(
        self,
        realm: str,
        extensions: Extensions,
        entropy: Entropy,
        settings: RegistrarSettings | None = None,
        *,
        host: str = "pbx",
        timers: Timers | None = None,
    ) -> None:
        self.settings = settings or RegistrarSettings()
        self.host = host
        self.bindings = Bindings()
        self._extensions = extensions
        self._entropy = entropy
        self._events: list[object] = []
        self._transactions = Transactions((host, 5060), entropy, timers)
        self._authenticator = Authenticator(
            realm,
            entropy,
            self._password_of,
            nonce_life_s=self.settings.nonce_life_s,
            algorithm=self.settings.algorithm,
        )

    def remove(self, extension: str) -> None:
        """Drop the binding of an extension that no longer exists."""
        if self.bindings.remove(extension) is not None:
            self._events.append(ExtensionUnregistered(extension, "removed"))

    # The five verbs

    def receive(
        self, data: bytes, peer: Address, now: float, side: str = "", transport: str = UDP
    ) -> None:
        """Take one datagram."""
        self._expire(now)
        self._transactions.receive(data, peer, now, side, transport)
        for event in self._transactions.events():
            if isinstance(event, RequestReceived):
                self._request(event, now)

    def events(self) -> list[object]:
        """ExtensionRegistered, ExtensionUnregistered, RegistrationRefused, WeakPassword; once."""
        events, self._events = self._events, []
        return events

    def to_send(self) -> list[Datagram]:
        """Datagrams to send now, once."""
        return self._transactions.to_send()

    def timer_at(self) -> float | None:
        """When the next binding or transaction ends."""
        times = (self._transactions.timer_at(), self.bindings.first_end())
        return min((at for at in times if at is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """Forget what has ended by `now`."""
        self._transactions.handle_timer(now)
        self._expire(now)

    def waiting(self) -> bool:
        """A registrar asks nobody."""
        return False

    # Rules

    def _request(self, event: RequestReceived, now: float) -> None:
        request = event.request
        if request.method == "REGISTER":
            answer = self._register(request, now)
        elif request.method == "OPTIONS":  # RFC 3261 section 11.2
            answer = [("Allow", ALLOW)]
        else:
            answer = refusals.not_implemented(request.method)
        tag = self._entropy(4).hex()
        if isinstance(answer, Refusal):
            response = response_to(
                request, answer.status, headers=answer.headers, to_tag=tag, reason=answer.reason
            )
        else:
            response = response_to(request, 200, headers=answer, to_tag=tag)
        self._transactions.respond(event.transaction, response, now)

    def _register(self, request: Request, now: float) -> Refusal | list[tuple[str, str]]:
        """The steps of RFC 3261 section 10.3; returns the refusal, or the headers of the 200."""
        try:
            extension = NameAddress.parse(request.headers.get("to")).uri.user
        except MalformedMessage as error:
            return refusals.bad_request(str(error))
        answer = (
            self._unsupported(request)
            or self._unproven(request, extension, now)
            or self._bind(request, extension, now)
        )
        if isinstance(answer, Refusal) and answer.why != CHALLENGED:
            self._events.append(RegistrationRefused(extension, answer.why, answer.status))
        return answer

    def _unsupported(self, request: Request) -> Refusal | None:
        """Step 2."""
        required = request.headers.all("require")
        return refusals.bad_extension(", ".join(required)) if required else None

    def _unproven(self, request: Request, extension: str, now: float) -> Refusal | None:
        """Steps 3 to 5: who is it, may it, and does the AOR exist."""
        check = self._authenticator.check(request, now)
        if check.passed:
            # EXT-6: an MBG registers with the authorization name as AOR too, so the AOR alone
            # says nothing; whose name it is does.
            owner = self._extensions.owner_of(check.username)
            meant = extension if extension in self._extensions or owner is None else owner.number
            if check.username != meant:
                return refusals.wrong_name(self.host, check.username, meant)
        if check.verdict is not Verdict.NO_CREDENTIALS and extension not in self._extensions:
            # Also for a name that nobody has: an extension that was removed shall not look like a
            # typing error.
            return refusals.unknown_extension(self.host, extension)
        return None if check.passed else self._challenge(check.verdict, now)

    def _challenge(self, verdict: Verdict, now: float) -> Refusal:
        # RFC 2617 section 3.2.1: stale says "same password, new nonce"; a wrong one gets no such
        # hint.
        stale = verdict in (Verdict.STALE_NONCE, Verdict.UNKNOWN_NONCE, Verdict.REPLAYED)
        challenge = self._authenticator.challenge(now, stale=stale)
        first = stale or verdict is Verdict.NO_CREDENTIALS
        why = CHALLENGED if first else verdict.value
        return Refusal(401, why, (("WWW-Authenticate", str(challenge)),))

    def _bind(
        self, request: Request, extension: str, now: float
    ) -> Refusal | list[tuple[str, str]]:
        """Steps 6 to 8: change the binding as the contacts say."""
        contacts = request.headers.all("contact")
        header_expires = seconds(request.headers.get("expires"))
        if "*" in contacts:
            if len(contacts) != 1 or header_expires != 0:
                return refusals.bad_request("Contact * needs Expires 0 and no other contact")
            changes = [("*", 0)]
        else:
            try:
                changes = [self._wanted(value, header_expires) for value in contacts]
            except MalformedMessage as error:
                return refusals.bad_request(str(error))
        refusal = self._forbidden(request, extension, changes)
        if refusal is not None:
            return refusal
        for contact, expires_s in changes:
            self._change(request, extension, contact, expires_s, now)
        return self._contacts(extension, now)

    def _wanted(self, value: str, header_expires: int | None) -> tuple[str, int]:
        """The contact's URI and the expiry that is asked for it (section 10.2.1.1)."""
        contact = NameAddress.parse(value)
        asked = seconds(contact.params.get("expires", ""))
        if asked is None:
            asked = header_expires
        if asked is None:
            asked = self.settings.default_expires_s
        return str(contact.uri), min(asked, self.settings.max_expires_s)

    def _forbidden(
        self, request: Request, extension: str, changes: list[tuple[str, int]]
    ) -> Refusal | None:
        """Refuse before anything is changed: all contacts of a REGISTER change, or none."""
        number, _ = cseq(request.headers)
        binding = self.bindings.get(extension)
        same_agent = binding is not None and binding.call_id == request.headers.get("call-id")
        if changes and same_agent and binding is not None and number <= binding.cseq:
            return refusals.out_of_order()
        if any(0 < expires_s < self.settings.min_expires_s for _, expires_s in changes):
            return refusals.too_brief(self.settings.min_expires_s)
        licences = self.settings.licences
        binds = any(expires_s for _, expires_s in changes)
        if binds and binding is None and licences is not None and len(self.bindings) >= licences:
            return refusals.no_licence(self.host)  # a refresh never loses its licence
        return None

    def _change(
        self, request: Request, extension: str, contact: str, expires_s: int, now: float
    ) -> None:
        before = self.bindings.get(extension)
        if expires_s == 0:
            if before is not None and contact in ("*", before.contact):
                self.bindings.remove(extension)
                self._events.append(ExtensionUnregistered(extension, "un-registered"))
            return
        number, _ = cseq(request.headers)
        call_id = request.headers.get("call-id")
        self.bindings.put(ContactBinding(extension, contact, call_id, number, now + expires_s))
        refreshed = before is not None and before.contact == contact
        self._events.append(ExtensionRegistered(extension, contact, expires_s, refreshed))
        if self._extensions[extension].has_weak_password:
            self._events.append(WeakPassword(extension))

    def _contacts(self, extension: str, now: float) -> list[tuple[str, str]]:
        """Step 8: the 200 lists the current bindings with what is left of them."""
        binding = self.bindings.get(extension)
        if binding is None:
            return []
        left = max(0, round(binding.until - now))
        return [("Contact", f"<{binding.contact}>;expires={left}")]

    def _expire(self, now: float) -> None:
        for binding in self.bindings.expired(now):
            self._events.append(ExtensionUnregistered(binding.extension, "expired"))

    def _password_of(self, auth_name: str) -> str | None:
        """Digest look-up by authorization name."""
        extension = self._extensions.owner_of(auth_name)
        return None if extension is None else extension.auth_password


CHALLENGED = "challenged"
