"""A home's firewall: the network as a phone behind it has it."""

from simulators.clock import Clock
from simulators.core import Address
from simulators.estate.estate import Estate
from simulators.estate.making import DELIVERED_FIRMWARE
from simulators.journal import Journal
from simulators.network import Network
from simulators.phone.handset import Handset
from simulators.phone.identity import Identity
from simulators.phone.models import model
from simulators.phone.people import Person

REASON = "the home's firewall lets no audio out"


class NoAudioOut(Network):
    """The rules of `behind`, but no RTP leaves."""

    def __init__(self, behind: Network, clock: Clock, journal: Journal) -> None:
        super().__init__(behind.plan, journal, clock, behind.connect_timeout_s)
        self._lost = journal.lost

    def passes(self, source: Address, destination: Address, transport: str, what: str) -> bool:
        if what != "RTP":
            return super().passes(source, destination, transport, what)
        self._lost(source, destination, transport=transport, reason=REASON, what=what)
        return False


def phone_behind(estate: Estate, person: Person) -> Handset:
    """This person's phone, behind such a firewall."""
    phone = Handset(
        Identity(person.mac),
        model(person.model),
        estate.claim.plan.home(person.home_index),
        clock=estate.clock,
        network=NoAudioOut(estate.network, estate.clock, estate.journal),
        journal=estate.journal,
        entropy=estate.seed.stream(f"phone {person.mac}").randbytes,
        firmware_version=DELIVERED_FIRMWARE,
    )
    estate.handsets.add(phone)
    return phone
