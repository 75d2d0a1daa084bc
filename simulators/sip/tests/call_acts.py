"""What the tests of calls do again and again: offer, confirm, and let all timers run out."""

from simulators.sip.call_events import (
    CallEnded,
    CallOffered,
    Party,
    Reason,
)
from simulators.sip.call_states import State
from simulators.sip.message import Message, Request
from simulators.sip.tests.call_wire import REPLY, Side, Wire

LONG_S = 1000.0


def kinds(side: Side) -> list[str]:
    return [type(event).__name__ for event in side.heard]


def ends(side: Side) -> list[tuple[Party, Reason]]:
    return [(event.by, event.reason) for event in side.heard if isinstance(event, CallEnded)]


def offered(wire: Wire, **more: object) -> tuple[str, str]:
    """A call that has reached the callee; both ends' keys."""
    key = wire.invite(**more)
    wire.run(0.05)
    [event] = wire.callee.heard
    assert isinstance(event, CallOffered)
    return key, event.key


def confirmed(wire: Wire, **more: object) -> tuple[str, str]:
    """A call that both ends talk in."""
    here, there = offered(wire, **more)
    assert wire.callee.calls.ring(there, wire.now)
    wire.run(0.5)
    assert wire.callee.calls.answer(there, wire.now, body=REPLY)
    wire.run(0.5)
    assert states(wire) == (State.CONFIRMED, State.CONFIRMED)
    for side in (wire.caller, wire.callee):
        side.heard.clear()
    wire.sent.clear()
    return here, there


def states(wire: Wire) -> tuple[State, ...]:
    return tuple(
        call.state for side in (wire.caller, wire.callee) for call in side.calls.calls.values()
    )


def over(wire: Wire) -> None:
    """All timers run out, and nothing is left."""
    wire.run(LONG_S)
    assert (wire.caller.kept(), wire.callee.kept()) == (0, 0)
    assert wire.caller.timer_at() is wire.callee.timer_at() is None


def strange(message: Message, method: str, **headers: str) -> bytes:
    """A request that somebody makes of one that was sent."""
    changed = message.headers.replaced("Via", f"SIP/2.0/UDP x;branch=z9hG4bK{method}")
    for name, value in headers.items():
        changed = changed.replaced(name, value)
    return Request(method, "sip:x", changed).encode()
