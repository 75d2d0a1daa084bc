"""Child processes that never outlive us: each is ended by its own id, politely first.

A child gets a session of its own, so that Ctrl-C reaches us alone and we end the rest in order;
what a child started itself (Locust its workers and engines) is ended with its process group.
"""

import asyncio
import contextlib
import os
import signal

PATIENCE_S = 8.0
"""How long a child may take to end by itself once it has been told."""


async def end(process: asyncio.subprocess.Process, *, ask_with: signal.Signals | None) -> None:
    """End `process` and what it started; returns when it is gone.

    Args:
        ask_with: the polite signal, or None where closing its standard input is the sign.
    """
    if process.stdin is not None:
        process.stdin.close()
    if process.returncode is None and ask_with is not None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(ask_with)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), PATIENCE_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # its own group: see start_new_session
    await process.wait()
