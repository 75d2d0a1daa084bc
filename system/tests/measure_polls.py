"""``python -m system.tests.measure_polls``: polls a second that one MCS answers, kept alive.

Known phones poll with the newest revision over HTTPS, as many at a time as ``--at-once`` says, in a
process of their own; printed are polls a second and the slowest. Loopback only, bounded in count.
"""

import argparse
import asyncio
import multiprocessing
import re
import ssl
import tempfile
import time
from pathlib import Path

import aiohttp

from system.app import Mcs
from system.config import McsConfig


def agent(number: int) -> tuple[str, str]:
    """MAC and User-Agent of the phone with this number."""
    mac = f"1400E9{number:06X}"
    dashed = "-".join(mac[start : start + 2] for start in range(0, 12, 2))
    return mac, f"Mitel6930 MAC:{dashed} V:5.1.0.6044-SIP"


async def _ask(port: int, phones: int, rounds: int, at_once: int) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    base = f"https://127.0.0.1:{port}"
    slots = asyncio.Semaphore(at_once)
    connector = aiohttp.TCPConnector(ssl=tls, limit=at_once)
    async with aiohttp.ClientSession(connector=connector) as http:

        async def get(path: str, headers: dict[str, str]) -> tuple[float, str]:
            async with slots:
                began = time.perf_counter()
                async with http.get(base + path, headers=headers) as answer:
                    text = await answer.text()
                    assert answer.status == 200, (answer.status, text)
                return time.perf_counter() - began, text

        polls = []
        for number in range(phones):
            mac, user_agent = agent(number)
            headers = {"User-Agent": user_agent}
            _, file = await get(f"/{mac}.cfg", headers)
            found = re.search(r"^action uri poll: https://[^/]+(/\S+)$", file, re.MULTILINE)
            assert found is not None, file
            polls.append((found[1], headers))
        began = time.perf_counter()
        answers = await asyncio.gather(
            *(get(path, headers) for _ in range(rounds) for path, headers in polls)
        )
        took = time.perf_counter() - began
    assert all(text == "" for _, text in answers), "a poll was told of a change"
    times = sorted(seconds for seconds, _ in answers)
    print(
        f"{len(times)} polls of {phones} phones in {took:.2f} s: {len(times) / took:.0f}/s, "
        f"median {times[len(times) // 2] * 1000:.1f} ms, slowest {times[-1] * 1000:.1f} ms"
    )


def _client(port: int, phones: int, rounds: int, at_once: int) -> None:
    asyncio.run(_ask(port, phones, rounds, at_once))


async def _measure(phones: int, rounds: int, at_once: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = McsConfig(
            data_dir=Path(folder),
            listen_address="127.0.0.1",
            api_port=0,
            phones_port=0,
            phones_http_port=0,
            password_hash_cost="test",
        )
        mcs = Mcs(config)
        await mcs.start()
        context = multiprocessing.get_context("spawn")
        client = context.Process(target=_client, args=(mcs.phones_port, phones, rounds, at_once))
        try:
            client.start()
            before = time.process_time()
            await asyncio.to_thread(client.join)
            requests = phones * (rounds + 1)
            used_ms = (time.process_time() - before) * 1000 / requests
            print(f"{used_ms:.2f} ms of processor time of the MCS for each of {requests} requests")
        finally:
            await mcs.stop()


def main() -> None:
    """Read the arguments and measure once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phones", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--at-once", type=int, default=100)
    given = parser.parse_args()
    asyncio.run(_measure(given.phones, given.rounds, given.at_once))


if __name__ == "__main__":
    main()
