"""Whatever comes from either side: an answer or a drop, never an exception, and nothing is kept.

The messages are those of a real conversation (registering, OPTIONS, NOTIFY, un-registering) and of
methods that the border does not serve, each damaged in some way.
"""

from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simulators.core import TCP, TLS, UDP, Address
from simulators.mbg.sip_border.border import Border
from simulators.mbg.sip_border.border_terms import INSIDE, OUTSIDE
from simulators.mbg.tests.border_wire import PBX_AT, Arrival, Set, Wire, estate, plug_in

STRANGER: Address = ("127.30.0.200", 5060)
METHODS = (
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "SUBSCRIBE",
    "UPDATE",
    "PRACK",
    "NOTIFY",
    "MESSAGE",
    "X",
)


def by_hand(method: str, source: Address, user: str) -> bytes:
    return (
        f"{method} sip:{user}@127.10.0.10 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {source[0]};branch=z9hG4bK{method}\r\nMax-Forwards: 70\r\n"
        f"From: <sip:x@x>;tag=1\r\nTo: <sip:{user}@127.10.0.10>\r\nCall-ID: {method}\r\n"
        f"CSeq: 1 {method}\r\nContact: <sip:x@x>\r\nContent-Length: 2\r\n\r\nhi"
    ).encode()


@cache
def conversation() -> tuple[Arrival, ...]:
    """Everything that reaches a border while a set and an ICP do what they can."""
    wire = estate()
    address = plug_in(wire)
    wire.at_border(by_hand("NOTIFY", PBX_AT, "2101"), PBX_AT, INSIDE)
    wire.settle()
    wire.move(35)
    wire.sets[address].unregister("1", wire.now)
    wire.settle()
    others = [(by_hand(m, STRANGER, "tw0"), STRANGER, OUTSIDE, UDP) for m in METHODS]
    others += [(by_hand(m, PBX_AT, "2101"), PBX_AT, INSIDE, UDP) for m in METHODS]
    return (*wire.arrived, *others)


@st.composite
def damaged(draw: st.DrawFn) -> Arrival:
    """A message of the conversation with a line or some octets changed, or as it was."""
    data, source, side, transport = draw(st.sampled_from(conversation()))
    lines = data.split(b"\r\n")
    at = draw(st.integers(0, len(lines) - 1))
    kind = draw(st.sampled_from(["whole", "line", "twice", "missing", "octets", "cut", "other"]))
    if kind == "line":
        name = lines[at].partition(b":")[0]
        lines[at] = name + b": " + draw(st.one_of(st.binary(max_size=30), ODD))
    elif kind == "twice":
        lines.insert(at, lines[at])
    elif kind == "missing":
        del lines[at]
    data = b"\r\n".join(lines)
    place = draw(st.integers(0, len(data)))
    if kind == "octets":
        data = data[:place] + draw(st.binary(min_size=1, max_size=8)) + data[place + 3 :]
    elif kind == "cut":
        data = data[:place]
    elif kind == "other":
        source = draw(st.sampled_from([STRANGER, PBX_AT, ("127.30.0.2", 5060)]))
        side = draw(st.sampled_from([INSIDE, OUTSIDE]))
        transport = draw(st.sampled_from([UDP, TCP, TLS]))
    return data, source, side, transport


ODD = st.sampled_from(
    [
        b"",
        b"*",
        b"<",
        b"<sip:>",
        b"<sip:tw0@[::1]>",
        b"tel:+1",
        b"0",
        b"-1",
        b"99999999999999999999",
        b'"',
        b'Digest username="tw0"',
        b"Digest " + b"a," * 200,
        b"SIP/2.0/UDP x;branch=z9hG4bK",
        b"<sip:a@b>, <sip:c@d>",
        b"1 " + b"9" * 300,
    ]
)
steps = st.one_of(
    damaged(),
    st.tuples(st.binary(max_size=200), st.just(STRANGER), st.sampled_from([INSIDE, OUTSIDE])),
    st.floats(0.1, 40),
    st.tuples(st.just("lost"), st.sampled_from([TCP, TLS, UDP])),
)


def tables(border: Border) -> dict[str, int]:
    """How much the border remembers, table by table."""
    upstream, registrations = border._upstream, border._registrations
    return {
        "set-side transactions": len(border._sets),
        "ICP-side transactions": len(upstream.transactions),
        "bindings": len(registrations.bindings),
        "waiting sets": len(registrations._pending),
        "deadlines": len(registrations._due),
        "flows": len(registrations.flows),
        "watched": len(border._keep_alive._watched),
        "asked": len(border._keep_alive._asked),
        "carried": len(border._relay._carried),
        "registrations upstream": len(upstream._agent.registrations),
        "ICPs": len(upstream._icps),
        "licences": border.licences.in_use,
    }


def play(wire: Wire, step: object) -> None:
    if isinstance(step, float):
        wire.move(step)
    elif isinstance(step, tuple) and step[0] == "lost":
        for peer in wire.sets:
            wire.border.lost(peer, wire.now, OUTSIDE, step[1])
        wire.border.lost(PBX_AT, wire.now, INSIDE, step[1])
    elif isinstance(step, tuple):
        wire.at_border(*step)
    wire.settle()


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, min_size=1, max_size=25), st.sampled_from([UDP, TCP]))
@example([(b"\r\n\r\n", STRANGER, OUTSIDE), (b"", PBX_AT, INSIDE)], UDP)
def test_nothing_raises_and_nothing_is_kept(taken: list[object], transport: str) -> None:
    wire = estate()
    address = plug_in(wire, transport=transport)
    for step in taken:
        play(wire, step)
    wire.sets.clear()
    wire.cut |= {address, STRANGER}
    wire.move(4000)  # longer than any registration, upstream or not
    assert [name for name, count in tables(wire.border).items() if count] == []


def test_the_conversation_fills_the_tables_that_are_empty_in_the_end() -> None:
    """Else the test above would find nothing because nothing was ever there."""
    wire = estate()
    agent = wire.sets[plug_in(wire)]
    wire.move(20)
    assert isinstance(agent, Set)
    agent.status = 0  # it no longer answers
    wire.move(20)
    wire.at_border(by_hand("NOTIFY", PBX_AT, "2101"), PBX_AT, INSIDE)
    wire.settle()
    assert [name for name, count in tables(wire.border).items() if not count] == ["waiting sets"]


@pytest.mark.parametrize("method", METHODS)
def test_every_request_but_ack_gets_one_final_answer(method: str) -> None:
    for source, side, user in ((STRANGER, OUTSIDE, "tw0"), (PBX_AT, INSIDE, "2101")):
        wire = estate()
        wire.at_border(by_hand(method, source, user), source, side)
        wire.settle()
        assert len(wire.said_to(source)) == (0 if method == "ACK" else 1)
