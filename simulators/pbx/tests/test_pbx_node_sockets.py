"""Telephones on real sockets, over UDP and TCP, at a node that runs: they call each other."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest

from simulators.addresses import AddressPlan, claim_private
from simulators.clock import Clock
from simulators.core import TCP, UDP
from simulators.entropy import Seed
from simulators.journal import Happened, Journal
from simulators.network import Network
from simulators.pbx.node import PbxNode
from simulators.pbx.tests.office import ANSWER, Phone
from simulators.sip.call_events import CallAnswered, CallEnded, CallOffered, CallProgress, Reason
from simulators.sip.headers import NameAddress
from simulators.sip.registration import State
from simulators.sockets import SipDriver
from simulators.sockets.tests.socket_bench import until


@dataclass
class Bench:
    """A node, and the phones of its office."""

    plan: AddressPlan
    drivers: dict[str, SipDriver] = field(default_factory=dict)

    async def start(self) -> None:
        self.clock = Clock(start=0)
        self.journal = Journal(self.clock.now)
        self.network = Network(self.plan, self.journal, self.clock)
        self.node = PbxNode(
            1,
            "Head Office",
            "6.3 SP1",
            clock=self.clock,
            network=self.network,
            journal=self.journal,
            entropy=Seed(1).stream("node").randbytes,
        )
        await self.node.start((self.plan.node(1), 0))

    async def phone(self, number: str, transport: str, *, on: bool = True) -> Phone:
        """A phone of a new extension, registered (unless said otherwise) when this returns."""
        extension = self.node.add_extension(number, f"Person {number}", auth_password="right-1")
        at = self.plan.local_phone(len(self.drivers))
        phone = Phone((at, 5060), number, extension.auth_password, transport)
        driver = SipDriver(phone, self.clock, self.network, self.journal, lambda event: None)
        phone.agent.transactions.local = await driver.open((at, 0), "", transport)
        self.drivers[number] = driver
        if on:
            phone.register(self.node.address, self.clock.steady())
            driver.pump()
            await until(lambda: phone.state is State.REGISTERED)
        return phone

    def do(self, phone: Phone) -> None:
        """Send what the phone was told to say."""
        self.drivers[phone.number].pump()

    def dial(self, phone: Phone, digits: str) -> None:
        phone.dial(digits, self.node.address, self.clock.steady())
        self.do(phone)

    async def talk(self, caller: Phone, called: Phone) -> None:
        self.dial(caller, called.number)
        await until(lambda: bool(called.of(CallOffered)))
        called.calls.ring(called.offered().key, self.clock.steady())
        self.do(called)
        await until(lambda: bool(caller.of(CallProgress)))
        called.calls.answer(called.offered().key, self.clock.steady(), body=ANSWER)
        self.do(called)
        await until(lambda: bool(caller.of(CallAnswered)))

    async def over(self, *phones: Phone) -> None:
        for phone in phones:
            await until(lambda phone=phone: bool(phone.of(CallEnded)))  # type: ignore[misc]

    def happened(self) -> list[str]:
        return [entry.name for entry in self.journal.entries if isinstance(entry, Happened)]

    async def stop(self) -> None:
        for driver in self.drivers.values():
            driver.close()
            await driver.wait_closed()
        await self.node.stop()


@pytest.fixture
def plan() -> Iterator[AddressPlan]:
    held = claim_private()
    yield held.plan
    held.release()


@pytest.fixture
async def bench(plan: AddressPlan) -> AsyncIterator[Bench]:
    made = Bench(plan)
    await made.start()
    yield made
    await made.stop()


@pytest.mark.parametrize("caller_hangs_up", [True, False])
@pytest.mark.parametrize(("one", "other"), [(UDP, UDP), (UDP, TCP), (TCP, UDP), (TCP, TCP)])
async def test_ring_answer_and_hang_up(
    bench: Bench, one: str, other: str, caller_hangs_up: bool
) -> None:
    ada, bob = await bench.phone("2101", one), await bench.phone("2102", other)
    await bench.talk(ada, bob)
    assert [talk.state for talk in bench.node.calls] == ["talking"]
    host, port = bench.node.address
    headers = bob.offered().request.headers
    assert headers.get("via").startswith(f"SIP/2.0/{other} {host}:{port};")
    assert NameAddress.parse(headers.get("contact")).uri.address == (host, port)
    leaver, key = (ada, ada.key) if caller_hangs_up else (bob, bob.offered().key)
    leaver.calls.hang_up(key, bench.clock.steady())
    bench.do(leaver)
    await bench.over(ada, bob)
    assert (ada.ended().reason, bob.ended().reason) == (Reason.BYE, Reason.BYE)
    assert bench.node.calls == []
    assert bench.happened()[-3:] == ["call", "call answered", "call ended"]


@pytest.mark.parametrize("transport", [UDP, TCP])
async def test_busy_and_cancel(bench: Bench, transport: str) -> None:
    ada, bob = await bench.phone("2101", transport), await bench.phone("2102", transport)
    bench.dial(ada, "2102")
    await until(lambda: bool(bob.of(CallOffered)))
    bob.calls.refuse(bob.offered().key, 486, bench.clock.steady())
    bench.do(bob)
    await bench.over(ada)
    assert ada.refusal().status == 486
    bench.dial(bob, "2101")
    await until(lambda: bool(ada.of(CallOffered)))
    ada.calls.ring(ada.offered().key, bench.clock.steady())
    bench.do(ada)
    await until(lambda: bool(bob.of(CallProgress)))
    bob.calls.hang_up(bob.key, bench.clock.steady())
    bench.do(bob)
    await until(lambda: len(ada.of(CallEnded)) == 2 and len(bob.of(CallEnded)) == 2)
    assert ada.ended().reason is bob.ended().reason is Reason.CANCELLED


@pytest.mark.parametrize("transport", [UDP, TCP])
async def test_not_registered(bench: Bench, transport: str) -> None:
    ada = await bench.phone("2101", transport)
    await bench.phone("2102", transport, on=False)
    bench.dial(ada, "2102")
    await bench.over(ada)
    assert ada.refusal().status == 480
    assert "2102 is not registered" in ada.refusal().headers.get("warning")


@pytest.mark.parametrize("transport", [UDP, TCP])
async def test_check_sync(bench: Bench, transport: str) -> None:
    ada = await bench.phone("2101", transport)
    bench.node.check_sync("2101")
    await until(lambda: "notify answered" in bench.happened())
    assert ada.requests[0].headers.get("event") == "check-sync"


async def test_calls_over_tcp_take_the_connection_of_the_register(bench: Bench) -> None:
    ada, bob = await bench.phone("2101", UDP), await bench.phone("2102", TCP)
    binding = bench.node.binding("2102")
    assert binding is not None
    assert binding.peer != bob.agent.transactions.local  # the phone's end of its connection
    await bench.talk(ada, bob)
    assert bench.drivers["2102"].connections() == 1


async def test_a_phone_whose_connection_ended_is_called_at_its_contact(bench: Bench) -> None:
    ada, bob = await bench.phone("2101", TCP), await bench.phone("2102", TCP)
    at = bob.agent.transactions.local
    before = bench.node.binding("2102")
    bench.drivers["2102"].close()
    await bench.drivers["2102"].wait_closed()
    await until(lambda: bench.node.binding("2102") != before)
    again = Phone(at, "2102", "right-1", TCP)  # it came back, and has not registered yet
    driver = SipDriver(again, bench.clock, bench.network, bench.journal, lambda event: None)
    await driver.open(at, "", TCP)
    bench.drivers["2102"] = driver
    await bench.talk(ada, again)


async def test_a_phone_that_is_gone_for_good_is_unregistered_by_the_next_call(
    bench: Bench,
) -> None:
    ada, bob = await bench.phone("2101", TCP), await bench.phone("2102", TCP)
    before = bench.node.binding("2102")
    bench.drivers["2102"].close()
    await until(lambda: bench.node.binding("2102") != before)
    assert bench.node.is_registered("2102")
    bench.dial(ada, bob.number)
    await bench.over(ada)
    assert ada.refusal().status == 503
    await until(lambda: not bench.node.is_registered("2102"))


async def test_a_hot_desk_takes_its_calls_along(bench: Bench) -> None:
    ada, bob = await bench.phone("2101", UDP), await bench.phone("2102", TCP)
    bench.node.add_extension("2150", "Guest", hot_desk=True, passcode="4711")
    bench.dial(ada, "3482150*4711")
    await bench.over(ada)
    assert dict(bench.node.hot_desk) == {"2150": "2101"}
    bench.dial(bob, "2150")
    await until(lambda: bool(ada.of(CallOffered)))
    bench.node.log_out("2150")
    assert dict(bench.node.hot_desk) == {}
    assert "hot desk log-out" in bench.happened()
