"""What a phone needs for its whole life, for `python -m loadtests bench`: files, and a registrar.

    python -m simulators.estate.life_site PHONES

A file server over HTTPS with what wire contract 3 says of a configuration server, each phone's file
with its account at a PBX node beside it. No journal, no MBG. Says one JSON line when ready, and
ends with standard input.
"""

import json
import sys
import tempfile
from pathlib import Path

from aiohttp import web

from simulators.addresses import claim_private
from simulators.clock import Clock
from simulators.entropy import Seed
from simulators.errors import BenchError, ConfigurationError
from simulators.estate.open_network import OpenNetwork
from simulators.estate.registrar_site import end_of_input
from simulators.http_api.opening import open_http
from simulators.journal import Journal
from simulators.pbx.node import PbxNode
from simulators.phone.files.firmware import build_image
from simulators.phone.people import invent
from simulators.running import run
from simulators.tls import Authority

MODEL = "6930"
VERSION = "5.1.0.6044"
MOST_PHONES = 10_000
FIRST_EXTENSION = 100_000


async def serve(phones: int) -> None:
    """Run until standard input ends."""
    held = claim_private()
    clock = Clock()
    journal = Journal(clock.now, enabled=False)
    node = PbxNode(
        1,
        "bench",
        "6.3 SP1",
        clock=clock,
        network=OpenNetwork(held.plan, journal, clock),
        journal=journal,
        entropy=Seed(1).stream("registrar").randbytes,
    )
    people = invent(Seed(1), phones, FIRST_EXTENSION, (MODEL,))
    files = {"startup.cfg": b"# all phones\n", f"{MODEL}.cfg": b"sip transport protocol: 1\n"}
    files[f"{MODEL}.st"] = build_image(
        MODEL, VERSION, "sip", 1024, Seed(1).stream("image").randbytes
    )
    await node.start((held.plan.node(1), 0))
    host, port = node.address
    accounts = []
    for person in people:
        extension = node.add_extension(person.extension, person.name)
        files[f"{person.mac}.cfg"] = (
            f"sip line1 user name: {extension.number}\nsip line1 auth name: {extension.auth_name}\n"
            f"sip line1 password: {extension.auth_password}\nsip line1 registrar ip: {host}\n"
            f"sip line1 registrar port: {port}\n"
        ).encode()
        accounts.append(
            {
                "username": extension.number,
                "password": extension.auth_password,
                "extension": extension.number,
                "home_index": person.home_index,
            }
        )
    runner = web.AppRunner(_files(files), access_log=None)
    await runner.setup()
    try:
        await open_http(runner, held.plan.mcs, 0, Authority().server_context(held.plan.mcs))
        with tempfile.TemporaryDirectory(prefix="bench-life-") as folder:
            path = Path(folder) / "accounts.jsonl"
            path.touch(mode=0o600)
            path.write_text("".join(json.dumps(account) + "\n" for account in accounts))
            ready = {
                "files": list(runner.addresses[0]),
                "registrar": [host, port],
                "accounts": str(path),
                "macs": [person.mac for person in people],
                "model": MODEL,
                "version": VERSION,
            }
            sys.stdout.write(json.dumps(ready) + "\n")
            sys.stdout.flush()
            await end_of_input()
    finally:
        await runner.cleanup()
        await node.stop()
        held.release()


def _files(files: dict[str, bytes]) -> web.Application:
    async def get(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        found = files.get(name)
        if found is None:
            raise web.HTTPNotFound
        return web.Response(body=found, content_type="text/plain")

    app = web.Application()
    app.add_routes([web.get("/{name}", get)])
    return app


def main(words: list[str]) -> None:
    """Serve so many phones."""
    try:
        if len(words) != 1 or not words[0].isdigit() or not 1 <= int(words[0]) <= MOST_PHONES:
            raise ConfigurationError(f"expected one word: 1 to {MOST_PHONES} phones")
        run(serve(int(words[0])))
    except BenchError as error:
        sys.stderr.write(f"life_site: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
