"""SIP faults between a core and a set, over real sockets; each with what it leaves alone."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from simulators.addresses import AddressPlan, claim_private
from simulators.core import Address, Datagram
from simulators.faults.fault import Fault
from simulators.faults.nat_binding_lost import NatBindingLost
from simulators.faults.sip_corrupt import SipCorrupt
from simulators.faults.sip_duplicate import SipDuplicate
from simulators.faults.sip_faults import SipDisturber, read
from simulators.faults.sip_loss import SipLoss
from simulators.faults.sip_reorder import SipReorder
from simulators.faults.table import FaultTable
from simulators.sockets.tests.socket_bench import Bench, Probe


def message(method: str, call_id: str, user: str = "tw1") -> bytes:
    return (
        f"{method} sip:{user}@x SIP/2.0\r\nVia: SIP/2.0/UDP x\r\nFrom: <sip:{user}@x>;tag=1\r\n"
        f"To: <sip:{user}@x>\r\nCall-ID: {call_id}\r\nCSeq: 1 {method}\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode()


def answer(method: str, call_id: str) -> bytes:
    return message(method, call_id).replace(
        f"{method} sip:tw1@x SIP/2.0".encode(), b"SIP/2.0 200 OK"
    )


class Pair:
    """A core behind the disturber, and sets that talk to it."""

    def __init__(self, plan: AddressPlan) -> None:
        self.plan = plan
        self.bench = Bench(plan)
        self.told: list[str] = []
        self.faults = FaultTable(
            1, self.bench.clock.now, lambda fault, number, what: self.told.append(what)
        )
        self.core, self.set, self.other = Probe(), Probe(), Probe()
        self.core_driver = self.bench.driver(self.core, disturber=SipDisturber(self.faults))
        self.drivers = {
            id(self.set): self.bench.driver(self.set),
            id(self.other): self.bench.driver(self.other),
        }
        self.at: Address
        self.set_at: Address
        self.other_at: Address

    async def open(self) -> None:
        self.at = await self.core_driver.open((self.plan.mbg_outside, 0), "outside")
        self.set_at = await self.drivers[id(self.set)].open((self.plan.home(0), 0))
        self.other_at = await self.drivers[id(self.other)].open((self.plan.home(1), 0))

    def says(self, data: bytes, probe: Probe | None = None) -> None:
        """A set sends to the core."""
        probe = probe or self.set
        probe.out.append(Datagram(data, self.at))
        self.drivers[id(probe)].pump()

    def tells(self, data: bytes, to: Address | None = None) -> None:
        """The core sends to a set."""
        self.core.out.append(Datagram(data, to or self.set_at, "outside"))
        self.core_driver.pump()

    async def heard(self, probe: Probe, count: int) -> list[bytes]:
        """The first `count` messages that a probe hears, when they have come."""
        while len(probe.heard) < count:
            await asyncio.sleep(0)
        return [data for data, _, _ in probe.heard]


@pytest.fixture
def plan() -> Iterator[AddressPlan]:
    held = claim_private()
    yield held.plan
    held.release()


@pytest.fixture
async def pair(plan: AddressPlan) -> AsyncIterator[Pair]:
    pair = Pair(plan)
    await pair.open()
    yield pair
    await pair.bench.close()


FIRST, SECOND, THIRD = (message("REGISTER", name) for name in ("first", "second", "third"))


async def test_calm_nothing_is_lost_doubled_moved_or_changed(pair: Pair) -> None:
    for data in (FIRST, SECOND, THIRD):
        pair.says(data)
        pair.tells(data)
    assert await pair.heard(pair.core, 3) == [FIRST, SECOND, THIRD]
    assert await pair.heard(pair.set, 3) == [FIRST, SECOND, THIRD]
    assert pair.told == []


async def test_a_lost_message_never_comes_and_the_next_does(pair: Pair) -> None:
    pair.faults.switch_on(SipLoss(times=1))
    pair.says(FIRST)
    pair.says(SECOND)
    assert await pair.heard(pair.core, 1) == [SECOND]
    host, port = pair.set_at
    assert pair.told == [f"REGISTER in {host}:{port} (UDP outside)"]


async def test_a_duplicate_comes_twice(pair: Pair) -> None:
    pair.faults.switch_on(SipDuplicate(times=1, way="out"))
    pair.says(THIRD)
    pair.tells(FIRST)
    pair.tells(SECOND)
    assert await pair.heard(pair.set, 3) == [FIRST, FIRST, SECOND]
    assert await pair.heard(pair.core, 1) == [THIRD], "what comes is out of scope"


async def test_a_duplicate_may_come_later_by_the_clock(pair: Pair) -> None:
    pair.faults.switch_on(SipDuplicate(times=1, after_s=30))
    pair.says(FIRST)
    pair.says(SECOND)
    assert await pair.heard(pair.core, 2) == [FIRST, SECOND]
    await pair.bench.clock.advance(30)
    assert await pair.heard(pair.core, 3) == [FIRST, SECOND, FIRST]


async def test_a_reordered_message_is_overtaken(pair: Pair) -> None:
    pair.faults.switch_on(SipReorder(times=1, behind_s=30))
    pair.says(FIRST)
    pair.says(SECOND)
    assert await pair.heard(pair.core, 1) == [SECOND]
    await pair.bench.clock.advance(30)
    assert await pair.heard(pair.core, 2) == [SECOND, FIRST]


async def test_a_corrupted_message_differs_in_some_octets(pair: Pair) -> None:
    pair.faults.switch_on(SipCorrupt(times=1, damage=1))
    pair.says(FIRST)
    pair.says(SECOND)
    damaged, whole = await pair.heard(pair.core, 2)
    assert len(damaged) == len(FIRST)
    assert sum(a != b for a, b in zip(damaged, FIRST, strict=True)) == 1
    assert whole == SECOND


async def test_a_lost_nat_binding_swallows_all_until_the_set_registers_again(pair: Pair) -> None:
    pair.faults.switch_on(NatBindingLost(times=1))
    pair.tells(answer("REGISTER", "an answer"))  # follows the set's own packet through the NAT
    pair.tells(message("OPTIONS", "lost"))
    pair.tells(answer("INVITE", "lost, too"))
    pair.tells(FIRST, pair.other_at)
    assert await pair.heard(pair.other, 1) == [FIRST], "another home's router forgot nothing"
    pair.says(message("INVITE", "no registration"))
    await pair.heard(pair.core, 1)
    pair.tells(message("OPTIONS", "still lost"))
    pair.says(SECOND)
    await pair.heard(pair.core, 2)
    pair.tells(message("OPTIONS", "found again"))
    heard = await pair.heard(pair.set, 2)
    assert [read_call(data) for data in heard] == ["an answer", "found again"]
    assert len(pair.told) == 1


async def test_a_lost_nat_binding_ends_with_the_fault(pair: Pair) -> None:
    for fault, end in (
        (NatBindingLost(), pair.faults.calm),
        (NatBindingLost(for_s=60), lambda: None),
    ):
        pair.set.heard.clear()
        pair.faults.switch_on(fault)
        pair.tells(message("OPTIONS", "lost"))
        end()
        if fault.for_s:
            await pair.bench.clock.advance(fault.for_s)
        pair.tells(message("OPTIONS", "found again"))
        assert [read_call(d) for d in await pair.heard(pair.set, 1)] == ["found again"]


@pytest.mark.parametrize(
    ("scope", "in_scope"),
    [
        ({}, True),
        ({"way": "out"}, False),
        ({"side": "outside"}, True),
        ({"side": "inside"}, False),
        ({"transport": "UDP"}, True),
        ({"transport": "TLS"}, False),
        ({"peer": "127.30.0.2"}, True),
        ({"peer": "127.30.0.2:5060"}, True),
        ({"peer": "127.30.0.2:5061"}, False),
        ({"method": "REGISTER"}, True),
        ({"method": "OPTIONS"}, False),
        ({"username": "tw1"}, True),
        ({"username": "tw2"}, False),
    ],
)
def test_scopes_of_messages(scope: dict[str, str], in_scope: bool) -> None:
    packet = read(FIRST, way="in", peer=("127.30.0.2", 5060), side="outside", transport="UDP")
    fault: Fault = SipLoss.model_validate(scope)
    assert fault.concerns(packet) is in_scope


def test_octets_that_are_no_sip_are_a_message_without_method_and_user() -> None:
    for data in (b"", b"\x00\xff", b"REGISTER sip: SIP/2.0\r\n\r\n"):
        packet = read(data, way="in", peer=("127.30.0.2", 1), side="outside", transport="UDP")
        assert (packet.method, packet.usernames) == ("", frozenset())
        assert SipLoss().concerns(packet)
        assert not SipLoss(username="tw1").concerns(packet)
        assert SipCorrupt().play(data, bytes(32))[0][1] != data or not data


def read_call(data: bytes) -> str:
    return data.split(b"Call-ID: ")[1].split(b"\r\n")[0].decode()
