"""A throw-away PostgreSQL cluster: made once per test process, on a Unix socket, without fsync.

PostgreSQL refuses to run as root, so root starts it as ``postgres`` or ``nobody``. It dies with the
process that has started it, however that ends.
"""

import asyncio
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from system.storage.database import open_database
from system.storage.secrets import SecretBox

INSTALL = "PostgreSQL is not installed: apt-get install postgresql (needs no running service)"
START_LIMIT_S = 60
_PR_SET_PDEATHSIG = 1


def programs() -> Path | None:
    """The folder of initdb and postgres, the newest version; ``None`` where none is installed."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: [int(part) for part in path.parts[4].split(".") if part.isdigit()],
    )
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@dataclass
class Cluster:
    """A running cluster."""

    folder: Path
    bin: Path
    user: str | None
    made: int = 0
    template: str = ""

    def new_database(self, template: str = "template0") -> str:
        """The URL of a new, empty database."""
        self.made += 1
        name = f"mcs{self.made}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self._url(name)

    def migrated_database(self) -> str:
        """The URL of a new database that has its tables already: quicker than migrating each."""
        if not self.template:
            url = self.new_database()
            box = SecretBox([Fernet.generate_key()])

            async def migrate() -> None:
                await (await open_database(url, box, new=True)).close()

            with ThreadPoolExecutor(1) as pool:  # the tests have a loop of their own
                pool.submit(asyncio.run, migrate()).result()
            self.template = f"mcs{self.made}"
        return self.new_database(self.template)

    def _url(self, name: str) -> str:
        return f"postgresql+asyncpg://postgres@/{name}?host={self.folder}"

    def sql(self, statement: str, database: str = "postgres") -> str:
        """What psql says to a statement, without frills."""
        done = subprocess.run(
            [str(self.bin / "psql"), "-h", str(self.folder), "-U", "postgres", "-d", database,
             "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", statement],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def dump(self, database: str) -> bytes:
        """All of a database as text."""
        done = subprocess.run(
            [str(self.bin / "pg_dump"), "-h", str(self.folder), "-U", "postgres", database],
            capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Make, start and, at the end, remove a cluster."""
    found = programs()
    assert found is not None, INSTALL
    user = _unprivileged() if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="mcs-pg-"))
    if user is not None:
        shutil.chown(folder, user)
    data = folder / "data"
    try:
        subprocess.run(
            [str(found / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8",
             "--no-sync", "--no-instructions", "--locale=C"],
            user=user, cwd=folder, capture_output=True, check=True, timeout=START_LIMIT_S,
        )  # fmt: skip
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "shared_buffers": "32MB",
            "max_connections": "100",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [str(found / "postgres"), "-D", str(data), *options],
                user=user, cwd=folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                preexec_fn=_die_with_parent,
            )  # fmt: skip
        try:
            _wait_until_ready(found, folder, process)
            yield Cluster(folder, found, user)
        finally:
            process.send_signal(signal.SIGINT)  # "fast": ends open sessions, waits for nobody
            process.wait(START_LIMIT_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(bin_folder: Path, folder: Path, process: subprocess.Popen[bytes]) -> None:
    for _ in range(START_LIMIT_S):
        ready = subprocess.run(
            [str(bin_folder / "pg_isready"), "-h", str(folder), "-t", "1", "-q"], check=False
        )
        if ready.returncode == 0:
            return
        try:
            process.wait(0.2)
        except subprocess.TimeoutExpired:
            continue
        break
    raise AssertionError(f"PostgreSQL did not start: {(folder / 'log').read_text()}")


def _unprivileged() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
