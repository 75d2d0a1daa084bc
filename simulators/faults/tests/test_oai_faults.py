"""OAI faults: what each does to the octets, its scope, and a gateway that has them."""

from collections.abc import AsyncIterator, Sequence

import pytest

from simulators.errors import RemoteProtocolError
from simulators.faults.catalogue import CATALOGUE, made
from simulators.faults.fault import Fault
from simulators.faults.oai_change_in_list import OaiChangeInList
from simulators.faults.oai_cut import OaiCut
from simulators.faults.oai_delay import OaiDelay
from simulators.faults.oai_faults import OaiDisturber, OaiFault, OaiMessage, read
from simulators.faults.oai_missing_fields import OaiMissingFields
from simulators.faults.oai_not_ascii import OaiNotAscii
from simulators.faults.oai_silence import OaiSilence
from simulators.faults.oai_trickle import OaiTrickle
from simulators.faults.oai_unknown_event import OaiUnknownEvent
from simulators.faults.oai_wrong_sequence import OaiWrongSequence
from simulators.faults.table import FaultTable
from simulators.pbx import oai
from simulators.pbx.oai_disturbance import CUT, Piece
from simulators.pbx.tests.gateway_bench import Bench, running, until

CLIENT = ("127.10.0.5", 4711)
ANSWER = b"004,CF,_QX,7,0,1,2,|2101|,|Home, Ada|,38,1,|2102|,|Bob|,38,1\r"
FRAME = oai.frame(ANSWER)


class Gateway:
    """A table of faults and what it does to messages."""

    def __init__(self, *faults: Fault) -> None:
        self.told: list[str] = []
        self.table = FaultTable(1, lambda: 0.0, lambda fault, number, what: self.told.append(what))
        self.disturber = OaiDisturber(self.table, list)
        for fault in faults:
            self.table.switch_on(fault)

    def sends(self, payload: bytes = ANSWER) -> list[Piece]:
        return list(self.disturber.disturb(payload, CLIENT))

    def octets(self, payload: bytes = ANSWER) -> bytes:
        """What goes out, where it is one piece."""
        [(delay_s, data)] = self.sends(payload)
        assert delay_s == 0 and isinstance(data, bytes)
        return data


def test_without_a_fault_each_message_goes_out_as_it_is() -> None:
    assert Gateway().octets() == FRAME
    assert Gateway(made("sip-loss", {})).octets() == FRAME


def test_delay_trickle_silence_and_cut() -> None:
    assert Gateway(OaiDelay(delay_s=2)).sends() == [(2.0, FRAME)]
    drops = Gateway(OaiTrickle(gap_s=0.1, drop=10)).sends()
    assert [delay for delay, _ in drops] == [0.1] * 7
    assert b"".join(data for _, data in drops if isinstance(data, bytes)) == FRAME
    assert b"".join(data for _, data in Gateway(OaiSilence()).sends() if data is not CUT) == b""
    assert Gateway(OaiCut(where="before")).sends() == [(0.0, b""), (0.0, CUT)]
    assert Gateway(OaiCut()).sends() == [(0.0, FRAME[: len(FRAME) // 2]), (0.0, CUT)]
    assert Gateway(OaiCut(where="after")).sends() == [(0.0, FRAME), (0.0, CUT)]


def test_faults_that_strike_together() -> None:
    both = Gateway(OaiDelay(delay_s=2), OaiCut(where="after"), OaiTrickle(gap_s=1, drop=40))
    assert both.sends() == [(3.0, FRAME[:40]), (1.0, FRAME[40:]), (0.0, CUT)]
    assert len(both.told) == 3
    assert both.told[0] == "CF _QX to 127.10.0.5:4711"
    garbled = Gateway(OaiWrongSequence(), OaiMissingFields(missing=4)).octets()
    assert garbled == oai.frame(b"009,CF,_QX,7,0,1,2,|2101|,|Home, Ada|,38,1\r")


@pytest.mark.parametrize(
    ("length", "said"),
    [("longer", 68), ("shorter", 54), ("zero", 0), ("huge", 2**31 - 1), ("negative", 2**32 - 1)],
)
def test_a_wrong_length(length: str, said: int) -> None:
    octets = Gateway(made("oai-wrong-length", {"length": length})).octets()
    assert octets == said.to_bytes(4, "little") + ANSWER
    assert int.from_bytes(FRAME[:4], "little") == 61


def test_an_octet_that_is_no_ascii() -> None:
    octets = Gateway(OaiNotAscii()).octets()
    different = [place for place in range(len(FRAME)) if octets[place] != FRAME[place]]
    assert len(octets) == len(FRAME) and len(different) == 1
    assert 4 <= different[0] < len(FRAME) - 1
    with pytest.raises(RemoteProtocolError, match="ASCII"):
        oai.split_fields(octets[4:])
    assert octets == Gateway(OaiNotAscii()).octets()  # the same seed, the same octet


def test_missing_fields_an_unknown_event_and_a_wrong_number() -> None:
    missing = Gateway(OaiMissingFields()).octets()
    assert missing[4:] == b"004,CF,_QX,7,0,1,2,|2101|,|Home, Ada|,38,1,|2102|,|Bob|,38\r"
    assert Gateway(OaiMissingFields(missing=99)).octets()[4:] == b"004\r"
    unknown = Gateway(OaiUnknownEvent()).octets()
    assert unknown == oai.frame(b"004,ZZZ,,|?, what|\r") + FRAME
    assert Gateway(OaiWrongSequence(jump=998)).octets() == oai.frame(b"002" + ANSWER[3:])


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"001,RS,0,14:05,112326,10.20,5.0.64,0,1,1,US,1\r", ("RS", "", False)),
        (b"003,CF,_NA,1,0\r", ("CF", "_NA", False)),
        (b"003,CF,_QX,1,2\r", ("CF", "_QX", False)),
        (b"003,CF,_QX,1,0,0,0\r", ("CF", "_QX", False)),
        (b"003,CF,_QX,1,0,1,1,|2101|,|Ada|,38,1\r", ("CF", "_QX", True)),
        (b"003,CF,_QX,1,0,0,1,|2101|,|Ada|,38,1\r", ("CF", "_QX", False)),
        (b"003,CF,_QX,1,0,1,101,0,1,2101,|Ada|,38\r", ("CF", "_QX", False)),
        (b"003,CF,_QX,1,0,1,101,1,1,2101,|Ada|,38\r", ("CF", "_QX", True)),
        (b"003,CF,_XN,1,0,1,1,1,|Head Office|,|x|,|6.3|\r", ("CF", "_XN", True)),
        (b"003,EC,||,|2101|\r", ("EC", "", False)),
    ],
)
def test_messages_as_scopes_see_them(payload: bytes, message: tuple[str, str, bool]) -> None:
    assert read(payload, CLIENT) == OaiMessage(*message, CLIENT[0])


MORE = OaiMessage("CF", "_QX", True, "127.10.0.5")
LAST = OaiMessage("CF", "_QX", False, "127.10.0.5")


@pytest.mark.parametrize(
    ("fault", "concerned"),
    [
        (OaiSilence(), [MORE, LAST]),
        (OaiSilence(event="CF", command="_QX", client="127.10.0.5"), [MORE, LAST]),
        (OaiSilence(only_more=True), [MORE]),
        (OaiSilence(event="RS"), []),
        (OaiSilence(command="_XC"), []),
        (OaiSilence(client="127.10.0.6"), []),
        (OaiChangeInList(), [MORE]),
        (OaiChangeInList(command="_XC"), []),
    ],
)
def test_scopes(fault: OaiFault, concerned: list[OaiMessage]) -> None:
    assert [message for message in (MORE, LAST) if fault.concerns(message)] == concerned
    assert not fault.concerns("something else")


def test_every_fault_is_in_the_catalogue() -> None:
    kinds = [kind for kind in CATALOGUE.values() if issubclass(kind, OaiFault)]
    assert {kind.name for kind in kinds} == {kind.name for kind in OaiFault.__subclasses__()}
    assert all(name.startswith("oai-") for name in (kind.name for kind in kinds))


# At a gateway


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with running() as bench:
        yield bench


def faults_of(bench: Bench) -> FaultTable:
    table = FaultTable(1, bench.clock.now, lambda *told: None)
    bench.gateway.disturber = OaiDisturber(table, lambda: bench.gateway.nodes)
    return table


async def test_a_counted_fault_strikes_and_then_no_more(bench: Bench) -> None:
    table = faults_of(bench)
    table.switch_on(OaiSilence(event="CF", times=1))
    client = await bench.client()
    client.send(b"_NO,1\r")
    client.send(b"_NO,2\r")
    assert await client.next() == ["004", "CF", "_NO", "2", "0"]
    await client.close()


async def test_a_gateway_that_dies_in_a_list_and_comes_back(bench: Bench) -> None:
    for number in range(3000, 3120):
        bench.node.add_extension(str(number), "Ada")
    table = faults_of(bench)
    table.switch_on(OaiCut(where="after", only_more=True, times=1))
    client = await bench.client()
    client.send(b"_QX,1,1\r")
    assert (await client.next())[5:7] == ["1", "50"]
    assert await client.next() == []
    await client.close()
    client = await bench.client()
    client.send(b"_QX,1,1\r")
    assert [(await client.next())[5] for _ in range(3)] == ["1", "1", "0"]
    await client.close()


async def test_a_slow_gateway_by_the_benchs_clock(bench: Bench) -> None:
    client = await bench.client()
    faults_of(bench).switch_on(OaiTrickle(gap_s=10, drop=8, times=1))
    client.send(b"_NO,1\r")
    await until(lambda: len(bench.oai()) == 4)
    await bench.clock.advance(29)
    client.send(b"_NO,2\r")
    await until(lambda: len(bench.oai()) == 6)  # the first octets and the second command
    await bench.clock.advance(2)
    assert [(await client.next())[3] for _ in range(2)] == ["1", "2"]
    await client.close()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("added", ["EC", "", "3120"]),
        ("removed", ["EC", "3119", ""]),
        ("renewed", ["XC", "3119"]),
    ],
)
async def test_the_pbx_changes_while_a_list_is_on_its_way(
    bench: Bench, change: str, told: Sequence[str]
) -> None:
    for number in range(3000, 3120):
        bench.node.add_extension(str(number), "Ada", auth_password="Long-enough.1")
    faults_of(bench).switch_on(made("oai-change-in-list", {"change": change, "times": 1}))
    client = await bench.client()
    client.send(b"_MS,1,11\r")
    assert (await client.next())[1] == "CF"
    client.send(b"_XC,2,||\r")
    assert (await client.next())[5] == "1"
    assert (await client.next())[1:] == told
    rest = [*(await client.next()), *(await client.next())]
    assert "3120" not in rest
    assert ("3119" in rest) is (change != "removed")
    assert (rest[-1] == "Long-enough.1") is (change != "renewed")
    await client.close()
