"""Where a line registers and when: timers, backup registrar, another account (domain 3.2)."""

from dataclasses import dataclass, field

import pytest

from simulators.core import UDP, Address
from simulators.entropy import Seed
from simulators.phone.calls.line_table import Activity
from simulators.phone.calls.registrations import LEAVING_S
from simulators.phone.calls.user_agent import UserAgent
from simulators.phone.files.lines import Lines, lines
from simulators.phone.tests.phone_wire import Ports
from simulators.sip.agent import RegistrationChanged
from simulators.sip.headers import seconds
from simulators.sip.message import Request, Response, parse, response_to
from simulators.sip.registration import State

PHONE: Address = ("127.30.0.2", 5060)
FIRST: Address = ("127.20.0.10", 5060)
SPARE: Address = ("127.20.0.11", 5070)
ONE = {
    "sip line1 user name": "tw1",
    "sip line1 password": "p",
    "sip line1 registrar ip": FIRST[0],
    "sip registration period": "300",
}
BACKUP = {"sip line1 backup registrar ip": SPARE[0], "sip line1 backup registrar port": "5070"}
NO_ANSWER_S = 32.0
"""RFC 3261 section 17.1.2.2, timer F."""


@dataclass
class Registrar:
    """Answers while it is alive; `asked` has the time, the user and the Expires of each request."""

    alive: bool = True
    status: int = 200
    asked: list[tuple[float, str, int]] = field(default_factory=list)
    invited: int = 0

    def answer(self, request: Request, now: float) -> Response | None:
        if request.method == "INVITE":
            self.invited += 1
            return response_to(request, 480, to_tag="t") if self.alive else None
        if request.method != "REGISTER":
            return None
        contact = request.headers.get("contact")
        expires = seconds(request.headers.get("expires")) or 0
        user = contact.partition("sip:")[2].partition("@")[0]
        if (now, user, expires) not in self.asked[-2:]:
            self.asked.append((now, user, expires))
        if not self.alive:
            return None
        extra = [("Contact", f"{contact};expires={expires}")] if self.status == 200 else []
        return response_to(request, self.status, headers=extra, to_tag="t")


class Wire:
    """One phone and two registrars, in memory; `told` is what the phone told, with the time."""

    def __init__(self, **more: str) -> None:
        self.first, self.spare = Registrar(), Registrar()
        self.core = UserAgent(PHONE, Seed(1).stream("x").randbytes, Ports(PHONE[0]))
        self.told: list[tuple[float, State]] = []
        self.now = 0.0
        self.more = {name.replace("_", " "): value for name, value in more.items()}

    def register(self, **more: str) -> None:
        self.core.register(self.lines(**more), self.now)
        self.settle()

    def lines(self, **more: str) -> Lines:
        named = {name.replace("_", " "): value for name, value in more.items()}
        return lines(ONE | self.more | named, PHONE, "Mitel 6930/5")

    def settle(self) -> None:
        busy = True
        while busy:
            self.core.work(self.now)
            for event in self.core.events():
                if isinstance(event, RegistrationChanged):
                    assert event.key == "1"
                    self.told.append((self.now, event.after))
            sent = self.core.to_send()
            busy = bool(sent)
            for datagram in sent:
                registrar = {FIRST: self.first, SPARE: self.spare}[datagram.to]
                request = parse(datagram.data)
                if isinstance(request, Request):
                    response = registrar.answer(request, self.now)
                    if response is not None:
                        self.core.receive(response.encode(), datagram.to, self.now, "", UDP)

    def until(self, at: float) -> None:
        while (due := self.core.timer_at()) is not None and due <= at:
            self.now = max(self.now, due)
            self.core.handle_timer(self.now)
            self.settle()
        self.now = at

    def outcomes(self) -> list[State]:
        wanted = (State.REGISTERED, State.REFUSED, State.TIMED_OUT, State.UNREGISTERED)
        return [state for _, state in self.told if state in wanted]


# Timers


@pytest.mark.parametrize(
    ("more", "renewed"),
    [
        ({"sip_registration_period": "300"}, 285.0),  # 15 s before the end
        ({"sip_registration_period": "20"}, 10.0),  # half-way is not longer than the threshold
        ({"sip_registration_period": "30"}, 15.0),
        ({"sip_registration_period": "31"}, 16.0),
        ({"sip_registration_period": "300", "sip_registration_renewal_timer": "100"}, 200.0),
        ({"sip_registration_period": "300", "sip_registration_renewal_timer": "0"}, 300.0),
    ],
)
def test_renewal(more: dict[str, str], renewed: float) -> None:
    wire = Wire(**more)
    wire.register()
    wire.until(renewed - 0.001)
    assert len(wire.first.asked) == 1
    wire.until(renewed)
    assert [at for at, _, _ in wire.first.asked] == [0.0, renewed]


@pytest.mark.parametrize(
    ("timer", "after"), [("", 1800.0), ("60", 60.0), ("5", 30.0), ("9000", 1800.0)]
)
def test_retry_after_a_refusal(timer: str, after: float) -> None:
    wire = Wire(sip_registration_retry_timer=timer)
    wire.first.status = 403
    wire.register()
    wire.until(after - 0.001)
    assert len(wire.first.asked) == 1 and wire.outcomes() == [State.REFUSED]
    wire.until(after)
    assert [at for at, _, _ in wire.first.asked] == [0.0, after]


@pytest.mark.parametrize(("timer", "after"), [("", 120.0), ("40", 40.0), ("1", 30.0)])
def test_retry_after_no_answer(timer: str, after: float) -> None:
    wire = Wire(sip_registration_timeout_retry_timer=timer)
    wire.first.alive = False
    wire.register()
    wire.until(NO_ANSWER_S + after - 0.001)
    assert wire.outcomes() == [State.TIMED_OUT]
    wire.first.asked.clear()
    wire.first.alive = True
    wire.until(NO_ANSWER_S + after)
    assert [at for at, _, _ in wire.first.asked] == [NO_ANSWER_S + after]
    assert wire.outcomes() == [State.TIMED_OUT, State.REGISTERED]


# Backup registrar


def backed_up(**more: str) -> Wire:
    named = {name.replace(" ", "_"): value for name, value in BACKUP.items()}
    return Wire(**named, **more)


def test_the_backup_registrar_is_left_alone_while_the_first_answers() -> None:
    wire = backed_up()
    wire.register()
    wire.until(2000)
    assert wire.spare.asked == [] and not wire.core.registrations.uses_backup(1)
    wire.first.status = 403
    wire.until(4000)
    assert wire.spare.asked == [], "a refusal is an answer"


def test_the_backup_registrar_serves_and_the_first_takes_back() -> None:
    wire = backed_up()
    wire.first.alive = False
    wire.register()
    wire.until(NO_ANSWER_S)
    assert wire.told[-1] == (NO_ANSWER_S, State.REGISTERED)
    assert wire.outcomes() == [State.REGISTERED], "no time-out is told: the line works"
    assert wire.core.registrations.uses_backup(1)
    assert wire.core.registrations.granted_s(1) == 300
    wire.until(1000)
    renewals = [at for at, _, _ in wire.spare.asked]
    assert renewals == [NO_ANSWER_S + 285 * n for n in range(4)], "it is kept there"
    tried = {at for at, _, _ in wire.first.asked}
    assert NO_ANSWER_S + 120 in tried, "the first is tried again each 120 s"
    wire.first.alive = True
    wire.until(1300)
    assert not wire.core.registrations.uses_backup(1) and wire.outcomes()[-1] is State.REGISTERED
    assert wire.spare.asked[-1][2] == 0, "and taken back from the backup one"
    spare = len(wire.spare.asked)
    wire.until(3000)
    assert len(wire.spare.asked) == spare and State.UNREGISTERED not in wire.outcomes()


def test_a_refresh_that_is_not_answered_goes_to_the_backup_registrar_too() -> None:
    wire = backed_up()
    wire.register()
    wire.first.alive = False
    wire.until(285 + NO_ANSWER_S)
    assert wire.core.registrations.uses_backup(1) and wire.outcomes() == [State.REGISTERED] * 2


def test_both_silent_is_a_time_out_and_a_refusal_there_is_told() -> None:
    wire = backed_up()
    wire.first.alive = wire.spare.alive = False
    wire.register()
    wire.until(2 * NO_ANSWER_S)
    assert wire.outcomes() == [State.TIMED_OUT] and not wire.core.registrations.uses_backup(1)
    wire = backed_up()
    wire.first.alive, wire.spare.status = False, 403
    wire.register()
    wire.until(NO_ANSWER_S)
    assert wire.outcomes() == [State.REFUSED]


def test_calls_go_to_the_backup_proxy_while_it_is_used() -> None:
    wire = backed_up()
    wire.register()

    def dial() -> None:
        assert wire.core.calls.off_hook(1) and wire.core.calls.digit(1, "5")
        assert wire.core.calls.dial(1, wire.now)
        wire.settle()

    dial()
    assert (wire.first.invited, wire.spare.invited) == (1, 0)
    wire.first.alive = False
    wire.until(285 + NO_ANSWER_S)
    dial()
    assert (wire.first.invited, wire.spare.invited) == (1, 1)


def test_unregistering_takes_back_what_is_used() -> None:
    wire = backed_up()
    wire.first.alive = False
    wire.register()
    wire.until(NO_ANSWER_S)
    wire.core.unregister((1,), wire.now)
    wire.settle()
    assert wire.spare.asked[-1][2] == 0 and wire.outcomes()[-1] is State.UNREGISTERED


def test_global_forms_and_host_names() -> None:
    found = lines(
        {
            "sip user name": "tw1",
            "sip registrar ip": "localhost",
            "sip backup registrar ip": "spare.test",
            "sip backup proxy ip": "127.0.0.9",
        },
        PHONE,
        resolve=lambda host: {"localhost": "127.0.0.1", "spare.test": "127.0.0.8"}.get(host, host),
    )
    (line,) = found.lines
    assert line.account.registrar == ("127.0.0.1", 5060) and line.account.domain == "localhost"
    assert line.backup is not None and line.backup.registrar == ("127.0.0.8", 5060)
    assert line.backup.domain == "spare.test" and line.backup_proxy == ("127.0.0.9", 5060)
    unknown = lines({"sip user name": "x", "sip registrar ip": "no.such.test"}, PHONE)
    assert unknown.lines == () and "no IPv4 address is known" in unknown.problems[0]
    known = lines({"sip user name": "x", "sip registrar ip": "a.localhost"}, PHONE)
    assert known.lines[0].account.registrar[0] == "127.0.0.1"


# Another account


def test_a_line_is_taken_back_before_its_other_account_registers() -> None:
    wire = Wire()
    wire.register()
    wire.until(10)
    wire.core.change(wire.lines(sip_line1_user_name="tw2"), wire.now)
    wire.settle()
    assert wire.first.asked == [(0.0, "tw1", 300), (10.0, "tw1", 0), (10.0, "tw2", 300)]
    assert wire.outcomes() == [State.REGISTERED] * 2, "that it was taken back is no outcome"
    wire.until(400)
    assert wire.first.asked[-1] == (295.0, "tw2", 300), "and only the other is kept"


def test_nobody_waits_for_long_for_the_old_registrar() -> None:
    wire = Wire()
    wire.register()
    wire.first.alive = False
    more = {"sip_line1_registrar_ip": SPARE[0], "sip_line1_registrar_port": "5070"}
    wire.core.change(wire.lines(**more), wire.now)
    wire.settle()
    wire.until(LEAVING_S - 0.1)
    assert wire.spare.asked == []
    wire.until(LEAVING_S)
    assert wire.spare.asked == [(LEAVING_S, "tw1", 300)]
    wire.until(200)
    assert wire.outcomes() == [State.REGISTERED] * 2


def test_a_line_that_is_no_more_is_taken_back() -> None:
    wire = Wire()
    wire.register()
    wire.core.change(lines({}, PHONE), wire.now)
    wire.settle()
    assert wire.first.asked[-1] == (0.0, "tw1", 0) and wire.core.calls.lines == {}
    wire.until(1000)
    assert len(wire.first.asked) == 2 and wire.core.timer_at() is None


def test_the_same_account_is_not_registered_anew() -> None:
    wire = Wire()
    wire.register()
    wire.core.change(wire.lines(sip_line1_display_name="Ada"), wire.now)
    wire.settle()
    assert len(wire.first.asked) == 1
    assert wire.core.calls.lines[1].line.display_name == "Ada"


def test_a_line_in_use_changes_when_its_call_ends() -> None:
    wire = Wire()
    wire.register()
    assert wire.core.calls.off_hook(1)
    wire.core.change(wire.lines(sip_line1_user_name="tw2"), wire.now)
    wire.settle()
    assert len(wire.first.asked) == 1
    assert wire.core.calls.lines[1].activity is Activity.DIALING
    assert wire.core.calls.hang_up(1, wire.now)
    wire.settle()
    assert [user for _, user, _ in wire.first.asked] == ["tw1", "tw1", "tw2"]
