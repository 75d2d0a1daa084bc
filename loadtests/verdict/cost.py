"""What a phone of a burst costs: octets on the wire, processor time, memory of the target. Pure.

All numbers are for one attempted phone (or other item), whatever became of it, with its challenge,
retransmissions and refreshes in it: a burst that fails is not cheap because little was registered.
Octets are those that items sent and received from the first moment on: the payload of SIP over
UDP, and TLS records over TCP, which hold files, firmware, API calls. Processor time of the target
is that of the burst alone, its start left out.
"""

from dataclasses import dataclass

from loadtests.batches import Wire
from loadtests.engine_core.totals import Totals


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used so far: processor time, and octets of memory that it holds."""

    cpu_s: float
    rss: int


HEADERS = 28
"""Octets of IPv4 (RFC 791, without options) and UDP (RFC 768) around each datagram."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a burst.

    Args:
        phones: that were attempted; more than 0.
        wire: what they sent and received.
        generator_cpu_s: of all engines.
        target_cpu_s, target_grown: of the target's process, and by how many octets its resident
            memory grew; None where it is not ours.
    """

    phones: int
    wire: Wire
    generator_cpu_s: float
    target_cpu_s: float | None = None
    target_grown: int | None = None

    @property
    def per_phone(self) -> dict[str, float | None]:
        """Each number for one phone, by its name in burst.json."""
        wire = self.wire
        sip = wire.sent_octets + wire.received_octets
        tls = wire.tls_sent_octets + wire.tls_received_octets
        counts = {
            "octets": sip + tls,
            "octets_sent": wire.sent_octets,
            "octets_received": wire.received_octets,
            "datagrams_sent": wire.sent,
            "datagrams_received": wire.received,
            "octets_on_wire": sip + HEADERS * (wire.sent + wire.received),
            "tls_octets_sent": wire.tls_sent_octets,
            "tls_octets_received": wire.tls_received_octets,
            "tls_connections": wire.connections,
        }
        found: dict[str, float | None] = {
            name: round(count / self.phones, 1) for name, count in counts.items()
        }
        found["tls_connections"] = round(wire.connections / self.phones, 2)
        found["generator_cpu_us"] = self._us(self.generator_cpu_s)
        found["target_cpu_us"] = self._us(self.target_cpu_s)
        grown = self.target_grown
        found["target_memory_octets"] = None if grown is None else round(grown / self.phones)
        return found

    def rows(self, item: str) -> list[tuple[str, str]]:
        """The same for people: name and value, per `item` ("phone", "extension")."""
        found = self.per_phone
        sip = headed = tls = "none"
        if found["datagrams_sent"] or found["datagrams_received"]:
            sip = f"{found['octets_sent']:,.0f} sent, {found['octets_received']:,.0f} received"
            headed = (
                f"{found['octets_on_wire']:,.0f} in {found['datagrams_sent']:g} datagrams out, "
                f"{found['datagrams_received']:g} in"
            )
        if found["tls_octets_sent"] or found["tls_octets_received"]:
            tls = (
                f"{found['tls_octets_sent']:,.0f} sent, {found['tls_octets_received']:,.0f} "
                f"received, {found['tls_connections']:g} new connections"
            )
        return [
            (f"octets per {item}, SIP and TLS", f"{found['octets']:,.0f}"),
            ("  SIP over UDP", sip),
            ("  SIP, with IP and UDP", headed),
            ("  TLS over TCP, without TCP and IP", tls),
            (f"CPU per {item}, generator", _known(found["generator_cpu_us"], "us")),
            (f"CPU per {item}, target", _known(found["target_cpu_us"], "us")),
            (f"memory per {item}, target", _known(found["target_memory_octets"], "octets")),
        ]

    def _us(self, seconds: float | None) -> float | None:
        return None if seconds is None else round(1e6 * seconds / self.phones, 1)


def cost(totals: Totals, used: tuple[Usage, Usage] | None) -> Cost | None:
    """The cost of a burst; None where no phone was attempted.

    Args:
        used: what the target's process had used before the first phone and after the last one.
    """
    if not totals.started:
        return None
    target_cpu_s = target_grown = None
    if used is not None:
        target_cpu_s = used[1].cpu_s - used[0].cpu_s
        target_grown = max(0, used[1].rss - used[0].rss)
    return Cost(totals.started, totals.wire, totals.cpu_s, target_cpu_s, target_grown)


def _known(value: float | None, unit: str) -> str:
    return "not known" if value is None else f"{value:,.0f} {unit}"
