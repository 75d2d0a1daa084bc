"""Ways over the map, what a frame shows, and what is counted."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.addresses import DEFAULT_PLAN as PLAN
from simulators.core import Address
from simulators.faces.live_map.layout import HOMES, INSTALLER, MCS, OFFICE, lay_out
from simulators.faces.live_map.routing import Routes
from simulators.faces.live_map.traffic import Rates, framed, is_refusal
from simulators.journal import Entry, ForwardEntry, Happened, HttpEntry, LostEntry, OaiEntry
from simulators.journal.entries import Interface, SipEntry

HOME: Address = (PLAN.home(3), 5060)
DESK: Address = (PLAN.local_phone(2), 5060)
OUTSIDE: Address = (PLAN.mbg_outside, 5060)
INSIDE: Address = (PLAN.mbg_inside, 5060)
NODE: Address = (PLAN.node(1), 5060)
PHONE = "phone 1400E9000001"
WIRES = lay_out(2, 2).wires
ROUTES = Routes(
    WIRES,
    [
        ("MBG", PLAN.mbg_outside, PLAN.mbg_inside),
        ("MBG 2", PLAN.outside_of_mbg(2), PLAN.inside_of_mbg(2)),
    ],
    ["PBX node 1", "PBX node 2"],
    PLAN.zone,
    {"192.0.2.7": MCS},
)


def sip(
    frm: str, to: str, source: Address, destination: Address, status: int | None = None,
    method: str = "REGISTER", seq: int = 1,
) -> SipEntry:  # fmt: skip
    return SipEntry(
        seq=seq, time=0.0, frm=frm, to=to, transport="UDP", source=source,
        destination=destination, method=method, status=status, reason="", user="2101",
        call_id="c", raw=b"",
    )  # fmt: skip


def http(
    frm: str, to: str, interface: Interface = "HTTP", status: int | None = None, **ends: Address,
) -> HttpEntry:  # fmt: skip
    return HttpEntry(
        seq=1, time=0.0, frm=frm, to=to, method="GET", path="/x", status=status,
        interface=interface, source=ends.get("source"), destination=ends.get("destination"),
    )  # fmt: skip


def lost(source: Address, destination: Address, transport: str = "TCP") -> LostEntry:
    return LostEntry(
        seq=1, time=0.0, frm=PHONE, to=destination[0], transport=transport, source=source,
        destination=destination, reason="no path", what="x",
    )  # fmt: skip


def way(entry: Entry) -> list[tuple[str, str, str]]:
    """From place to place with which protocol, hop by hop."""
    route = ROUTES.of(entry)
    if route is None:
        return []
    hops = []
    for hop in route.hops:
        wire = WIRES[abs(hop) - 1]
        ends = (wire.a, wire.b) if hop > 0 else (wire.b, wire.a)
        hops.append((*ends, wire.protocol))
    return hops


SECOND: Address = (PLAN.outside_of_mbg(2), 8202)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (sip(PHONE, "MBG", HOME, OUTSIDE), [(HOMES, "mbg1", "SIP")]),
        (sip("MBG", PHONE, OUTSIDE, HOME, 401), [("mbg1", HOMES, "SIP")]),
        (sip("MBG", "PBX node 2", INSIDE, NODE), [("mbg1", "node2", "SIP")]),
        (sip("PBX node 1", PHONE, NODE, DESK, 200), [("node1", OFFICE, "SIP")]),
        (http(PHONE, "MCS", source=HOME, destination=OUTSIDE),
         [(HOMES, "mbg1", "HTTP"), ("mbg1", MCS, "HTTP")]),
        (http("MCS", PHONE, status=200, source=SECOND, destination=HOME),
         [(MCS, "mbg2", "HTTP"), ("mbg2", HOMES, "HTTP")]),
        (http(PHONE, "MCS", source=DESK, destination=(PLAN.mcs, 8203)), [(OFFICE, MCS, "HTTP")]),
        (http("MCS", "MBG 2", "REST"), [(MCS, "mbg2", "REST")]),
        (http("MBG", "192.0.2.7", "REST", 200), [("mbg1", MCS, "REST")]),
        (http("installer", "MCS"), [(INSTALLER, MCS, "HTTP")]),
        (http("installer", "MBG"), [(INSTALLER, "mbg1", "HTTP")]),
        (OaiEntry(seq=1, time=0, frm="CT Gateway", to="MCS", command="RS", text=""),
         [("gateway", MCS, "OAI")]),
        (ForwardEntry(seq=1, time=0, frm=PHONE, to="MBG", source=HOME, destination=OUTSIDE,
                      outside_port=8202, snat=True, snat_source="x"), [(HOMES, "mbg1", "HTTP")]),
        (lost(HOME, (PLAN.mcs, 8202)), [(HOMES, "mbg1", "HTTP")]),
        (lost(HOME, (PLAN.node(1), 5060), "UDP"), [(HOMES, "mbg1", "SIP")]),
        (http("somebody", "else"), []),
        (Happened(seq=1, time=0, frm="MBG", to="MBG", name="restarted"), []),
    ],
)  # fmt: skip
def test_a_message_takes_the_wires_that_it_would(
    entry: Entry, expected: list[tuple[str, str, str]]
) -> None:
    assert way(entry) == expected


def test_a_way_names_its_phone() -> None:
    there, back = sip(PHONE, "MBG", HOME, OUTSIDE), sip("MBG", PHONE, OUTSIDE, HOME, 200)
    for entry in (there, back):
        route = ROUTES.of(entry)
        assert route is not None and route.phone == PHONE
    inside = ROUTES.of(sip("MBG", "PBX node 1", INSIDE, NODE))
    assert inside is not None and inside.phone == ""


def many(kinds: list[int]) -> list[Entry]:
    made: list[Entry] = []
    for seq, kind in enumerate(kinds, 1):
        made.append(
            (
                sip(PHONE, "MBG", HOME, OUTSIDE, seq=seq),
                sip("MBG", PHONE, OUTSIDE, HOME, 401, seq=seq),
                sip("MBG", PHONE, OUTSIDE, HOME, 403, seq=seq),
                sip("MBG", "PBX node 1", INSIDE, NODE, seq=seq),
                Happened(seq=seq, time=0, frm=PHONE, to=PHONE, name="registered"),
            )[kind]
        )
    return made


def same(text: str) -> str:
    return text


PHONES: Mapping[str, int] = {PHONE: 7}


@given(st.lists(st.integers(0, 4), max_size=60), st.integers(1, 12))
def test_a_frame_loses_no_message_and_shows_few(kinds: list[int], most: int) -> None:
    entries = many(kinds)
    frame = framed(entries, ROUTES, PHONES, same, most)
    drawn = Counter((s.protocol, s.hops) for s in frame.singles) + Counter(frame.bundles)
    expected: Counter[tuple[str, tuple[int, ...]]] = Counter()
    for entry in entries:
        if (route := ROUTES.of(entry)) is not None:
            expected[entry.protocol, route.hops] += 1
    assert drawn == expected
    assert len(frame.singles) == min(most, expected.total())
    assert [s.seq for s in frame.singles] == sorted(s.seq for s in frame.singles)


@given(st.integers(20, 300), st.integers(0, 299))
def test_a_refusal_is_seen_among_however_many(count: int, place: int) -> None:
    entries = many([0] * count)
    seq = place % count + 1
    entries[seq - 1] = sip("MBG", PHONE, OUTSIDE, HOME, 403, seq=seq)
    frame = framed(entries, ROUTES, PHONES, same)
    (refusal,) = [s for s in frame.singles if s.is_refusal]
    assert (refusal.seq, refusal.phone, refusal.document()[-1]) == (seq, 7, 2)


def test_each_way_has_one_single_before_any_has_two() -> None:
    entries = [*many([0] * 50), sip("MBG", "PBX node 1", INSIDE, NODE, seq=51)]
    frame = framed(entries, ROUTES, PHONES, same, 2)
    assert {way_of.hops for way_of in frame.singles} == {
        route.hops for e in entries if (route := ROUTES.of(e)) is not None
    }


def test_only_what_is_shown_alone_is_masked() -> None:
    """Masking a text costs more than counting a thousand messages."""
    asked: list[str] = []

    def view(text: str) -> str:
        asked.append(text)
        return "•••"

    frame = framed(many([0] * 500), ROUTES, PHONES, view, 3)
    assert len(asked) == 3 and {s.label for s in frame.singles} == {"•••"}


@pytest.mark.parametrize(
    ("entry", "refusal"),
    [
        (sip("MBG", PHONE, OUTSIDE, HOME, 401), False),
        (sip("MBG", PHONE, OUTSIDE, HOME, 200), False),
        (sip("MBG", PHONE, OUTSIDE, HOME, 403), True),
        (sip(PHONE, "MBG", HOME, OUTSIDE), False),
        (http("MBG", "MCS", "REST", 401), True),
        (http("MBG", "MCS", "REST", 404), True),
        (http("MCS", PHONE, status=404), False),
        (http("MCS", PHONE, status=403), True),
    ],
)
def test_what_counts_as_a_refusal(entry: Entry, refusal: bool) -> None:
    assert is_refusal(entry) is refusal


def test_rates_are_per_second_of_the_last_seconds() -> None:
    rates = Rates(100.0)
    rates.count(many([0, 1, 2]), 100.5)
    assert rates.per_second("messages", 100.5) == 3.0  # not less than a second is reckoned with
    rates.count([sip("MBG", PHONE, OUTSIDE, HOME, 200)] * 10, 102.0)
    assert rates.per_second("registrations", 102.0) == 5.0
    assert rates.per_second("refusals", 102.0) == 0.5
    rates.count([http("MCS", "MBG", "REST"), http("MBG", "MCS", "REST", 200)], 106.0)
    assert (rates.per_second("rest", 106.0), rates.per_second("registrations", 106.0)) == (0.2, 2.0)
    assert rates.per_second("messages", 200.0) == 0.0
    assert rates.totals["registrations"] == 10 and rates.totals["messages"] == 15


def test_an_answer_of_a_node_is_no_registration_of_a_phone() -> None:
    rates = Rates(0.0)
    rates.count([sip("PBX node 1", "MBG", NODE, INSIDE, 200)], 1.0)
    assert rates.totals["registrations"] == 0
