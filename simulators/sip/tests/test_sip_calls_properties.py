"""Whatever the wire loses, doubles and reorders, and whoever does what when: calls end, once."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.core import TLS, UDP
from simulators.sip.call_events import (
    CallEnded,
    CallOffered,
    CallReoffered,
    DialogRequest,
)
from simulators.sip.call_states import State
from simulators.sip.message import Message
from simulators.sip.tests.call_wire import HOP_S, Side, Wire, in_order

QUIET_S = 1000.0

DELAYS = st.sampled_from([(), (), (HOP_S,), (HOP_S,), (HOP_S,), (0.7,), (HOP_S, 0.3), (0.02, 5.0)])
VERBS = ("ring", "answer", "refuse", "hang up", "reinvite", "info", "wait", "wait long", "invite")


@dataclass(frozen=True)
class Act:
    caller: bool
    verb: str


ACTS = st.lists(st.builds(Act, st.booleans(), st.sampled_from(VERBS)), max_size=14)


def do(wire: Wire, act: Act) -> None:
    """Let one side do something with each of its calls."""
    side = wire.caller if act.caller else wire.callee
    calls, now = side.calls, wire.now
    if act.verb == "invite":
        wire.invite()
    for key in list(calls.calls):
        if act.verb == "ring":
            calls.ring(key, now)
        elif act.verb == "answer":
            calls.answer(key, now, body=b"answer")
        elif act.verb == "refuse":
            calls.refuse(key, 486, now)
        elif act.verb == "hang up":
            calls.hang_up(key, now)
        elif act.verb == "reinvite":
            calls.reinvite(key, now, body=b"again")
        elif act.verb == "info":
            calls.request(key, "INFO", now)
    wire.run({"wait": 0.6, "wait long": 50.0}.get(act.verb, 0.013))


def answers_requests(wire: Wire, side: Side) -> None:
    """The side answers INFO, and half of the re-INVITEs, at once."""

    def react(event: object) -> None:
        if isinstance(event, DialogRequest):
            side.calls.respond(event.transaction, event.request, 200, wire.now)
        elif isinstance(event, CallReoffered) and len(side.heard) % 2:
            side.calls.answer(event.key, wire.now, body=b"answer")

    side.on_event = react


@settings(max_examples=150, deadline=None)
@given(
    acts=ACTS,
    fates=st.lists(DELAYS, max_size=60),
    transport=st.sampled_from([UDP, TLS]),
    seed=st.integers(0, 5),
)
def test_calls_end_once_and_leave_nothing(
    acts: list[Act], fates: list[tuple[float, ...]], transport: str, seed: int
) -> None:
    def fate(message: Message, number: int) -> tuple[float, ...]:
        return fates[number] if number < len(fates) else (HOP_S,)

    wire = Wire(fate=fate, transport=transport, seed=seed)
    for side in (wire.caller, wire.callee):
        answers_requests(wire, side)
    wire.invite()
    wire.run(0.02)
    for act in acts:
        do(wire, act)
    wire.fate = in_order
    wire.run(QUIET_S)
    for side in (wire.caller, wire.callee):  # who is neither asked nor answered hangs up nothing
        left = [call.state for call in side.calls.calls.values()]
        assert set(left) <= {State.CONFIRMED}
    for side in (wire.caller, wire.callee):
        for key in list(side.calls.calls):
            side.calls.hang_up(key, wire.now)
        wire.run(QUIET_S)
    for side in (wire.caller, wire.callee):
        ended = [event.key for event in side.heard if isinstance(event, CallEnded)]
        assert len(ended) == len(set(ended))
        assert side.kept() == 0
        assert side.timer_at() is None
        assert not side.transactions.waiting()
    offered = {event.key for event in wire.callee.heard if isinstance(event, CallOffered)}
    assert offered == {e.key for e in wire.callee.heard if isinstance(e, CallEnded)}


@settings(max_examples=60, deadline=None)
@given(fates=st.lists(DELAYS, max_size=40), cancel_after=st.floats(0.0, 3.0))
def test_both_ends_agree_when_cancel_and_answer_race(
    fates: list[tuple[float, ...]], cancel_after: float
) -> None:
    def fate(message: Message, number: int) -> tuple[float, ...]:
        return fates[number] if number < len(fates) else (HOP_S,)

    wire = Wire(fate=fate)

    def answer(event: object) -> None:
        if isinstance(event, CallOffered):
            wire.callee.calls.answer(event.key, wire.now, body=b"answer")

    wire.callee.on_event = answer
    key = wire.invite()
    wire.run(cancel_after)
    wire.caller.calls.hang_up(key, wire.now)
    wire.run(QUIET_S)
    assert (wire.caller.kept(), wire.callee.kept()) == (0, 0)


REQUESTS = [
    f"{method} sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK{number};rport\r\n"
    f"From: <sip:a@b>;tag={tag}\r\nTo: {to}\r\nCall-ID: c\r\n{contact}"
    f"CSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n".encode()
    for method in ("INVITE", "ACK", "BYE", "CANCEL", "INFO", "OPTIONS")
    for number in (1, 2)
    for tag, to in (("1", "<sip:a@b>"), ("", "nonsense"), ("2", "<sip:x>;tag=9"))
    for contact in ("", "Contact: <sip:a@b>\r\n", "Contact: <<\r\n")
]


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A request with some octets replaced by others."""
    whole = draw(st.sampled_from(REQUESTS))
    start = draw(st.integers(0, len(whole)))
    end = draw(st.integers(start, min(len(whole), start + 30)))
    return whole[:start] + draw(st.binary(max_size=8)) + whole[end:]


@settings(max_examples=200, deadline=None)
@given(
    data=st.lists(
        st.one_of(st.binary(max_size=200), st.sampled_from(REQUESTS), broken()), max_size=12
    )
)
def test_whatever_arrives_nothing_is_raised_and_nothing_stays(data: list[bytes]) -> None:
    wire = Wire(fate=lambda message, number: ())
    for octets in data:
        wire.callee.transactions.receive(octets, ("127.10.0.66", 5060), wire.now)
        wire.run(0.1)
    wire.run(QUIET_S)
    assert wire.callee.kept() == 0
