"""The target of a burst: an MBG and a PBX as a child process, or one that runs already.

The child is `python -m simulators border`. Its side of the contract: one JSON line when ready, one
for each line "report" on its standard input, end with standard input; status 2 and one sentence on
standard error where it can't start.
"""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pydantic import TypeAdapter, ValidationError

from loadtests.children import end, usage
from loadtests.cost import Usage
from loadtests.errors import TargetError
from simulators.core import Address

ROOT = Path(__file__).parents[1]
READY_WITHIN_S = 60.0
PER_PHONE_S = 0.005
"""More time to get ready, for each phone that it has to set up."""
REPORT_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Ready:
    """Where a target is; `homes` is the second octet of home addresses that it accepts."""

    mbg: Address
    homes: int
    accounts: str
    pbx: Address | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What the target itself counts."""

    registered_at_pbx: int
    registered_at_mbg: int
    licences_in_use: int
    cpu_s: float


_READY = TypeAdapter(Ready)
_REPORT = TypeAdapter(Report)


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
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(b"report\n")
            await self._process.stdin.drain()
            line = await _line(self._process, REPORT_WITHIN_S)
            return _REPORT.validate_json(line)
        except (ConnectionError, TimeoutError, ValidationError) as error:
            raise TargetError(
                "the target did not say how many are registered: it has "
                + ("ended" if self._process.returncode is not None else "not answered in order")
            ) from error


@asynccontextmanager
async def border(phones: int, seed: int, command: list[str] | None = None) -> AsyncIterator[Target]:
    """Start the simulated border, and end it on the way out.

    Args:
        command: what to start instead; for tests.

    Raises:
        TargetError: it did not get ready; the message repeats what it said.
    """
    command = command or [sys.executable, "-m", "simulators", "border"]
    with tempfile.TemporaryFile() as errors:
        process = await asyncio.create_subprocess_exec(
            *command, "--phones", str(phones), "--seed", str(seed),
            cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=errors, start_new_session=True,
        )  # fmt: skip
        try:
            try:
                line = await _line(process, READY_WITHIN_S + phones * PER_PHONE_S)
                ready = _READY.validate_json(line)
            except (TimeoutError, ValidationError) as error:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), 1)
                said = _last_words(errors) or "it said nothing"
                raise TargetError(f"the target did not get ready: {said}") from error
            yield Target(ready, process)
        finally:
            await end(process, ask_with=None)


async def _line(process: asyncio.subprocess.Process, within_s: float) -> bytes:
    assert process.stdout is not None
    return await asyncio.wait_for(process.stdout.readline(), within_s)


def _last_words(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = [line.strip() for line in errors.read().decode("utf-8", "replace").splitlines()]
    return next((line for line in reversed(lines) if line), "")
