"""The registrar of a PBX node, pure: REGISTER as in RFC 3261 section 10.3, and Cat-F licences.

A part of the exchange, which gives it requests that came whole. Left out: preference values,
registration by a third party, GRUU, Path.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from simulators.core import TCP, TLS, UDP, Address
from simulators.pbx import refusals
from simulators.pbx.authentication import Authentication
from simulators.pbx.bindings import Bindings, ContactBinding
from simulators.pbx.exchange_events import (
    Ending,
    ExtensionRegistered,
    ExtensionUnregistered,
    RegistrationRefused,
    WeakPassword,
)
from simulators.pbx.extensions import DeviceType, Extension, Extensions
from simulators.pbx.hot_desk_phones import HotDeskPhones, Place
from simulators.pbx.refusals import Refusal
from simulators.pbx.registering import Asked, Contact, read_contact
from simulators.pbx.settings import NodeSettings
from simulators.sip.dialog import Fields
from simulators.sip.headers import Uri, parameters
from simulators.sip.message import MalformedMessage

HOT_DESK = DeviceType.SIP_HOT_DESK


@dataclass(frozen=True, slots=True)
class Licences:
    """Cat-F licences: how many there are (None: any number), are taken, were taken at most."""

    total: int | None
    in_use: int
    high_water: int


class Registrar:
    """One node's registrar.

    Args:
        extensions: read at each request.
        host: how the node names itself in `Warning`.
        events: where to tell what happened.
        desk_phones: which phones may register as a hot desk extension.
    """

    def __init__(
        self,
        authentication: Authentication,
        extensions: Extensions,
        desk_phones: HotDeskPhones,
        settings: NodeSettings,
        host: str,
        events: list[object],
    ) -> None:
        self.bindings = Bindings()
        self._licences = settings.licences
        self._high_water = 0
        self._authentication = authentication
        self._extensions = extensions
        self._desk_phones = desk_phones
        self._settings = settings
        self._host = host
        self._events = events

    @property
    def licences(self) -> Licences:
        """How the Cat-F licences stand."""
        return Licences(self._licences, len(self.bindings), self._high_water)

    def set_licences(self, total: int | None) -> None:
        """Have this many; who is registered stays so."""
        self._licences = total

    def register(self, asked: Asked, now: float) -> Refusal | Fields:
        """Do what a REGISTER asks for; returns the refusal, or the headers of the 200."""
        extension = asked.user
        refusal = self._authentication.registers(asked.authorization, extension, now)
        answer = self._bind(asked, now) if refusal is None else refusal
        if isinstance(answer, Refusal) and answer.why:
            self._events.append(RegistrationRefused(extension, answer.why, answer.status))
        return answer

    def remove(self, extension: str) -> None:
        """Drop the bindings of an extension that no longer exists."""
        if self.bindings.remove_all(extension):
            self._events.append(ExtensionUnregistered(extension, Ending.REMOVED))

    def logged_out(self, hot_desk: str) -> None:
        """Drop the bindings of a hot desk extension that was logged out where they come from."""
        if self.bindings.remove_all(hot_desk):
            self._events.append(ExtensionUnregistered(hot_desk, Ending.LOGGED_OUT))

    def lost(self, transport: str, peer: Address) -> None:
        """A connection is gone, or can't be had.

        The next request goes to where the contact itself says, over a new one (section 18.1.1); a
        contact that says no better place is of no use any more.
        """
        for binding in self.bindings.over(transport, peer):
            place = _place(binding.contact)
            self.bindings.remove(binding)
            if place is None or place == (transport, peer):
                self._gone(binding, Ending.CONNECTION_LOST)
            else:
                moved = binding._replace(transport=place[0], peer=place[1])
                self.bindings.put(moved, self._settings.contacts_per_extension)

    def expire(self, now: float) -> None:
        """Drop the bindings that have ended by `now`."""
        for binding in self.bindings.expired(now):
            self._gone(binding, Ending.EXPIRED)

    # Inside

    def _bind(self, asked: Asked, now: float) -> Refusal | Fields:
        """Steps 6 to 8: change the bindings as the contacts say."""
        extension, contacts, bindings = self._extensions[asked.user], asked.contacts, self.bindings
        bound = bindings.of(extension.number)
        if "*" in contacts:
            if len(contacts) != 1 or asked.expires != 0:
                return refusals.bad_request("Contact * needs Expires 0 and no other contact")
            wishes = [(row.contact, 0) for row in bound]
        else:
            try:
                wishes = [self._wish(value, asked.expires) for value in contacts]
            except MalformedMessage as error:
                return refusals.bad_request(str(error))
        refusal = self._forbidden(extension, bound, wishes, asked)
        if refusal is not None:
            return refusal
        for contact, expires_s in wishes:
            if expires_s:
                self._put(extension, contact, expires_s, asked, now)
            elif (binding := bindings.find(extension.number, contact)) is not None:
                bindings.remove(binding)
                self._gone(binding, Ending.UNREGISTERED)
        return tuple(
            [
                ("Contact", f"<{row.contact}>;expires={round(row.until - now)}")
                for row in bindings.of(extension.number)  # none has ended, says `expire`
            ]
        )

    def _wish(self, value: Contact | str, header_expires: int | None) -> tuple[str, int]:
        """The contact's URI and the expiry that is asked for it (section 10.2.1.1)."""
        contact, asked = read_contact(value) if isinstance(value, str) else value
        if asked is None:
            asked = header_expires
        if asked is None:
            asked = self._settings.default_expires_s
        longest = self._settings.max_expires_s
        return contact, asked if asked < longest else longest

    def _forbidden(
        self,
        extension: Extension,
        bound: Sequence[ContactBinding],
        wishes: list[tuple[str, int]],
        asked: Asked,
    ) -> Refusal | None:
        """Refuse before anything is changed: all contacts of a REGISTER change, or none."""
        shortest, binds = self._settings.min_expires_s, False
        for row in bound if wishes else ():
            if row.call_id == asked.call_id and asked.cseq <= row.cseq:
                return refusals.out_of_order()
        for _, expires_s in wishes:
            if 0 < expires_s < shortest:
                return refusals.too_brief(shortest)
            binds = binds or expires_s > 0
        if extension.device_type is HOT_DESK and self._is_logged_out(
            extension.number, wishes, asked.call_id
        ):
            return refusals.logged_out(self._host, extension.number)
        if binds and not bound and self._are_licences_used_up():
            return refusals.no_licence(self._host)  # a refresh never loses its licence
        return None

    def _is_logged_out(self, extension: str, wishes: list[tuple[str, int]], call_id: str) -> bool:
        """Whether it comes from where a hot desk was logged out: it may end its own binding."""
        return any(
            self._desk_phones.has_left(extension, Place(call_id, contact))
            for contact, expires_s in wishes
            if expires_s or not self._is_own(extension, contact, call_id)
        )

    def _is_own(self, extension: str, contact: str, call_id: str) -> bool:
        row = self.bindings.find(extension, contact)
        return row is None or row.call_id == call_id

    def _are_licences_used_up(self) -> bool:
        return self._licences is not None and len(self.bindings) >= self._licences

    def _put(
        self, extension: Extension, contact: str, expires_s: int, asked: Asked, now: float
    ) -> None:
        bindings, number, call_id = self.bindings, extension.number, asked.call_id
        binding = ContactBinding(
            number, contact, call_id, asked.cseq, now + expires_s, asked.peer, asked.transport
        )
        refreshed = bindings.put(binding, self._settings.contacts_per_extension)
        if not refreshed and len(bindings) > self._high_water:
            self._high_water = len(bindings)
        self._events.append(ExtensionRegistered(number, contact, expires_s, refreshed))
        if extension.device_type is HOT_DESK:
            self._desk_phones.registered(number, Place(call_id, contact))
        if extension.has_weak_password:
            self._events.append(WeakPassword(number))

    def _gone(self, binding: ContactBinding, ending: Ending) -> None:
        """One binding is gone; with the last one, the extension."""
        if self.bindings.get(binding.extension) is None:
            self._events.append(ExtensionUnregistered(binding.extension, ending))


def _place(contact: str) -> tuple[str, Address] | None:
    """Transport and address of a contact; None where it gives no IPv4 address."""
    try:
        uri = Uri.parse(contact)
    except MalformedMessage:
        return None
    octets = uri.host.split(".")
    if len(octets) != 4 or not all(o.isascii() and o.isdigit() and len(o) < 4 for o in octets):
        return None
    transport = parameters(uri.params).get("transport", UDP).upper()
    if uri.scheme == "sips":
        transport = TLS
    return (transport, uri.address) if transport in (UDP, TCP) else None
