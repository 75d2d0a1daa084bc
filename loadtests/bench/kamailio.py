"""Kamailio, the registrar from Debian that ours is measured beside: one worker, all in memory.

It challenges with digest MD5 and qop auth, checks one password for everybody, and keeps bindings in
its usrloc without a database. No TCP, no log. It serves OPTIONS, too: the answer says that it is
ready, and which process its worker is.
"""

import asyncio
import shutil
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from loadtests.bench.processes import READY_WITHIN_S, Child, serving
from loadtests.errors import TargetError
from simulators.core import Address

CONFIG = """\
#!KAMAILIO
debug=0
log_stderror=yes
children=1
disable_tcp=yes
auto_aliases=no
listen=udp:{host}:{port}
mpath="{modules}/"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
modparam("usrloc", "db_mode", 0)
modparam("auth", "qop", "auth")
request_route {{
    if (!is_method("REGISTER")) {{
        append_to_reply("X-Worker: $pp\\r\\n");
        sl_send_reply("200", "OK");
        exit;
    }}
    if (!pv_www_authenticate("bench", "{password}", "0")) {{
        www_challenge("bench", "1");
        exit;
    }}
    save("location");
}}
"""
OPTIONS = """\
OPTIONS sip:{to[0]} SIP/2.0\r
Via: SIP/2.0/UDP {frm[0]}:{frm[1]};branch=z9hG4bKready\r
Max-Forwards: 70\r
From: <sip:bench@{frm[0]}>;tag=1\r
To: <sip:bench@{to[0]}>\r
Call-ID: ready\r
CSeq: 1 OPTIONS\r
Content-Length: 0\r
\r
"""
ASK_AGAIN_S = 0.2


class Unavailable(Exception):
    """There is no Kamailio here; the message says how to get it."""


def modules() -> Path:
    """The folder of its modules.

    Raises:
        Unavailable: it is not installed.
    """
    found = next(iter(sorted(Path("/usr/lib").glob("**/kamailio/modules/auth.so"))), None)
    if shutil.which("kamailio") is None or found is None:
        raise Unavailable(
            "Kamailio is not installed: apt-get install kamailio, and run the bench again"
        )
    return found.parent


@asynccontextmanager
async def running(password: str) -> AsyncIterator[tuple[int, Address]]:
    """A Kamailio that knows nobody yet: the id of its worker process, and where it listens.

    Raises:
        Unavailable: it is not installed.
        TargetError: it did not get ready.
    """
    folder_of_modules = modules()
    with (
        tempfile.TemporaryDirectory(prefix="bench-kamailio-") as folder,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking,
    ):
        asking.bind(("127.0.0.1", 0))
        asking.setblocking(False)
        place = _free_udp()
        file = Path(folder) / "kamailio.cfg"
        file.write_text(
            CONFIG.format(
                host=place[0], port=place[1], modules=folder_of_modules, password=password
            )
        )
        words = ("kamailio", "-f", str(file), "-DD", "-E", "-Y", folder)
        async with serving(*words, says_ready=False, ask_with=signal.SIGTERM) as child:
            yield await _worker(child, asking, place), place


async def _worker(child: Child, asking: socket.socket, place: Address) -> int:
    """Ask until it answers; its answer names the worker."""
    loop = asyncio.get_running_loop()
    options = OPTIONS.format(to=place, frm=asking.getsockname()).encode()
    until = loop.time() + READY_WITHIN_S
    while loop.time() < until and child.is_alive:
        try:
            await loop.sock_sendto(asking, options, place)
            answer = await asyncio.wait_for(loop.sock_recv(asking, 65_535), ASK_AGAIN_S)
        except (TimeoutError, OSError):
            await asyncio.sleep(ASK_AGAIN_S)
            continue
        for line in answer.decode("ascii", "replace").splitlines():
            name, _, value = line.partition(":")
            if name == "X-Worker":
                return int(value)
    raise TargetError("kamailio did not get ready: it answers no OPTIONS")


def _free_udp() -> Address:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        host, port = free.getsockname()
        return str(host), int(port)
