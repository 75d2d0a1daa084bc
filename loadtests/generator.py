"""Locust as a child process: starts it headless for a plan and yields what the engines say."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from loadtests.batches import Message, from_line
from loadtests.children import end
from loadtests.errors import GeneratorError
from loadtests.plan import Plan
from simulators.core import Address

ROOT = Path(__file__).parents[1]
LINE_LIMIT = 4 * 1024 * 1024
SILENCE_S = 150.0
"""Engines report twice a second; opening 20,000 sockets first takes a while."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where the workers of a burst are.

    Args:
        master: where Locust's master listens for workers that are started elsewhere; None: it
            forks them itself.
        source: addresses of this machine for the homes of forked ones; "" for 127.homes.x.y.
    """

    master: Address | None = None
    source: str = ""


HERE = Where()


def locust_command(plan: Plan, plan_file: Path, where: Where = HERE) -> list[str]:
    """The command line. With several workers here Locust forks them and is their master itself."""
    command = [
        sys.executable, "-m", "locust", "-f", str(ROOT / "loadtests" / "locustfile.py"),
        plan.kind.user, "--headless", "--only-summary", "--plan", str(plan_file),
        "--json-lines",
        "--loglevel", "WARNING",
        "--exit-code-on-error", "0",  # refused phones are a result; how to judge it is our affair
    ]  # fmt: skip
    if where.source:
        command += ["--source", where.source]
    if where.master is not None:
        host, port = where.master[0], str(where.master[1])
        command += ["--master", "--master-bind-host", host, "--master-bind-port", port]
    elif plan.workers > 1:
        port = str(_free_port())
        command += ["--processes", str(plan.workers), "--expect-workers-max-wait", "60"]
        command += ["--master-bind-host", "127.0.0.1", "--master-bind-port", port]
        command += ["--master-host", "127.0.0.1", "--master-port", port]
    return command


async def generate(
    plan: Plan, plan_file: Path, log: Path, where: Where = HERE
) -> AsyncGenerator[Message, None]:
    """Run the burst; yields each message in order.

    Args:
        log: takes what Locust and the engines write on standard error.

    Raises:
        GeneratorError: Locust or an engine failed.
    """
    settings = {k: v for k, v in os.environ.items() if not k.startswith("LOCUST_")}
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *locust_command(plan, plan_file, where),
            cwd=ROOT, env=settings, stdin=asyncio.subprocess.DEVNULL, limit=LINE_LIMIT,
            stdout=asyncio.subprocess.PIPE, stderr=errors, start_new_session=True,
        )  # fmt: skip
        try:
            async with aclosing(_messages(process, where)) as messages:
                async for message in messages:
                    yield message
            code = await process.wait()
            if code != 0:
                raise GeneratorError(f"Locust ended with status {code}: {log} says why")
        finally:
            await end(process, ask_with=signal.SIGTERM)


async def _messages(
    process: asyncio.subprocess.Process, where: Where
) -> AsyncGenerator[Message, None]:
    assert process.stdout is not None
    within_s = SILENCE_S if where.master is None else None  # people start them
    while True:
        try:
            line = await asyncio.wait_for(process.stdout.readline(), within_s)
        except TimeoutError:
            raise GeneratorError(f"the load engines said nothing for {SILENCE_S:g} s") from None
        within_s = SILENCE_S
        if not line:
            return
        message = from_line(line)
        if message.problem is not None:
            whose = "" if where.master is None else f"worker {message.worker}: "
            raise GeneratorError(whose + message.problem)
        yield message


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
