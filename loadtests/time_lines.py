"""What happened to each phone of a burst: recorded by the engines, asked for by its number.

Each engine writes `time-lines-<worker>.jsonl` into the run folder, one phone a line: its number,
its moment on the schedule, and what happened when, in seconds after the burst began. There are no
passwords in it.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from loadtests.plan import PhoneAccount, Plan
from simulators.core import Address
from simulators.errors import ConfigurationError
from simulators.phone.crowd.results import (
    Challenged,
    Failed,
    Lost,
    Refreshed,
    Registered,
    Result,
    Sent,
    Unregistered,
)
from simulators.phone.crowd.time_line import Happening, TimeLine

WORDS: dict[type[object], str] = {
    Sent: "REGISTER sent",
    Challenged: "challenged, credentials sent",
    Registered: "registered",
    Failed: "failed",
    Refreshed: "refreshed",
    Lost: "registration lost",
    Unregistered: "unregistered",
}


class Recorder:
    """The time lines of one engine's phones."""

    def __init__(self, worker: int) -> None:
        self._worker = worker
        self._lines: dict[int, TimeLine] = {}

    def note(self, result: Result, at_s: float) -> None:
        """Enter what became of a phone."""
        match result:
            case Registered(_, granted_s) | Refreshed(_, granted_s):
                detail = f"for {granted_s} s"
            case Failed(_, reason) | Lost(_, reason):
                detail = reason
            case _:
                detail = ""
        line = self._lines.setdefault(result.index, TimeLine())
        line.note(at_s, WORDS[type(result)], detail)

    def write(self, plan: Plan, accounts: list[PhoneAccount], places: dict[int, Address]) -> None:
        """Write all of them into the plan's folder; `places` has where each home is."""
        due_s = plan.arrivals()
        path = Path(plan.time_lines) / f"time-lines-{self._worker}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for index, line in sorted(self._lines.items()):
                entries = [[round(entry.at, 6), entry.what, entry.detail] for entry in line]
                phone = {
                    "phone": index,
                    "username": accounts[index].username,
                    "extension": accounts[index].extension,
                    "home": places[accounts[index].home_index // plan.phones_per_home][0],
                    "due_s": round(due_s[index], 6),
                    "passed_over": line.passed_over,
                    "entries": entries,
                }
                file.write(json.dumps(phone) + "\n")


@dataclass(frozen=True, slots=True)
class PhoneLine:
    """One phone's time line, as it was recorded; times in seconds after the burst began."""

    phone: int
    username: str
    extension: str
    home: str
    due_s: float
    passed_over: int
    entries: tuple[Happening, ...]

    def text(self) -> str:
        """For people: each entry with its time, and how long after the phone's moment it was."""
        lines = [
            f"phone {self.phone}: extension {self.extension}, {self.username} at {self.home}",
            f"{self.due_s:12.3f} s              to start, by the schedule",
        ]
        for at, what, detail in self.entries:
            after_ms = (at - self.due_s) * 1000
            lines.append(f"{at:12.3f} s {after_ms:+10.1f} ms {what}{detail and f': {detail}'}")
        if self.passed_over:
            lines.append(f"({self.passed_over} entries in the middle were not kept)")
        return "\n".join(lines)


def read_phone(folder: Path, phone: int) -> PhoneLine:
    """The time line of one phone of a run.

    Raises:
        ConfigurationError: the run kept none, or has no such phone.
    """
    files = sorted(folder.glob("time-lines-*.jsonl"))
    if not files:
        raise ConfigurationError(
            f"{folder} holds no time lines: run the burst with --time-lines, and give its folder"
        )
    for path in files:
        with path.open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                if row["phone"] == phone:
                    entries = tuple(Happening(*entry) for entry in row.pop("entries"))
                    return PhoneLine(**row, entries=entries)
    raise ConfigurationError(f"no phone {phone} was started in {folder}: phones count from 0")
