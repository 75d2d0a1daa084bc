"""The target of a burst: an MBG and a PBX as a child process, or one that runs already.

The child is `python -m simulators border`, or for other scenarios than `register`
`python -m simulators.estate.load_site`. Its side of the contract: one JSON line when ready, one
for each line "report" (or "strike") on its standard input, end with standard input; status 2 and
one sentence on standard error where it can't start.
"""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypeVar

from pydantic import TypeAdapter, ValidationError

from loadtests.children import end, usage
from loadtests.errors import TargetError
from loadtests.scenarios.kinds import Scenario
from loadtests.verdict.by_name import Who
from loadtests.verdict.cost import Usage
from simulators.core import Address
from simulators.errors import ConfigurationError

ROOT = Path(__file__).parents[1]
SITE = "simulators.estate.load_site"
READY_WITHIN_S = 60.0
PER_PHONE_S = 0.005
PER_PHONE_AT_MCS_S = 0.2
"""More time to get ready, for each phone that it has to set up; with an MCS, which is told too."""
REPORT_WITHIN_S = 30.0
LINE_LIMIT = 4 << 20
"""Octets of one line: 60,000 phones by number are 30,000, names that are no phone's come on top."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Where a target is.

    Args:
        homes: second octet of home addresses that it accepts.
        places: what else of it is spoken with, by name; see `Plan`.
        mcs: URL of its MCS, where it has one.
    """

    mbg: Address
    homes: int
    accounts: str
    pbx: Address | None = None
    places: dict[str, str] = field(default_factory=dict)
    mcs: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What the target itself counts, and tells by name.

    Args:
        done: items of a scenario that isn't about phones.
        who: is registered and has a licence, of a scenario about phones.
    """

    registered_at_pbx: int
    registered_at_mbg: int
    licences_in_use: int
    cpu_s: float
    done: int | None = None
    who: Who | None = None


_READY = TypeAdapter(Ready)
_REPORT = TypeAdapter(Report)
_STRUCK = TypeAdapter(dict[str, float])
T = TypeVar("T")


class Target:
    """A target that is ready; `process` is None where we did not start it."""

    def __init__(self, ready: Ready, process: asyncio.subprocess.Process | None = None) -> None:
        self.ready = ready
        self.started_here = process is not None
        self._process = process

    def usage(self) -> Usage | None:
        """What its process has used so far; None of one that is not ours, or has ended."""
        if self._process is None:
            return None
        with contextlib.suppress(OSError):
            return usage(self._process.pid)
        return None

    async def report(self) -> Report | None:
        """What the target counts; None from one that we did not start.

        Raises:
            TargetError: it has ended, or does not answer.
        """
        if self._process is None:
            return None
        return await self._ask(self._process, "report", _REPORT, "say how many are registered")

    async def strike(self) -> float:
        """Let happen what the scenario's storm is about; how many seconds that took.

        Raises:
            TargetError: it has ended, or does not answer.
        """
        assert self._process is not None, "only a target that was started here can be struck"
        struck = await self._ask(self._process, "strike", _STRUCK, "do what the storm is about")
        return struck["struck_s"]

    async def _ask(
        self, process: asyncio.subprocess.Process, word: str, answer: TypeAdapter[T], what: str
    ) -> T:
        assert process.stdin is not None
        try:
            process.stdin.write(word.encode() + b"\n")
            await process.stdin.drain()
            return answer.validate_json(await _line(process, REPORT_WITHIN_S))
        except (ConnectionError, TimeoutError, ValidationError) as error:
            raise TargetError(
                f"the target did not {what}: it has "
                + ("ended" if process.returncode is not None else "not answered in order")
            ) from error


@asynccontextmanager
async def border(
    phones: int,
    seed: int,
    command: list[str] | None = None,
    scenario: Scenario = Scenario.REGISTER,
    outside: str = "",
) -> AsyncIterator[Target]:
    """Start the target of a scenario, and end it on the way out.

    Args:
        outside: external address of its MBG, for phones on other machines; "" for one of 127.x.
        command: what to start instead; for tests.

    Raises:
        TargetError: it did not get ready; the message repeats what it said.
    """
    registers = scenario is Scenario.REGISTER
    if command is None:
        started = ["simulators", "border"] if registers else [SITE, "--scenario", scenario.value]
        command = [sys.executable, "-m", *started]
    if outside:
        command = [*command, "--outside", outside]
    patience_s = READY_WITHIN_S + phones * (PER_PHONE_S if registers else PER_PHONE_AT_MCS_S)
    with tempfile.TemporaryFile() as errors:
        process = await asyncio.create_subprocess_exec(
            *command, "--phones", str(phones), "--seed", str(seed),
            cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=errors, start_new_session=True, limit=LINE_LIMIT,
        )  # fmt: skip
        try:
            try:
                line = await _line(process, patience_s)
                ready = _READY.validate_json(line)
            except (TimeoutError, ValidationError) as error:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), 1)
                said = _last_words(errors) or "it said nothing"
                raise TargetError(f"the target did not get ready: {said}") from error
            yield Target(ready, process)
        finally:
            await end(process, ask_with=None)


def read_ready(path: Path) -> Ready:
    """A target that runs already, as its own line of JSON describes it.

    Raises:
        ConfigurationError: no such file, or it describes none.
    """
    try:
        return _READY.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigurationError(f"can't use {path} as the place of a target: {reason}") from error


async def _line(process: asyncio.subprocess.Process, within_s: float) -> bytes:
    assert process.stdout is not None
    return await asyncio.wait_for(process.stdout.readline(), within_s)


def _last_words(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = [line.strip() for line in errors.read().decode("utf-8", "replace").splitlines()]
    return next((line for line in reversed(lines) if line), "")
