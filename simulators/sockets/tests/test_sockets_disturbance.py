"""What a disturber decides is what happens, on UDP and on streams, by the clock."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from simulators.core import Address, Datagram
from simulators.sockets import SipDriver
from simulators.sockets.disturbance import Way
from simulators.sockets.tests.socket_bench import OPTIONS, Bench, Probe, until


@dataclass
class Plan:
    """Gives the same fate to each message that goes one way."""

    way: Way
    fate: Sequence[tuple[float, bytes]]
    seen: list[tuple[Address, str, str]] = field(default_factory=list)

    @property
    def is_calm(self) -> bool:
        return False

    def carry(
        self, data: bytes, *, way: Way, peer: Address, side: str, transport: str, now: float
    ) -> Sequence[tuple[float, bytes]]:
        if way != self.way:
            return ((0.0, data),)
        self.seen.append((peer, side, transport))
        return self.fate


async def ends(bench: Bench, transport: str) -> tuple[Probe, SipDriver, Probe, SipDriver, Address]:
    here, there = Probe(), Probe()
    sender, receiver = bench.driver(here), bench.driver(there)
    await sender.open((bench.plan.home(0), 0), "line", transport)
    to = await receiver.open((bench.plan.mbg_outside, 0), "outside", transport)
    here.out = [Datagram(OPTIONS, to, "line", transport)]
    return here, sender, there, receiver, to


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize("way", ["in", "out"])
async def test_doubled_changed_and_late(bench: Bench, transport: str, way: Way) -> None:
    _, sender, there, receiver, to = await ends(bench, transport)
    other = OPTIONS.replace(b"2101", b"2102")
    plan = Plan(way, ((500.0, OPTIONS), (0.0, other), (0.0, other)))
    (receiver if way == "in" else sender).disturber = plan
    sender.pump()
    await bench.heard(there, 2)
    assert [data for data, _, _ in there.heard] == [other, other]
    await bench.clock.advance(400)
    assert len(there.heard) == 2
    await bench.clock.advance(101)
    await bench.heard(there, 3)
    assert there.heard[2][0] == OPTIONS
    assert [e.user for e in bench.sip()] == ["2102", "2102", "2101"]
    side = "outside" if way == "in" else "line"
    assert [(seen[1], seen[2]) for seen in plan.seen] == [(side, transport)]
    assert (plan.seen[0][0] == to) is (way == "out")


@pytest.mark.parametrize("way", ["in", "out"])
async def test_loss_is_journaled_and_ends_with_the_disturber(bench: Bench, way: Way) -> None:
    here, sender, there, receiver, to = await ends(bench, "UDP")
    disturbed = receiver if way == "in" else sender
    disturbed.disturber = Plan(way, ())
    sender.pump()
    await bench.journal.wait_for(lambda entry: entry in bench.lost())
    assert [(e.reason, e.what, e.destination) for e in bench.lost()] == [
        ("disturbed", "OPTIONS", to)
    ]
    disturbed.disturber = None
    here.out = [Datagram(OPTIONS, to, "line")]
    sender.pump()
    await bench.heard(there)
    assert len(there.heard) == 1


async def test_what_is_still_under_way_ends_with_the_driver(bench: Bench) -> None:
    _, sender, there, receiver, _ = await ends(bench, "UDP")
    receiver.disturber = plan = Plan("in", ((500.0, OPTIONS),))
    sender.pump()
    await until(lambda: bool(plan.seen))
    receiver.close()
    await bench.clock.advance(501)
    assert there.heard == []
