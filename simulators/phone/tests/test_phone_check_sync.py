"""check-sync: files are compared, and a changed phone restarts when nobody talks."""

import pytest

from simulators.phone.files.firmware import Running
from simulators.phone.identity import Identity
from simulators.phone.life import actions as do
from simulators.phone.life.life import Life
from simulators.phone.life.states import State
from simulators.phone.models import model

FILES = ("startup.cfg", "6930.cfg", "1400E9123456.cfg")
ASKED = ["startup.cfg", "aastra.cfg", "6930.cfg", "1400E9123456.cfg"]
"""What is asked for where there is no first file."""
LINE = b"sip line1 user name: tw7k\nsip line1 registrar ip: 127.20.0.10\n"


class Bench:
    """A phone in service, registered; `asked` is what it fetched, `notes` what it noted."""

    def __init__(self) -> None:
        self.life = Life(
            Identity("1400E9123456"),
            model("6930"),
            Running("5.1.0.6044", "sip"),
            dhcp_server="http://127.10.0.5:8203",
        )
        self.asked: list[str] = []
        self.notes: list[do.Note] = []
        self.unregistering: tuple[int, ...] = ()
        self.files = {FILES[2]: LINE}
        self.away = False
        self.give(do.PowerOn())
        self.give(do.Registered(1, 300))
        assert self.state() is State.REGISTERED
        self.asked.clear()

    def give(self, result: do.Result) -> None:
        self.life.handle(result, 0.0)
        while actions := self.life.actions():
            for action in actions:
                self._do(action)

    def _do(self, action: do.Action) -> None:
        match action:
            case do.Boot():
                self.life.handle(do.Booted(), 0.0)
            case do.BringUpNetwork():
                self.life.handle(do.NetworkUp(("127.10.64.2", 5060)), 0.0)
            case do.Fetch(path):
                self.asked.append(path)
                body = self.files.get(path)
                found = do.Fetched(path, 404 if body is None else 200, body or b"")
                self.life.handle(do.FetchFailed(path, "away") if self.away else found, 0.0)
            case do.Unregister(lines):
                self.unregistering = lines
            case do.Note():
                self.notes.append(action)

    def state(self) -> State:
        return self.life.state

    def unregistered(self) -> None:
        for line in self.unregistering:
            self.give(do.Unregistered(line))

    def noted(self, name: str) -> list[dict[str, object]]:
        return [dict(note.facts) for note in self.notes if note.name == name]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_files_that_are_the_same_change_nothing(bench: Bench) -> None:
    bench.give(do.CheckSyncAsked())
    assert bench.asked == ASKED
    assert bench.noted("configuration compared") == [{"changed": False}]
    assert (bench.state(), bench.life.reboots) == (State.REGISTERED, 0)


def test_files_that_differ_restart_the_phone(bench: Bench) -> None:
    bench.files[FILES[0]] = b"language: 1\n"
    bench.give(do.CheckSyncAsked())
    assert bench.state() is State.RESTARTING
    bench.unregistered()
    assert (bench.state(), bench.life.reboots) == (State.REGISTERING, 1)
    assert bench.life.configuration["language"] == "1"


def test_in_a_call_the_restart_waits_for_its_end(bench: Bench) -> None:
    bench.files[FILES[0]] = b"language: 1\n"
    bench.give(do.InUse(True))
    bench.give(do.CheckSyncAsked())
    assert bench.state() is State.REGISTERED
    assert bench.noted("restart waits for the end of the call")
    bench.give(do.InUse(False))
    assert bench.state() is State.RESTARTING


def test_reboot_means_a_restart_in_any_case_but_after_the_call(bench: Bench) -> None:
    bench.give(do.InUse(True))
    bench.give(do.CheckSyncAsked(reboot=True))
    assert bench.state() is State.REGISTERED and bench.asked == []
    bench.give(do.InUse(False))
    assert bench.state() is State.RESTARTING
    bench.unregistered()
    assert bench.life.reboots == 1


def test_the_end_of_a_call_alone_restarts_nothing(bench: Bench) -> None:
    bench.give(do.InUse(True))
    bench.give(do.InUse(False))
    assert (bench.state(), bench.life.reboots) == (State.REGISTERED, 0)


def test_a_server_that_is_away_is_no_matter(bench: Bench) -> None:
    bench.away = True
    bench.give(do.CheckSyncAsked())
    assert bench.noted("configuration server away")
    assert bench.life.message == "", "during check-sync no message is shown"
    assert bench.life.timer_at() is not None and bench.state() is State.REGISTERED
    bench.away = False
    bench.asked.clear()
    bench.give(do.CheckSyncAsked())
    assert bench.asked == ASKED, "the next one is served"


def test_a_restart_that_is_decided_is_not_decided_again(bench: Bench) -> None:
    bench.give(do.CheckSyncAsked(reboot=True))
    for result in (do.CheckSyncAsked(reboot=True), do.CheckSyncAsked(), do.InUse(False)):
        bench.give(result)
    assert (bench.state(), bench.life.reboots, bench.asked) == (State.RESTARTING, 0, [])
    bench.unregistered()
    assert bench.life.reboots == 1
