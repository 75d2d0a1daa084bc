"""The boot on the local network, cut off at any instant (PHN-1)."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from simulators.errors import LocalProtocolError
from simulators.phone.files.firmware import Running
from simulators.phone.life import actions as do
from simulators.phone.life.states import IN_SERVICE, State
from simulators.phone.tests.boot_hands import RESYNC, at, local, minet, on
from simulators.phone.tests.life_hands import (
    LINE,
    MAC,
    MCS,
    image,
)

KINDS = (None, do.Boot, do.BringUpNetwork, do.Fetch, do.Install, do.StartRegistration, do.Wake)
ASKED = (
    do.RebootAsked("menu"),
    do.RebootAsked("resync", when_idle=True),
    do.CheckSyncAsked(),
    do.InUse(True),
    do.InUse(False),
)


class Instants(RuleBasedStateMachine):
    """Power and cable fail at any instant of any boot; nothing is left over, and all ends well.

    What the phone wanted may be answered in any order; whatever it is, the phone takes it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.hands = minet()
        self.hands.files |= {
            f"{MCS}{MAC}.cfg": LINE + RESYNC + b"3\ndirectory 1: system.csv\n"
            b"https user certificates: own.pem\naction uri poll: https://127.10.0.5:8202/poll\n"
            b"action uri poll interval: 60\n",
            f"{MCS}system.csv": b"Ada,Home,,2101\n",
            f"{MCS}own.pem": b"-----BEGIN CERTIFICATE-----\n",
        }
        self.versions = iter(f"7.{n}" for n in range(1000))

    @initialize(kind=st.sampled_from(["sip", "sip", "minet", "boot"]), until=st.sampled_from(KINDS))
    def begin(self, kind: str, until: type[do.Action] | None) -> None:
        """Begin with some firmware, at the moment when something is wanted, or off."""
        self.hands.life.running = Running("1.0", kind)
        if until is not None:
            self.hands.give(do.PowerOn()).run(until)

    @property
    def off(self) -> bool:
        return self.hands.life.state is State.OFF

    @precondition(lambda self: self.off)
    @rule(until=st.sampled_from(KINDS[1:]))
    def power_on(self, until: type[do.Action]) -> None:
        self.hands.give(do.PowerOn()).run(until)

    @precondition(lambda self: not self.off)
    @rule()
    def power_off(self) -> None:
        running = self.hands.life.running
        self.hands.give(do.PowerOff())
        assert self.hands.life.running == running and self.hands.pending == []

    @rule(back=st.booleans())
    def cable(self, back: bool) -> None:
        self.hands.give(do.CableBack() if back else do.CablePulled())

    @precondition(lambda self: self.hands.pending)
    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        self.hands.finish(data.draw(st.sampled_from(self.hands.pending)))

    @rule(steps=st.integers(1, 6))
    def things_happen_in_order(self, steps: int) -> None:
        for _ in range(steps):
            if self.hands.pending:
                self.hands.finish(self.hands.pending[0])

    @rule()
    def cable_flaps(self) -> None:
        self.hands.give(do.CablePulled()).give(do.CableBack())

    @precondition(lambda self: not self.off)
    @rule(until=st.sampled_from(KINDS[1:]))
    def power_flaps(self, until: type[do.Action]) -> None:
        self.hands.give(do.PowerOff()).give(do.PowerOn()).run(until)

    @rule(seconds=st.sampled_from([1.0, 61.0, 130.0, 400.0]))
    def time(self, seconds: float) -> None:
        self.hands.now += seconds
        self.hands.life.handle_timer(self.hands.now)
        self.hands.collect()

    @precondition(lambda self: self.hands.life.state in IN_SERVICE)
    @rule(asked=st.sampled_from(ASKED))
    def somebody_asks(self, asked: do.Result) -> None:
        self.hands.give(asked)

    @rule()
    def other_firmware(self) -> None:
        self.hands.files[f"{MCS}6930.st"] = image(next(self.versions))

    @rule(away=st.booleans())
    def server(self, away: bool) -> None:
        self.hands.server_away = (lambda url: "no answer") if away else (lambda url: "")

    @invariant()
    def one_life_and_nothing_left_over(self) -> None:
        life, pending = self.hands.life, self.hands.pending
        single = (
            do.Boot,
            do.BringUpNetwork,
            do.Install,
            do.Poll,
            do.StartRegistration,
            do.Unregister,
        )
        for kind in single:
            assert sum(isinstance(a, kind) for a in pending) <= 1, kind
        paths = [a.path for a in pending if isinstance(a, do.Fetch)]
        files = [p for p in paths if p.endswith(".cfg")]
        assert len(files) <= 1 and len([p for p in paths if p.endswith(".st")]) <= 1
        if life.state is State.OFF:
            assert not pending and life.timer_at() is None and not life.lines
        assert (life.state is State.MINET) <= (life.running.kind == "minet")
        assert (life.state is State.BOOT_LOADER) <= (life.running.kind == "boot")
        assert (life.state in IN_SERVICE) <= (life.running.kind == "sip")
        if life.state is State.REGISTERED:
            assert any(line.state is not None for line in life.lines.values())

    def teardown(self) -> None:
        hands = self.hands
        hands.server_away = lambda url: ""
        hands.give(do.CableBack())
        if self.off:
            hands.give(do.PowerOn())
        else:
            hands.give(do.PowerOff()).give(do.PowerOn())
        hands.run()
        assert at(hands, State.REGISTERED) and hands.life.running.kind == "sip"
        assert hands.life.message == "" and hands.life.directory.of_number("2101")


TestInstants = Instants.TestCase
TestInstants.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)


def test_what_makes_no_sense_is_our_mistake() -> None:
    hands = on(local())
    for result in (do.Booted(), do.Flashed(), do.NetworkUp(("127.0.0.1", 1)), do.PowerOn()):
        with pytest.raises(LocalProtocolError):
            hands.give(result)
