"""A bench that is killed leaves nothing behind: its children notice by themselves."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from loadtests.target import ROOT

DEAF = (
    "import os, time; print('{\"pid\": %d}' % os.getpid(), flush=True)\nwhile True: time.sleep(0.1)"
)
"""A server that never looks at its standard input, as Kamailio, nginx and our MCS do not."""
BENCH = f"""
import asyncio, sys
from loadtests.bench.processes import serving

async def main():
    async with serving(sys.executable, "-c", {DEAF!r}) as child:
        print(child.ready["pid"], flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def runs(pid: int) -> bool:
    """Whether there is such a process, and it has not ended unread."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_a_server_ends_with_a_bench_that_is_killed() -> None:
    bench = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BENCH, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert bench.stdout is not None
    pid = int(await bench.stdout.readline())
    assert runs(pid)
    bench.kill()
    assert await bench.wait() == -signal.SIGKILL
    try:
        async with asyncio.timeout(60):
            while runs(pid):
                await asyncio.sleep(0.02)
    finally:
        if runs(pid):
            os.kill(pid, signal.SIGKILL)
