"""The pairs of the MCS: files and TLS connections for phones, and its list of 50,000 phones.

The MCS runs by its own command, on addresses of 127.0.0.0/8, with its database in a folder of the
round. Peers hand out the same octets with the same certificate.
"""

import json
import signal
import socket
import ssl
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import aiohttp

from loadtests.bench.figures import Figure, Of, Side
from loadtests.bench.file_servers import (
    CertificateFiles,
    Unavailable,
    bare,
    certificates,
    nginx,
)
from loadtests.bench.processes import Child, generated, own_cpu_s, serving
from loadtests.bench.rounds import Say, Size, take_turns
from loadtests.errors import TargetError

HOST = "127.10.0.5"
CONNECTIONS = 8
WITHOUT_LOCAL_SERVICES = ("--no-tftp", "--no-syslog", "--no-ldap", "--no-push")
"""Their ports are fixed, and two of these run side by side."""
KNOWN_PHONES = 1000
"""Phones that take turns at the phone listener; the MCS notes each contact."""
FEW_PHONES = 100
PASSWORD = "bench-Password-1"
AGENT = "Mitel6930 MAC:14-00-E9-00-00-00 V:5.1.0.6044-SIP"


@dataclass(frozen=True, slots=True)
class RunningMcs:
    """An MCS that answers, with what it shows and what to trust."""

    child: Child
    api_port: int
    phones_port: int
    files: CertificateFiles
    folder: Path


@asynccontextmanager
async def mcs(
    more: Mapping[str, object] | None = None, secret_key: bytes | None = None
) -> AsyncIterator[RunningMcs]:
    """Our MCS with an empty database, once it answers phones.

    Args:
        more: further options of its command.
        secret_key: of another one on the same database; else it makes one.
    """
    with tempfile.TemporaryDirectory(prefix="bench-mcs-") as name:
        folder = Path(name)
        files = certificates(folder, HOST)
        password = folder / "password"
        password.write_text(PASSWORD)
        api, phones, http, manager = (_free_port() for _ in range(4))
        options = {
            "--data": folder / "data",
            "--listen": HOST,
            "--api-port": api,
            "--phones-port": phones,
            "--phones-http-port": http,
            "--phone-manager-port": manager,
            "--certificate": files.certificate,
            "--key": files.key,
            "--admin-password-file": password,
            **(more or {}),
        }
        if secret_key is not None:
            (folder / "data").mkdir(mode=0o700)
            (folder / "data" / "secret.key").touch(mode=0o600)
            (folder / "data" / "secret.key").write_bytes(secret_key)
        words = [str(word) for pair in options.items() for word in pair]
        command = (sys.executable, "-m", "system", *words, *WITHOUT_LOCAL_SERVICES)
        async with serving(*command, says_ready=False, ask_with=signal.SIGTERM) as child:
            await child.listening(HOST, phones)
            yield RunningMcs(child, api, phones, files, folder)


async def phones(size: Size, say: Say) -> list[Figure]:
    """The phones' listener: files over kept connections, and a connection for each file."""
    figures: list[Figure] = []
    async with mcs() as ours:
        for name, unit, path, keep in (
            ("8202: a common file, kept-alive", "files/s", "/startup.cfg", True),
            ("8202: a phone's own file, kept-alive", "files/s", "/{mac}.cfg", True),
            ("8202: new TLS connection, a common file", "connections/s", "/startup.cfg", False),
        ):
            folder = ours.folder / f"root{len(figures)}"
            await _copy(ours, path, folder)
            trust = ours.files.ca
            play = partial(_asked, ours.child.pid, ours.phones_port, trust, path, keep, size)
            for peer_name, server in (("bare aiohttp", bare), ("nginx, one process", nginx)):
                figure = Figure(name, unit, peer_name, of=Of.CPU)
                port = _free_port()
                try:
                    async with server(HOST, port, ours.files, folder) as child:
                        other = partial(_asked, child.pid, port, trust, path, keep, size)
                        figure = await take_turns(figure, play, other, size.rounds, say)
                except Unavailable as why:
                    figure = replace(figure, skipped=str(why))
                figures.append(figure)
    return figures


async def directory_of_phones(size: Size, say: Say) -> list[Figure]:
    """A page from the middle of the list of phones: many known, beside the same MCS with few."""
    name = f"page of phones, {size.known_phones:,} known"
    figure = Figure(name, "pages/s", f"{FEW_PHONES} known", of=Of.CPU)
    async with (
        mcs() as few,
        mcs() as many,
        administrator(few) as small,
        administrator(many) as large,
    ):
        before = many.child.rss
        say(f"{size.known_phones:,} phones call for the first time")
        await _introduce(few, FEW_PHONES)
        await _introduce(many, size.known_phones)
        grown = (many.child.rss - before) / size.known_phones
        middle = max(1, size.known_phones // 200)
        figure = await take_turns(
            figure,
            partial(_pages, large, many, f"/api/v1/phones?page={middle}&page_size=100", size),
            partial(_pages, small, few, "/api/v1/phones?page=1&page_size=100", size),
            size.rounds,
            say,
        )
    return [replace(figure, facts={"octets of memory per known phone": grown})]


async def _asked(pid: int, port: int, ca: Path, path: str, keep: bool, size: Size) -> Side:
    task: dict[str, object] = {
        "host": HOST,
        "port": port,
        "ca": str(ca),
        "path": path,
        "connections": CONNECTIONS,
        "seconds": size.seconds,
        "server_pid": pid,
        "keep": keep,
        "phones": KNOWN_PHONES,
        "count": size.requests if keep else size.connections,
    }
    return Side(**await generated("tls_load", task))


async def _copy(ours: RunningMcs, path: str, folder: Path) -> None:
    """What the MCS answers, as files for the peers: the same octets for each phone."""
    folder.mkdir()
    mac = "1400E9000000"
    url = f"https://{HOST}:{ours.phones_port}{path.format(mac=mac)}"
    trust = ssl.create_default_context(cafile=str(ours.files.ca))
    async with (
        aiohttp.ClientSession(headers={"User-Agent": AGENT}) as session,
        session.get(url, ssl=trust) as response,
    ):
        if response.status != 200:
            raise TargetError(f"the MCS answered {response.status} to {path}: expected its file")
        body = await response.read()
    macs = range(KNOWN_PHONES) if "{mac}" in path else range(1)
    for number in macs:
        (folder / path.format(mac=f"1400E9{number:06X}").lstrip("/")).write_bytes(body)


async def _introduce(ours: RunningMcs, count: int) -> None:
    """Let `count` phones call once, so that the MCS knows them."""
    task: dict[str, object] = {
        "host": HOST,
        "port": ours.phones_port,
        "ca": str(ours.files.ca),
        "path": "/{mac}.cfg",
        "connections": 64,
        "seconds": 600.0,
        "server_pid": ours.child.pid,
        "phones": count,
        "count": count,
    }
    side = Side(**await generated("tls_load", task))
    if side.failed:
        raise TargetError(f"{side.failed} of {count} phones were refused by the MCS")


@asynccontextmanager
async def administrator(ours: RunningMcs) -> AsyncIterator[aiohttp.ClientSession]:
    """A session that is logged in at the API."""
    trust = ssl.create_default_context(cafile=str(ours.files.ca))
    connector = aiohttp.TCPConnector(ssl=trust)
    base = f"https://{HOST}:{ours.api_port}"
    async with aiohttp.ClientSession(base, connector=connector) as session:
        log_in = {"username": "admin", "password": PASSWORD}
        async with session.post("/api/v1/login", json=log_in) as response:
            token = (await response.json())["token"]
        session.headers["Authorization"] = f"Bearer {token}"
        yield session


async def _pages(session: aiohttp.ClientSession, ours: RunningMcs, page: str, size: Size) -> Side:
    """The same page again and again, one at a time.

    Raises:
        TargetError: the page is empty.
    """
    began, server, own = time.monotonic(), ours.child.cpu_s, own_cpu_s()
    done = failed = 0
    while time.monotonic() - began < size.seconds:
        async with session.get(page) as response:
            text = await response.text()
        good = response.status == 200
        if good and not done and not json.loads(text)["items"]:
            raise TargetError(f"{page} is empty: the MCS does not know the phones that called")
        done += good
        failed += not good
    elapsed_s = time.monotonic() - began
    return Side(done, elapsed_s, ours.child.cpu_s - server, own_cpu_s() - own, failed)


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        return int(server.getsockname()[1])
