"""Child processes of the bench: started, awaited, measured from outside, and ended."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from loadtests.children import cpu_s, end, rss
from loadtests.errors import GeneratorError, TargetError
from loadtests.target import ROOT
from simulators.lineage import die_with_parent

READY_WITHIN_S = 90.0
SURROUNDINGS = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
"""A program is compiled once, in the round that does not count, and not at each start."""


class Child:
    """A process that serves; `ready` is what it said of itself."""

    def __init__(self, process: asyncio.subprocess.Process, ready: dict[str, Any]) -> None:
        self._process = process
        self.pid = process.pid
        self.ready = ready

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    @property
    def cpu_s(self) -> float:
        """Processor time that it has used."""
        return cpu_s(self.pid)

    async def ask(self, line: str) -> dict[str, Any]:
        """What it answers to a line on its standard input.

        Raises:
            TargetError: it has ended instead.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(line.encode() + b"\n")
        answer = await asyncio.wait_for(self._process.stdout.readline(), READY_WITHIN_S)
        if not answer:
            raise TargetError(f"the peer ended instead of answering to {line!r}")
        document: dict[str, Any] = json.loads(answer)
        return document

    async def listening(self, host: str, port: int) -> None:
        """Return when it listens there.

        Raises:
            TargetError: it did not begin to, in the time that a start may take.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + READY_WITHIN_S
        while loop.time() < until and self.is_alive:
            try:
                _, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            writer.close()
            return
        raise TargetError(f"nobody listens at {host}:{port}: the peer did not get ready")

    @property
    def rss(self) -> int:
        """Octets of memory that it holds."""
        return rss(self.pid)


def lacking_cores(needed: int, who: str) -> str:
    """What to say where the machine has fewer cores than `who` needs to be held up by none."""
    there = len(os.sched_getaffinity(0))
    if there >= needed:
        return ""
    return f"{who} need {needed} free cores for a rate, this machine has {there}"


@contextmanager
def on_one_core() -> Iterator[None]:
    """Let this process, and all that it starts meanwhile, run on one core that they share.

    Two cores of a virtual machine are often one core with two threads, where the same work takes up
    to 1.7 times the processor time while the other is busy. So processor times of rounds that keep
    the cores busy to a different degree can't be compared; on one core all have the same neighbour.
    """
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def own_cpu_s() -> float:
    """The same of this process."""
    return time.process_time()


@asynccontextmanager
async def serving(
    *command: str, says_ready: bool = True, ask_with: signal.Signals | None = None
) -> AsyncIterator[Child]:
    """Start a server process, and end it on the way out; it ends as well when we are killed.

    Args:
        says_ready: wait for its JSON line; else the caller finds out.
        ask_with: the signal that ends it; None: the end of its standard input does.

    Raises:
        TargetError: it did not get ready; the message repeats its last words.
    """
    with tempfile.TemporaryFile() as errors:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=SURROUNDINGS, start_new_session=True,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE if says_ready else errors, stderr=errors,
            preexec_fn=die_with_parent,
        )  # fmt: skip
        try:
            ready: dict[str, Any] = {}
            if says_ready:
                assert process.stdout is not None
                line = b""
                with contextlib.suppress(TimeoutError):
                    line = await asyncio.wait_for(process.stdout.readline(), READY_WITHIN_S)
                if not line:
                    errors.seek(0)
                    words = errors.read().decode("utf-8", "replace").strip().splitlines() or [""]
                    raise TargetError(f"{' '.join(command[1:4])} did not get ready: {words[-1]}")
                ready = json.loads(line)
            yield Child(process, ready)
        finally:
            await end(process, ask_with=ask_with)


async def generated(module: str, task: dict[str, object]) -> dict[str, Any]:
    """Run a generator to its end: a task in as JSON, its result out.

    Args:
        module: its name in this package, or with dots anywhere.

    Raises:
        GeneratorError: it failed.
    """
    name = module if "." in module else f"loadtests.bench.{module}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", name, cwd=ROOT, env=SURROUNDINGS, start_new_session=True,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, preexec_fn=die_with_parent,
    )  # fmt: skip
    try:
        out, err = await process.communicate(json.dumps(task).encode())
    finally:
        if process.returncode is None:
            await end(process, ask_with=None)
    if process.returncode != 0:
        words = err.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
        raise GeneratorError(f"the generator {module} failed: {words[-1]}")
    result: dict[str, Any] = json.loads(out)
    return result
