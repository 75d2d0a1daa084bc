"""Bulk provisioning beside a bare signed client loop: ``python -m system.tests.bulk_bench``.

Both make the same devices on the same kind of MBG (the fake one of the tests, in a process of its
own) over TLS, with the same number of calls at once. The bare loop does nothing but sign, send and
read; ours also stores the wish, the operation, the note before each write and what came of it.
"""

import argparse
import asyncio
import json
import secrets
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
import trustme
from yarl import URL

from system.app import Mcs
from system.clock import SystemClock
from system.config import McsConfig
from system.mbg.client import make_http_session
from system.mbg.oauth import Credentials, Signer
from system.storage.database import open_database
from system.storage.secrets import open_secret_box
from system.tests.fake_mbg import FakeMbg
from system.tests.killing import lay_out

PASSWORD = "correct horse 1"
SERVE = "serve-an-mbg"


async def serve(folder: Path) -> None:
    """The MBG's process: prints its port, ends with its standard input."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "mbg.pem")
    mbg = FakeMbg(final=("token", "token secret"), expires_at="2100-01-01T00:00:00Z")
    mbg._refuse_duplicate = _by_index(mbg)  # type: ignore[method-assign,assignment]
    await mbg.start(tls)
    print(mbg.port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await mbg.stop()


def _by_index(mbg: FakeMbg) -> Callable[[dict[str, str], str | None], None]:
    """The tests' own look through all devices is too slow for thousands of them."""
    taken: dict[tuple[str, str], str] = {}

    def refuse(written: dict[str, str], own: str | None) -> None:
        side = (written["icp_id"], written["icp_username"])
        assert own is not None or side not in taken
        taken[side] = own or ""

    assert mbg.devices == {}
    return refuse


def start_mbg(folder: Path) -> tuple[subprocess.Popen[str], int]:
    """A fresh MBG in its own process, and its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "system.tests.bulk_bench", SERVE, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


async def bare_loop(folder: Path, port: int, count: int, parallel: int) -> float:
    """Seconds for ``count`` signed creates."""
    tls = ssl.create_default_context(cafile=folder / "ca.pem")
    signer = Signer(SystemClock(), secrets.token_bytes)
    credentials = Credentials("MiVOAppSuite", "sharedsecret", "token", "token secret")
    url = f"https://127.0.0.1:{port}/mslrest/mbg/v1/devices/"
    numbers = iter(range(count))

    async def worker(http: aiohttp.ClientSession) -> None:
        for number in numbers:
            device = {
                "enabled": True,
                "description": f"{number} Number",
                "icp_id": "1",
                "set_username": f"tw{number}",
                "set_password": "Some-password-1",
                "icp_username": str(number),
                "icp_password": "Some-password-2",
                "availability": "everywhere",
            }
            headers = {
                "Authorization": signer.authorization("POST", url, credentials),
                "Content-Type": "application/json",
            }
            async with http.post(
                URL(url, encoded=True), data=json.dumps(device), headers=headers
            ) as answer:
                assert answer.status == 201
                await answer.json()

    async with make_http_session(tls=tls, outbound_address=None, timeout_s=60) as http:
        began = time.perf_counter()
        await asyncio.gather(*(worker(http) for _ in range(parallel)))
        return time.perf_counter() - began


async def ours(folder: Path, port: int, count: int, parallel: int) -> tuple[float, float, float]:
    """Seconds to switch ``count`` extensions on, and off again, and of processor for on."""
    data = folder / "data"
    config = McsConfig(
        data_dir=data,
        listen_address="127.0.0.1",
        api_port=0,
        phones_port=0,
        phones_http_port=0,
        trusted_ca=folder / "ca.pem",
        admin_password=PASSWORD,
        password_hash_cost="test",
        mbg_parallel_operations=parallel,
    )
    data.mkdir()
    database = await open_database(config.resolved_database_url(), open_secret_box(data))
    await lay_out(database, FakeMbg(port=port), [str(10_000 + n) for n in range(count)])
    await database.close()
    mcs = Mcs(config)
    await mcs.start()
    connector = aiohttp.TCPConnector(ssl=False)
    try:
        async with aiohttp.ClientSession(connector=connector) as http:
            base = f"{mcs.api_url}/api/v1"
            log_in = {"username": "admin", "password": PASSWORD}
            async with http.post(f"{base}/login", json=log_in) as answer:
                headers = {"Authorization": f"Bearer {(await answer.json())['token']}"}
            began = time.process_time()
            on = await switch(http, base, headers, True)
            cpu = time.process_time() - began
            off = await switch(http, base, headers, False)
    finally:
        await mcs.stop()
    return on, off, cpu


async def switch(
    http: aiohttp.ClientSession, base: str, headers: dict[str, str], use_remote: bool
) -> float:
    """Seconds from the request until the bulk switch is done."""
    body = {"phone_system": 1, "use_remote_credentials": use_remote, "all": True}
    began = time.perf_counter()
    async with http.post(f"{base}/provisioning/bulk", json=body, headers=headers) as answer:
        number = (await answer.json())["id"]
    while True:
        await asyncio.sleep(0.2)
        async with http.get(f"{base}/provisioning/bulk/{number}", headers=headers) as answer:
            found = await answer.json()
        if found["state"] == "done":
            assert found["progress"]["done"] == found["total"]
            return time.perf_counter() - began


def main() -> None:
    """Alternate both, print each round and the medians' ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--extensions", type=int, default=1000)
    parser.add_argument("--parallel", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    count, parallel = arguments.extensions, arguments.parallel
    ratios = []
    for number in range(arguments.rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            ca = trustme.CA()
            ca.cert_pem.write_to_path(folder / "ca.pem")
            ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
                folder / "mbg.pem"
            )
            process, port = start_mbg(folder)
            began = time.process_time()
            bare = asyncio.run(bare_loop(folder, port, count, parallel))
            bare_cpu = time.process_time() - began
            process.communicate()
            process, port = start_mbg(folder)
            on, off, cpu = asyncio.run(ours(folder, port, count, parallel))
            process.communicate()
            ratios.append(on / bare)
            print(
                f"round {number + 1}: bare loop {count / bare:.0f}/s ({1000 * bare_cpu / count:.2f}"
                f" ms of processor each), switched on {count / on:.0f}/s ({1000 * cpu / count:.2f}"
                f" ms), off {count / off:.0f}/s; on takes {on / bare:.2f} times the bare loop"
            )
    print(f"median: {sorted(ratios)[len(ratios) // 2]:.2f} times the bare loop")


if __name__ == "__main__":
    if sys.argv[1:2] == [SERVE]:
        asyncio.run(serve(Path(sys.argv[2])))
    else:
        main()
