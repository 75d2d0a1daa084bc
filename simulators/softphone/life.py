"""The life of a softphone: finds the MCS, logs in, gets its registration, keeps it. Pure.

It looks for the MCS at the local address first and then at the remote one (ADR-7), and registers
where the MCS tells it to for where it is (ADR-5). A look now and then brings what was changed
since; the MCS being away costs it nothing that it has. States and moves are the table in `states`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from simulators.errors import LocalProtocolError
from simulators.phone.life import actions as line
from simulators.softphone import actions as do
from simulators.softphone.actions import Call
from simulators.softphone.documents import (
    Places,
    Refusal,
    Session,
    SoftphoneAccount,
    account,
    places,
    refusal,
    session,
)
from simulators.softphone.states import TRANSITIONS, WITH_LINE, Event, State

OK, UNAUTHORIZED, TOO_MANY = 200, 401, 429

_Document = TypeVar("_Document", Session, SoftphoneAccount)

Result = (
    do.Opened
    | do.Moved
    | do.Closed
    | do.Answered
    | do.NotAnswered
    | line.LineResult
    | line.CheckSyncAsked
)


@dataclass(frozen=True, slots=True)
class Habits:
    """Habits of Phone Manager that public sources leave open, in seconds of the run's clock.

    Args:
        look_s: between two looks at what the MCS hands out.
        retry_s: until it looks again for an MCS that was not found, or for a softphone that it was
            refused.
    """

    look_s: float = 300.0
    retry_s: float = 60.0


class Life:
    """One softphone's life.

    Args:
        known: where the MCS may be; what it says of itself later takes the place of this.
    """

    def __init__(self, known: Places, habits: Habits | None = None) -> None:
        self.places = known
        self.habits = habits or Habits()
        self.state = State.CLOSED
        self.message = ""
        self.location = ""
        self.host = ""
        self.account: SoftphoneAccount | None = None
        self._person = do.Opened("", "")
        self._session: Session | None = None
        self._untried: list[str] = []
        self._asked: set[Call] = set()
        self._at: float | None = None
        self._actions: list[do.Action] = []

    # In and out

    def handle(self, result: Result, now: float) -> None:
        """Take one result; `now` is steady time in seconds.

        Raises:
            LocalProtocolError: the softphone isn't in a state for it.
        """
        match result:
            case do.Opened():
                self._person = result
                self._look(now)
            case do.Moved():
                if self.state is not State.CLOSED:
                    self._look(now)
            case do.Closed():
                self._close()
            case do.Answered() | do.NotAnswered():
                self._answered(result, now)
            case line.CheckSyncAsked():
                if self.state in WITH_LINE and Call.SOFTPHONE not in self._asked:
                    self._ask_softphone()
            case _:
                self._line(result)

    def actions(self) -> list[do.Action]:
        """What is to be done, in order, once."""
        actions, self._actions = self._actions, []
        return actions

    def timer_at(self) -> float | None:
        """When `handle_timer` wants to be called, steady time."""
        return self._at

    def handle_timer(self, now: float) -> None:
        """Do what has fallen due by `now`."""
        if self._at is None or self._at > now:
            return
        self._at = None
        self._move(Event.RETRY)
        if self.state is State.LOOKING:
            self._try_hosts(now)
        else:
            self._ask_softphone()

    # Where the MCS is

    def _look(self, now: float) -> None:
        """Begin anew: on this network, nothing is known to work."""
        self._move(Event.OPEN)
        self._forget()
        self._do(do.Drop())
        self._try_hosts(now)

    def _forget(self) -> None:
        self.message = self.location = self.host = ""
        self.account = self._session = self._at = None
        self._asked.clear()

    def _try_hosts(self, now: float) -> None:
        self._untried = list(self.places.hosts())
        self._next_host(now, "no address of MCS is known")

    def _next_host(self, now: float, reason: str) -> None:
        if self._untried:
            self.host = self._untried.pop(0)
            self._ask(Call.WHERE)
            return
        self._away(Event.NOWHERE, now, reason)

    def _away(self, event: Event, now: float, reason: str) -> None:
        self._move(event)
        self.message = f"MCS not found: {reason}" if self.state is State.NOT_FOUND else self.message
        self._note("MCS not found" if event is Event.NOWHERE else "MCS away", reason=reason)
        wait = self.habits.look_s if self.state in WITH_LINE else self.habits.retry_s
        self._at = now + wait

    # Answers

    def _answered(self, result: do.Answered | do.NotAnswered, now: float) -> None:
        if result.call not in self._asked or result.host != self.host:
            return  # an answer to what was asked before it was moved or closed
        self._asked.discard(result.call)
        if result.call is Call.WHERE:
            self._found(result, now)
        elif result.call is Call.LOG_IN:
            self._logged_in(result, now)
        elif result.call is Call.SOFTPHONE:
            self._handed_out(result, now)
        elif isinstance(result, do.Answered) and result.status == OK:  # to Call.SETTINGS
            self.places = places(result.body, self.places)

    def _found(self, result: do.Answered | do.NotAnswered, now: float) -> None:
        if isinstance(result, do.NotAnswered):
            self._next_host(now, result.reason)
        elif result.status != OK:
            self._next_host(now, f"{result.host} answered {result.status}")
        else:
            self._move(Event.FOUND)
            self._note("MCS found", host=result.host)
            self._log_in()

    def _log_in(self) -> None:
        self._session = None
        name, password = self._person.username, self._person.password
        self._ask(Call.LOG_IN, username=name, password=password)

    def _logged_in(self, result: do.Answered | do.NotAnswered, now: float) -> None:
        found = _read(result, session)
        if found is None:
            self._away(Event.MCS_AWAY, now, _reason(result))
        elif isinstance(found, Session):
            self._move(Event.LOGGED_IN)
            self._session, self.location = found, found.location
            self._note("logged in", user=self._person.username, location=found.location)
            self._ask(Call.SETTINGS)
            self._ask_softphone()
        elif found.status == TOO_MANY or found.status >= 500:
            self._away(Event.MCS_AWAY, now, found.message)
            self._at = now + (found.retry_after_s or self.habits.retry_s)
        else:
            self._move(Event.LOG_IN_REFUSED)
            self.message = found.message
            self._stop()
            self._note("log-in refused", code=found.code, message=found.message)

    def _ask_softphone(self) -> None:
        self._ask(Call.SOFTPHONE)

    def _handed_out(self, result: do.Answered | do.NotAnswered, now: float) -> None:
        found = _read(result, account)
        if found is None or (isinstance(found, Refusal) and found.status >= 500):
            self._away(Event.MCS_AWAY, now, _reason(result))
        elif isinstance(found, SoftphoneAccount):
            self._take(found, now)
        elif found.status == UNAUTHORIZED:
            self._move(Event.SESSION_OVER)
            self._log_in()
        else:
            self._move(Event.NO_ACCOUNT)
            self.message = found.message
            self._stop()
            self._note("no softphone", code=found.code, message=found.message)
            self._at = now + self.habits.retry_s

    def _take(self, found: SoftphoneAccount, now: float) -> None:
        self._at = now + self.habits.look_s
        self.location = found.location or self.location
        if found == self.account:
            self._move(Event.SAME_ACCOUNT)
            return
        self._move(Event.ACCOUNT)
        self.account, self.message = found, ""
        self._note(
            "registration handed out",
            extension=found.extension,
            registrar=f"{found.registrar}:{found.port}",
            location=self.location,
        )
        self._do(do.Register(found))

    # The line

    def _line(self, result: line.LineResult) -> None:
        if self.state not in WITH_LINE:
            return  # it was taken away meanwhile
        match result:
            case line.Registered():
                self.message = ""
                self._move(Event.REGISTERED)
            case line.RegistrationRefused(_, status, warning):
                self.message = warning or f"Registration refused {status}"
                self._move(Event.REFUSED)
                self._note("registration refused", status=status, warning=warning)
                return
            case line.RegistrationTimedOut():
                self.message = "No service"
                self._move(Event.TIMED_OUT)
            case line.Unregistered():
                self._move(Event.UNREGISTERED)
        self._note(self.state.value, extension=self.account.extension if self.account else "")

    def _stop(self) -> None:
        if self.account is not None:
            self.account = None
            self._do(do.Unregister())

    def _close(self) -> None:
        had, token, host = self.account is not None, self._session, self.host
        self._move(Event.CLOSE)
        self._forget()
        if had:
            self._do(do.Unregister())
        if token is not None:
            self._do(do.Ask(Call.LOG_OUT, host, self.places.port, token.token))

    # Shared

    def _ask(self, call: Call, *, username: str = "", password: str = "") -> None:
        token = self._session.token if self._session is not None else ""
        self._asked.add(call)
        self._do(do.Ask(call, self.host, self.places.port, token, username, password))

    def _move(self, event: Event) -> None:
        try:
            self.state = TRANSITIONS[self.state][event]
        except KeyError:
            raise LocalProtocolError(
                f"a softphone that is {self.state.value} can't take '{event.value}'"
            ) from None

    def _do(self, action: do.Action) -> None:
        self._actions.append(action)

    def _note(self, name: str, /, **facts: object) -> None:
        self._do(line.Note(name, tuple(facts.items())))


def _read(
    result: do.Answered | do.NotAnswered, read: Callable[[bytes], _Document | Refusal]
) -> _Document | Refusal | None:
    """What an answer holds; None where there was none."""
    if isinstance(result, do.NotAnswered):
        return None
    if result.status == OK:
        return read(result.body)
    return refusal(result.status, result.body, result.retry_after)


def _reason(result: do.Answered | do.NotAnswered) -> str:
    if isinstance(result, do.NotAnswered):
        return result.reason
    return f"it answered {result.status}"
