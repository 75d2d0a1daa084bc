"""The calls that a phone remembers, for its Callers, Call History and Redial keys, pure."""

from dataclasses import dataclass

from simulators.phone.calls.line_table import ALERTING, TALKING, Activity
from simulators.phone.xml.objects import CallLog, Head, LogEntry

MOST = 200


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call that was made, taken or missed, at a time of the day as people read it."""

    number: str
    name: str
    incoming: bool
    missed: bool
    at: str


class CallHistory:
    """The latest calls, newest first."""

    def __init__(self) -> None:
        self.calls: list[PastCall] = []

    def ended(
        self, before: Activity, after: Activity, number: str, name: str, incoming: bool, at: str
    ) -> None:
        """A line went from one activity to another; the end of a call is remembered."""
        over = after in (Activity.IDLE, Activity.CLEARING)
        if over and before in (*ALERTING, *TALKING, Activity.INCOMING):
            missed = before is Activity.INCOMING
            self.calls.insert(0, PastCall(number, name, incoming, missed, at))
            del self.calls[MOST:]

    @property
    def last_dialled(self) -> str:
        """The number that Redial calls; empty before the first."""
        return next((call.number for call in self.calls if not call.incoming), "")

    def listed(self, title: str, *, incoming_only: bool) -> CallLog:
        """The list as a screen, from which numbers can be called."""
        calls = [call for call in self.calls if call.incoming or not incoming_only]
        entries = tuple(LogEntry(call.name, call.number, time=call.at) for call in calls)
        return CallLog(Head(title), entries)
