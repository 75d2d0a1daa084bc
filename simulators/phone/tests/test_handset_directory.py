"""The directory of a phone on real sockets: CSV over HTTP, LDAP, and the name of a caller."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from simulators.phone.handset import Handset
from simulators.phone.life.states import State
from simulators.phone.local.ldap import BIND, SEARCH
from simulators.phone.tests.local_bench import LocalBench, WebServer, local_bench
from simulators.phone.tests.test_phone_directory import entry, result

SLAPD = shutil.which("slapd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
SCHEMAS = Path("/etc/ldap/schema")
CSV = b"first name,last name,company,number\nAda,Home,,2101\nBen,Away,,2102\n"


@pytest.fixture
async def bench() -> AsyncIterator[LocalBench]:
    async with local_bench() as made:
        yield made


@asynccontextmanager
async def directory_server(host: str) -> AsyncIterator[int]:
    """Finds Cas, whoever is asked for."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(4096):
                if data[4] == BIND:
                    writer.write(result(BIND, "bindResponse"))
                elif data[4] == SEARCH:
                    writer.write(entry(cn="Cas Far", telephoneNumber="2199"))
                    writer.write(result(SEARCH, "searchResDone"))
        finally:
            writer.close()

    server = await asyncio.start_server(serve, host, 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


async def with_directory(bench: LocalBench, port: int, ldap: str, **more: str) -> Handset:
    """A phone in service with a Directory key."""
    local = {
        "download protocol": "HTTP", "http server": bench.plan.mcs, "http port": str(port),
        "directory 1": "system.csv", "ldap server": ldap, "ldap base dn": "dc=mcs",
        "softkey1 type": "directory", "softkey1 label": "Contacts", **more,
    }  # fmt: skip
    phone = bench.handset(local=local)
    await phone.power_on()
    await phone.until(State.IDLE)
    await bench.until("directory fetched")
    return phone


async def test_the_directory_key_shows_contacts_and_asks_the_server(bench: LocalBench) -> None:
    web = WebServer({"system.csv": CSV})
    async with web.serving(bench.plan.mcs) as port, directory_server(bench.plan.mcs) as ldap:
        phone = await with_directory(bench, port, f"{bench.plan.mcs}:{ldap}")
        phone.press("Contacts")
        assert phone.screen.title == "Directory"
        whole: tuple[str, ...] = phone.screen.lines
        assert whole == ("Ada Home 2101", "Ben Away 2102")
        phone.type_text("be")
        narrowed = phone.screen.lines
        assert narrowed == ("Ben Away 2102",)
        phone.press("Search")
        assert phone.screen.message == "Searching"
        await bench.until("LDAP look-up")
        while phone.screen.message == "Searching":
            await asyncio.sleep(0)
        results = phone.screen.lines
        assert results == ("Cas Far 2199",)
        phone.press("Goodbye")
        assert phone.screen.title != "Directory"
        assert phone.name_of("2101") == "Ada Home" and phone.name_of("2199") == ""


async def test_the_hard_key_opens_it_too_and_leaves_the_menu_for_it(bench: LocalBench) -> None:
    web = WebServer({"system.csv": CSV})
    async with web.serving(bench.plan.mcs) as port:
        phone = await with_directory(bench, port, "", **{"softkey1 type": "empty"})
        phone.press("Redial")
        assert phone.screen.message == "Nothing to dial"
        phone.press("Settings")
        phone.press("Directory")
        assert phone.screen.title == "Directory"


@pytest.mark.parametrize(
    "server, reason", [("", "no directory server"), ("127.0.0.1:1", "refused"), ("x:y", "no dir")]
)
async def test_a_server_that_is_not_there(bench: LocalBench, server: str, reason: str) -> None:
    web = WebServer({"system.csv": CSV})
    async with web.serving(bench.plan.mcs) as port:
        phone = await with_directory(bench, port, server)
        phone.press("Contacts")
        phone.press("Search")
        while phone.screen.message == "Searching":
            await asyncio.sleep(0)
        assert reason in phone.screen.message and phone.screen.lines


async def test_a_teleworker_reaches_no_directory_server(bench: LocalBench) -> None:
    async with directory_server(bench.plan.mcs) as ldap:
        local = {
            "ldap server": f"{bench.plan.mcs}:{ldap}",
            "softkey1 type": "directory",
            "softkey1 label": "Contacts",
        }
        phone = bench.handset(bench.plan.home(0), local=local)
        await phone.power_on()
        await phone.until(State.IDLE)
        phone.press("Contacts")
        phone.press("Search")
        await bench.until("LDAP look-up")
        while phone.screen.message == "Searching":
            await asyncio.sleep(0)
        assert phone.screen.message == "no answer"  # FWD-2


@pytest.mark.skipif(
    SLAPD is None or not SCHEMAS.exists(),
    reason="needs a foreign LDAP server: apt-get install slapd",
)
async def test_a_foreign_directory_server_is_understood(bench: LocalBench, tmp_path: Path) -> None:
    assert SLAPD is not None
    store = tmp_path / "store"
    store.mkdir()
    configuration = tmp_path / "slapd.conf"
    includes = "".join(
        f"include {SCHEMAS / name}.schema\n" for name in ("core", "cosine", "inetorgperson")
    )
    configuration.write_text(
        f"{includes}modulepath /usr/lib/ldap\nmoduleload back_mdb\npidfile {tmp_path}/pid\n"
        f"database mdb\nsuffix dc=mcs\nrootdn cn=admin,dc=mcs\ndirectory {store}\n"
    )
    people = "dn: dc=mcs\nobjectClass: dcObject\nobjectClass: organization\no: mcs\ndc: mcs\n\n"
    for first, last, number in (("Ada", "Home", "2101"), ("Ben", "Away", "2102")):
        people += (
            f"dn: cn={first} {last},dc=mcs\nobjectClass: inetOrgPerson\ncn: {first} {last}\n"
            f"sn: {last}\ngivenName: {first}\ntelephoneNumber: {number}\n\n"
        )
    (tmp_path / "people.ldif").write_text(people)
    load = await asyncio.create_subprocess_exec(
        SLAPD, "-T", "add", "-f", str(configuration), "-l", str(tmp_path / "people.ldif")
    )
    assert await load.wait() == 0
    with socket.socket() as free:
        free.bind((bench.plan.mcs, 0))
        port = free.getsockname()[1]
    server = await asyncio.create_subprocess_exec(
        SLAPD, "-f", str(configuration), "-h", f"ldap://{bench.plan.mcs}:{port}", "-d", "0",
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    web = WebServer({"system.csv": CSV})
    try:
        async with web.serving(bench.plan.mcs) as web_port:
            phone = await with_directory(bench, web_port, f"{bench.plan.mcs}:{port}")
            phone.press("Contacts")
            phone.type_text("awa")
            for _ in range(500):  # until the server listens
                phone.press("Search")
                while phone.screen.message == "Searching":
                    await asyncio.sleep(0.02)
                if "refused" not in phone.screen.message:
                    break
            assert phone.screen.lines == ("Ben Away 2102",) and phone.screen.softkeys[0] == "Dial"
            facts = bench.happened("LDAP look-up")[-1].facts
            assert facts["found"] == "1", facts
    finally:
        if server.returncode is None:
            server.terminate()
        await server.wait()
