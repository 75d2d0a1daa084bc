"""The load engine as a process of its own: thousands of phones on one event loop.

    python -m loadtests.engine --plan PLAN.json [--worker 0] [--source NETWORK] [--alone]

Says "ready" on standard output, waits for a line `go UNIX_TIME` on standard input, starts its share
of the phones on schedule and reports a batch each half second. Ends after the last answer, at the
plan's limit, or with standard input, so it never outlives who started it. It runs without Locust,
and Locust never runs in it: phone code is never monkey-patched.
"""

import asyncio
import gc
import platform
import resource
import signal
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer

from loadtests.batches import Message, to_line
from loadtests.driver import Engine
from loadtests.machines.sources import Sources, check_sources, parse_sources
from loadtests.plan import Plan, read_accounts, read_plan
from simulators.errors import BenchError, ConfigurationError

GO_WITHIN_S = 120.0


def engine_name() -> str:
    """What the engine runs on, for the report."""
    loop = type(asyncio.get_running_loop()).__module__.split(".")[0]
    return f"{loop} on Python {platform.python_version()}"


async def serve(plan: Plan, worker: int, sources: Sources | None, *, alone: bool) -> None:
    """Run one engine, with its say on standard output."""
    accounts = read_accounts(Path(plan.accounts), plan.phones)
    engine = Engine(
        plan, worker, accounts, lambda batch: _say(Message(batch=batch)), sources=sources
    )
    try:
        await engine.open()
        # A full collection walks over all phones and stops the loop for up to 60 ms (measured with
        # 6,000). Young objects are still collected: each registration leaves some cycles.
        gc.freeze()
        gc.set_threshold(5000, 10, 1_000_000)
        _say(Message(ready=engine_name(), worker=worker, share=len(engine.phones)))
        if alone:
            await engine.run(time.monotonic())
        else:
            await _obey(engine, None if plan.by_locust else GO_WITHIN_S)
    finally:
        await engine.close()


async def _obey(engine: Engine, go_within_s: float | None) -> None:
    """Wait for `go UNIX_TIME`, run, and stop early when standard input ends.

    Where Locust decides who comes: `start UNIX_TIME` starts the next item, `end SECONDS` ends the
    run when all have ended, or after so many seconds.
    """
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        words = (await asyncio.wait_for(reader.readline(), go_within_s)).split()
    except TimeoutError:
        raise ConfigurationError(
            f"no 'go' within {GO_WITHIN_S:g} s: start the burst anew"
        ) from None
    if len(words) != 2 or words[0] != b"go":
        return
    began = _monotonic(words[1])
    run = asyncio.create_task(engine.run(began))
    abandoned = asyncio.create_task(_orders(reader, engine))
    await asyncio.wait({run, abandoned}, return_when=asyncio.FIRST_COMPLETED)
    abandoned.cancel()
    if not run.done():
        run.cancel()
        return
    await run


async def _orders(reader: asyncio.StreamReader, engine: Engine) -> None:
    """Follow each line until standard input ends."""
    while words := (await reader.readline()).split():
        await engine.begun.wait()  # "start" may be in the same read as "go"
        if words[0] == b"start":
            engine.come(_monotonic(words[1]))
        elif words[0] == b"end":
            engine.end(float(words[1]))


def _monotonic(unix: bytes) -> float:
    return time.monotonic() + float(unix) - time.time()


def _say(message: Message) -> None:
    sys.stdout.buffer.write(to_line(message))
    sys.stdout.buffer.flush()


def main(
    plan: Annotated[Path, typer.Option(help="The plan of the burst, as JSON.")],
    worker: Annotated[int, typer.Option(help="Which share of the phones, from 0.")] = 0,
    alone: Annotated[bool, typer.Option(help="Start at once, without waiting for 'go'.")] = False,
    source: Annotated[
        str,
        typer.Option(metavar="NETWORK", help="Addresses of this machine, or one, for its homes."),
    ] = "",
    part: Annotated[str, typer.Option(metavar="K/N", help="Share them with other engines.")] = "",
) -> None:
    """Drive one share of a burst, and print batches as JSON lines."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: who started it sees to the end
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        burst = read_plan(plan)
        if not 0 <= worker < burst.workers:
            raise ConfigurationError(
                f"expected a worker from 0 to {burst.workers - 1}, got {worker}: the plan has "
                f"{burst.workers}"
            )
        sources = parse_sources(source, part) if source else None
        check_sources(burst.scenario, burst.mbg[0], sources)
        _run_on_fastest_loop(serve(burst, worker, sources, alone=alone))
    except BenchError as error:
        _say(Message(problem=str(error)))
        raise typer.Exit(2) from None
    except BrokenPipeError:
        raise typer.Exit(1) from None  # who listened is gone


def _run_on_fastest_loop(work: Coroutine[None, None, None]) -> None:
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)


if __name__ == "__main__":
    typer.run(main)
