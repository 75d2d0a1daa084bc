"""The gate that every request of a phone passes: who asks, from where, and what it may have.

A phone names itself by User-Agent and URL; whether it is believed is ``domain.enrolment``'s
decision. Guesses are throttled per source and per MAC, so that the phones behind one SNAT address
that have their tokens never wait for somebody who guesses behind the same address (0021).
"""

import logging
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from system.clock import Clock
from system.domain.addresses import Location, host_in_uri, location_of
from system.domain.enrolment import (
    MAY_HAVE_CREDENTIALS,
    Evidence,
    Network,
    Standing,
    is_in,
    standing,
)
from system.domain.throttle import Rate, Throttle
from system.listening import reached_at
from system.phones.book import Bound, Contact, HandOut, PhoneBook, Seen, contact_or_seen
from system.phones.configuration import LocalServices
from system.phones.dossier import Dossier, Dossiers, File, Place
from system.phones.identity import PhoneIdentity, parse_user_agent
from system.phones.site import Site, SiteAddresses
from system.storage.models import Phone

audit = logging.getLogger("mcs.audit")

PER_MAC = Rate(burst=10, per_s=1 / 60)
"""Ten requests for a bound phone without its token, then one a minute."""

_MAC_IN_NAME = re.compile(r"[0-9A-F]{2}(?:[:-]?[0-9A-F]{2}){5}", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports that phones are told; known once the listeners are bound."""

    https: int
    http: int
    ldap: int | None = None
    syslog: int | None = None


@dataclass(frozen=True, slots=True)
class GateRules:
    """Settings of the gate.

    ``strangers`` is what one source may guess; see ``domain.throttle``.
    """

    office: tuple[Network, ...]
    strangers: Rate
    poll_interval_s: int
    ldap_base_dn: str


@dataclass(frozen=True, slots=True)
class Caller:
    """One request's phone, as far as it is believed."""

    identity: PhoneIdentity
    dossier: Dossier
    standing: Standing
    place: Place
    site: Site
    address: str
    at: float

    @property
    def mac(self) -> str:
        """12 upper-case hex digits."""
        return self.identity.mac

    @property
    def trusted(self) -> bool:
        """Whether it may have credentials."""
        return self.standing in MAY_HAVE_CREDENTIALS

    @property
    def is_impostor(self) -> bool:
        """Whether it speaks for a phone that can show better: what it says is not noted."""
        phone = self.dossier.phone
        return not self.trusted and phone is not None and phone.token is not None

    @property
    def in_office(self) -> bool:
        """Whether it is in the office's own network, and no teleworker."""
        return self.place.local is not None and self.standing in (Standing.OFFICE, Standing.BOUND)

    def file(self) -> File:
        """The file that it may have."""
        return self.dossier.file(self.place, self.site, trusted=self.trusted)

    def contact(self, *, registered: bool | None = None, started: bool = False) -> Contact | Seen:
        """This request as an entry of the book."""
        contact = Contact(
            self.identity, self.place.location, self.address, self.at, registered, started
        )
        return contact_or_seen(contact, self.dossier.phone)

    def hand_out(self, extension: str, message: str) -> HandOut:
        """That this request is answered with an extension's credentials."""
        location = self.place.location
        return HandOut(self.mac, self.at, message, extension, location, self.address)


class Gate:
    """Judges requests."""

    def __init__(
        self,
        dossiers: Dossiers,
        book: PhoneBook,
        site: SiteAddresses,
        clock: Clock,
        rules: GateRules,
        ports: Callable[[], Ports],
    ) -> None:
        self.dossiers = dossiers
        self.book = book
        self._site = site
        self._clock = clock
        self._rules = rules
        self._ports = ports
        self._by_source = Throttle(rules.strangers)
        self._by_mac = Throttle(PER_MAC)

    async def admit(self, request: web.Request, mac: str, *, hint: bool = False) -> Caller:
        """The phone that asks, if it asks for itself: nobody gets another phone's file (API-1).

        A ``hint`` is an action URI that has no room for a token and is answered with nothing; it
        is taken from a known phone as it is known.

        Raises:
            web.HTTPForbidden: it asks for another one, or names itself as no phone does.
            web.HTTPTooManyRequests: somebody guesses, at this source or with this MAC.
        """
        source, now = request.remote or "", self._clock.now()
        identity = parse_user_agent(request.headers.get("User-Agent", ""))
        if identity is None or identity.mac != mac:
            self._by_source.take(source, now)
            audit.warning("refused: %s asked for phone %r", source, mac[:12])
            raise web.HTTPForbidden(text="A phone is served its own configuration only.\n")
        certified = _certified_mac(request)
        if certified is not None and certified != mac:
            audit.warning("refused: %s asked for phone %s with another's certificate", source, mac)
            raise web.HTTPForbidden(text="The certificate is not this phone's.\n")
        site = await self._site.get()
        place = self.place(source, reached_at(request), site)
        dossier = await self.dossiers.get(mac)
        evidence = Evidence(
            place.location,
            is_in(source, self._rules.office),
            request.match_info.get("token") or request.query.get("t", ""),
            certified is not None,
        )
        found = standing(dossier.binding, evidence, now)
        if hint and dossier.phone is not None:
            _check_hint(dossier.phone, identity, place.location, found)
        elif found not in (Standing.BOUND, Standing.OFFICE):
            self._throttle(source, dossier, found, now)
        if found is not Standing.OFFICE and place.local is not None and not evidence.in_office:
            # From outside, past the forward or with SNAT off: what is in the office is not for it.
            place = Place(place.location, place.uri_base, None, place.poll_interval_s)
        caller = Caller(identity, dossier, found, place, site, source, now)
        if found is Standing.BOUND and dossier.phone is not None and _is_first(dossier):
            await self.book.note(Bound(mac, now))
        return caller

    def place(self, source: str, own_address: str, site: Site) -> Place:
        """Where a phone at ``source`` reaches the MCS, which it has reached at ``own_address``."""
        location = location_of(source, site.mbg_internal_address)
        ports, own = self._ports(), host_in_uri(own_address)
        interval_s = self._rules.poll_interval_s
        if location is Location.TELEWORKER:
            remote = site.remote_host
            base = f"https://{host_in_uri(remote)}:{ports.https}" if remote else None
            return Place(location, base, None, interval_s)
        local = LocalServices(
            http_base=f"http://{own}:{ports.http}",
            push_from=own_address,
            log_server=None if ports.syslog is None else (own_address, ports.syslog),
            ldap_server=None if ports.ldap is None else (own, ports.ldap),
            ldap_base_dn=self._rules.ldap_base_dn,
        )
        return Place(location, f"https://{own}:{ports.https}", local, interval_s)

    def is_in_office(self, address: str) -> bool:
        """Whether an address is in the office's own networks."""
        return is_in(address, self._rules.office)

    def _throttle(self, source: str, dossier: Dossier, found: Standing, now: float) -> None:
        """Count guesses; whoever has no token waits while somebody guesses where it comes from."""
        wait_s = 0.0
        if self._by_source.is_empty(source, now):
            wait_s = self._by_source.wait_s(source, now)
        if self._by_mac.is_empty(dossier.mac, now):
            wait_s = max(wait_s, self._by_mac.wait_s(dossier.mac, now))
        if wait_s:
            raise web.HTTPTooManyRequests(
                text="Too many requests of unknown phones.\n",
                headers={"Retry-After": str(int(wait_s) + 1)},
            )
        has_token = dossier.phone is not None and dossier.phone.token is not None
        if dossier.phone is None or (has_token and found is not Standing.ENROLLING):
            self._by_source.take(source, now)
        if has_token and found is not Standing.ENROLLING:
            self._by_mac.take(dossier.mac, now)


def _check_hint(phone: Phone, identity: PhoneIdentity, location: Location, found: Standing) -> None:
    """A hint of an enrolled phone changes nothing of what is known but its registration."""
    is_known = (phone.model, phone.firmware, phone.location) == (
        identity.model,
        identity.firmware,
        str(location),
    )
    if phone.token is not None and found not in MAY_HAVE_CREDENTIALS and not is_known:
        raise web.HTTPForbidden(text="This phone is known otherwise.\n")


def _is_first(dossier: Dossier) -> bool:
    binding = dossier.binding
    return binding.bound_at is None or binding.enrolment_until is not None


def _certified_mac(request: web.Request) -> str | None:
    """The MAC in the device certificate that the phone has shown and TLS has checked."""
    connection = request.transport.get_extra_info("ssl_object") if request.transport else None
    if not isinstance(connection, ssl.SSLObject):
        return None
    certificate = connection.getpeercert()
    if not certificate:
        return None
    names = [str(pair[1]) for pair in certificate.get("subjectAltName", ()) if pair[0] == "DNS"]
    for part in certificate.get("subject", ()):
        names += [str(pair[1]) for pair in part if pair[0] == "commonName"]
    for name in names:
        if (found := _MAC_IN_NAME.search(name)) is not None:
            return found[0].replace(":", "").replace("-", "").upper()
    return ""  # a device certificate, but nobody's: it proves no MAC
