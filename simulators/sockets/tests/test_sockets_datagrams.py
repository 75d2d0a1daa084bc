"""The driver over UDP: sockets, the journal, the network's rules, and the clock's timer."""

import pytest

from simulators.core import Address, Datagram
from simulators.errors import ConfigurationError
from simulators.journal import LostEntry, SipEntry
from simulators.sockets import SipDriver
from simulators.sockets.tests.socket_bench import OPTIONS, Bench, Probe
from simulators.traffic import Traffic


async def test_a_datagram_arrives_on_the_side_it_was_sent_to(bench: Bench) -> None:
    here, there = Probe(), Probe()
    sender, receiver = bench.driver(here), bench.driver(there)
    source = await sender.open((bench.plan.node(1), 0), "line")
    inside = await receiver.open((bench.plan.mbg_inside, 0), "inside")
    outside = await receiver.open((bench.plan.mbg_outside, 0), "outside")
    here.out = [Datagram(OPTIONS, inside, "line"), Datagram(OPTIONS, outside, "line")]
    sender.pump()
    await bench.heard(there, 2)
    assert there.heard == [(OPTIONS, source, "inside"), (OPTIONS, source, "outside")]
    entries = [entry for entry in bench.journal.entries if isinstance(entry, SipEntry)]
    assert [(e.method, e.user, e.destination) for e in entries[-2:]] == [
        ("OPTIONS", "2101", inside),
        ("OPTIONS", "2101", outside),
    ]


async def test_what_no_path_carries_is_journaled_as_lost(bench: Bench) -> None:
    here, there = Probe(), Probe()
    sender, receiver = bench.driver(here), bench.driver(there)
    await sender.open((bench.plan.home(0), 0))
    lan = await receiver.open((bench.plan.node(1), 0))
    open_to_homes = await receiver.open((bench.plan.mbg_outside, 0), "outside")
    here.out = [Datagram(OPTIONS, lan), Datagram(OPTIONS, open_to_homes)]
    sender.pump()
    await bench.heard(there)
    assert [side for _, _, side in there.heard] == ["outside"]
    lost = [entry for entry in bench.journal.entries if isinstance(entry, LostEntry)]
    assert [(entry.what, entry.destination) for entry in lost] == [("OPTIONS", lan)]


async def test_garbage_is_journaled_with_the_reason(bench: Bench) -> None:
    here, there = Probe(), Probe()
    sender, receiver = bench.driver(here), bench.driver(there)
    await sender.open((bench.plan.node(1), 0))
    here.out = [Datagram(b"garbage", await receiver.open((bench.plan.mbg_inside, 0)))]
    sender.pump()
    await bench.heard(there)
    last = bench.journal.entries[-1]
    assert isinstance(last, SipEntry)
    assert (last.method, last.raw) == ("?", b"garbage")
    assert "empty line" in last.reason


async def test_the_cores_timer_runs_on_the_clock_also_after_a_restart(bench: Bench) -> None:
    probe = Probe()
    driver = bench.driver(probe)
    for round_ in (1, 2):
        await driver.open((bench.plan.node(1), 0))
        probe.at = bench.clock.steady() + 100
        driver.pump()
        await bench.clock.advance(99)
        assert len(probe.alarms) == round_ - 1
        await bench.clock.advance(2)
        assert len(probe.alarms) == round_
        probe.at = bench.clock.steady() + 100
        driver.pump()
        driver.close()  # takes the pending timer along
        await driver.wait_closed()
        await bench.clock.advance(200)
        assert len(probe.alarms) == round_


async def test_an_address_is_free_again_after_closing_and_not_before(bench: Bench) -> None:
    first, second = bench.driver(Probe()), bench.driver(Probe())
    address = await first.open((bench.plan.node(1), 0))
    with pytest.raises(ConfigurationError, match="can't open UDP"):
        await second.open(address)
    first.close()
    first.close()
    await first.wait_closed()
    assert await second.open(address) == address


async def test_who_waits_for_an_answer_holds_the_clock(bench: Bench) -> None:
    probe = Probe()
    driver = bench.driver(probe)
    await driver.open((bench.plan.node(1), 0))
    probe.awaits = True
    driver.pump()
    driver.pump()
    assert bench.clock._busy == 1
    probe.awaits = False
    driver.pump()
    assert bench.clock._busy == 0
    probe.awaits = True
    driver.pump()
    driver.close()
    assert bench.clock._busy == 0


async def test_what_nobody_hears_is_journaled_by_its_sender_and_the_rest_once(
    bench: Bench,
) -> None:
    plan = bench.plan
    bench.journal.name(plan.home(0), "phone")
    bench.journal.name(plan.mbg_outside, "MBG")
    phone, mbg = Probe(), Probe()
    sender, listener = bench.driver(phone), bench.driver(mbg)
    await sender.open((plan.home(0), 0))
    there = await listener.open((plan.mbg_outside, 0))
    for to in (there, (plan.mbg_outside, 5099)):
        phone.out = [Datagram(OPTIONS, to)]
        sender.pump()
    await bench.heard(mbg)
    listener.close()
    phone.out = [Datagram(OPTIONS, there)]
    sender.pump()
    ways = [(e.frm, e.to, e.destination) for e in bench.journal.entries]
    wanted = [there, there, (plan.mbg_outside, 5099)]
    assert sorted(ways) == sorted(("phone", "MBG", to) for to in wanted)


async def test_what_is_open_can_be_listed(bench: Bench) -> None:
    driver = bench.driver(Probe())
    first = await driver.open((bench.plan.mbg_outside, 0), "outside")
    second = await driver.open((bench.plan.mbg_inside, 0), "inside", "TCP")
    assert driver.addresses == {("outside", "UDP"): first, ("inside", "TCP"): second}
    driver.close()
    assert driver.addresses == {}


@pytest.mark.parametrize("wrong", [("node.example", 5060), ("127.1.2.3", 0), ("127.1.2.3", 65_536)])
async def test_what_can_not_be_sent_is_lost_alone(bench: Bench, wrong: Address) -> None:
    here, there = Probe(), Probe()
    sender, receiver = bench.driver(here), bench.driver(there)
    await sender.open((bench.plan.node(1), 0))
    to = await receiver.open((bench.plan.mbg_inside, 0))
    here.at = bench.clock.steady() + 100
    here.out = [Datagram(OPTIONS, wrong), Datagram(b"x" * 70_000, to), Datagram(OPTIONS, to)]
    sender.pump()
    await bench.heard(there)
    assert [data for data, _, _ in there.heard] == [OPTIONS]
    (lost,) = bench.lost()
    assert (lost.what, lost.destination) == ("OPTIONS", wrong)
    assert "expected an IPv4 address and a port" in lost.reason
    await bench.clock.advance(101)
    assert len(here.alarms) == 1, "the timers go on"


async def test_a_network_that_counts_knows_what_its_sockets_carried(bench: Bench) -> None:
    traffic = bench.network.traffic = Traffic()
    here, there = Probe(), Probe(echo=True)
    sender, receiver = bench.driver(here), bench.driver(there)
    await sender.open((bench.plan.node(1), 0))
    to = await receiver.open((bench.plan.mbg_inside, 0))
    here.out = [Datagram(OPTIONS, to), Datagram(b"x" * 70_000, to)]
    sender.pump()
    await bench.heard(here)
    assert (traffic.sent, traffic.received) == (2, 2), "there and back"
    assert traffic.sent_octets == traffic.received_octets == 2 * len(OPTIONS)
    assert (traffic.send_errors, traffic.drops) == (1, 0), "one was too long for UDP"
    sender.close()
    receiver.close()
    assert traffic.drops == 0, "the sockets are gone, their counts are not"


async def test_whatever_goes_wrong_with_an_event_the_timers_go_on(bench: Bench) -> None:
    class Eventful(Probe):
        def events(self) -> list[object]:
            return ["the last straw"]

    def breaks(event: object) -> None:
        raise RuntimeError(event)

    probe = Eventful()
    driver = SipDriver(probe, bench.clock, bench.network, bench.journal, breaks)
    await driver.open((bench.plan.node(1), 0))
    probe.at = bench.clock.steady() + 100
    with pytest.raises(RuntimeError, match="the last straw"):
        driver.pump()
    assert driver._timer is not None
    driver.close()
    await driver.wait_closed()
