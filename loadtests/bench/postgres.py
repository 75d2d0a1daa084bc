"""A PostgreSQL server of a round's own: on a Unix socket, in a folder that goes with it.

It commits as delivered (fsync on), for that is what is measured. PostgreSQL refuses to run as root,
so root starts it as `postgres` or `nobody`.
"""

import asyncio
import os
import pwd
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from loadtests.bench.file_servers import Unavailable
from loadtests.bench.processes import READY_WITHIN_S
from loadtests.children import end
from loadtests.errors import TargetError
from simulators.lineage import die_with_parent


@asynccontextmanager
async def postgres() -> AsyncIterator[str]:
    """The URL of an empty database, for an MCS.

    Raises:
        Unavailable: PostgreSQL is not installed.
        TargetError: it does not start.
    """
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="bench-pg-"))
    who: dict[str, Any] = {"cwd": folder}
    if os.getuid() == 0:
        names = {entry.pw_name for entry in pwd.getpwall()}
        who["user"] = "postgres" if "postgres" in names else "nobody"
        shutil.chown(folder, who["user"])
    words = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions"]
    server = None
    try:
        made = await asyncio.create_subprocess_exec(
            programs / "initdb", "-D", folder / "data", *words, **who,
            stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        if await made.wait():
            raise TargetError("initdb failed; its words are above")
        server = await asyncio.create_subprocess_exec(
            programs / "postgres", "-D", folder / "data", "-k", folder, "-c", "listen_addresses=",
            **who, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL, start_new_session=True,
            preexec_fn=die_with_parent,
        )  # fmt: skip
        await _ready(folder / ".s.PGSQL.5432")
        yield f"postgresql+asyncpg://postgres@/postgres?host={folder}"
    finally:
        if server is not None:
            await end(server, ask_with=signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        raise Unavailable("PostgreSQL is missing: apt-get install postgresql, and run it again")
    return (found[-1] if found else Path(str(on_path)).resolve()).parent


async def _ready(socket_file: Path) -> None:
    """Return once somebody answers at the socket and lets us in."""
    loop = asyncio.get_running_loop()
    until = loop.time() + READY_WITHIN_S
    while loop.time() < until:
        if socket_file.is_socket():
            await asyncio.sleep(1.0)  # it listens a moment before it lets anybody in
            return
        await asyncio.sleep(0.1)
    raise TargetError("PostgreSQL did not get ready")
