"""What the MCS's phone listener is measured beside: servers that hand out the same octets.

    python -m loadtests.bench.file_servers HOST PORT CERTIFICATE KEY FOLDER

runs the bare one: aiohttp with one handler that answers from memory. nginx (Debian package) is the
other, one process, files from a folder. Both show the certificate that the MCS shows.
"""

import asyncio
import shutil
import signal
import ssl
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme
import uvloop
from aiohttp import web

from loadtests.bench.processes import Child, serving

NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/tmp;
    proxy_temp_path {folder}/tmp;
    fastcgi_temp_path {folder}/tmp;
    uwsgi_temp_path {folder}/tmp;
    scgi_temp_path {folder}/tmp;
    keepalive_requests 1000000;
    ssl_session_tickets off;
    server {{
        listen {host}:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        default_type text/plain;
        root {root};
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """PEM files: a server's certificate chain and key, and the certificate of their authority."""

    certificate: Path
    key: Path
    ca: Path


def certificates(folder: Path, host: str) -> CertificateFiles:
    """A certificate for `host` of an authority that ends with the round."""
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    leaf = authority.issue_cert(host, key_type=trustme.KeyType.ECDSA)
    files = CertificateFiles(folder / "server.crt", folder / "server.key", folder / "ca.crt")
    files.certificate.write_bytes(b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
    files.key.touch(mode=0o600)
    files.key.write_bytes(leaf.private_key_pem.bytes())
    files.ca.write_bytes(authority.cert_pem.bytes())
    return files


class Unavailable(Exception):
    """There is no nginx here; the message says how to get it."""


@asynccontextmanager
async def bare(host: str, port: int, files: CertificateFiles, root: Path) -> AsyncIterator[Child]:
    """The bare aiohttp server, once it listens."""
    words = (sys.executable, "-m", "loadtests.bench.file_servers", host, str(port))
    paths = (str(files.certificate), str(files.key), str(root))
    async with serving(*words, *paths, says_ready=False) as child:
        await child.listening(host, port)
        yield child


@asynccontextmanager
async def nginx(host: str, port: int, files: CertificateFiles, root: Path) -> AsyncIterator[Child]:
    """nginx in one process, once it listens.

    Raises:
        Unavailable: it is not installed.
    """
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        raise Unavailable("nginx is missing: apt-get install nginx-light, and run the bench again")
    with tempfile.TemporaryDirectory(prefix="bench-nginx-") as name:
        folder = Path(name)
        config = folder / "nginx.conf"
        config.write_text(
            NGINX.format(
                folder=folder,
                host=host,
                port=port,
                certificate=files.certificate,
                key=files.key,
                root=root,
            )
        )
        words = (program, "-c", str(config), "-p", str(folder))
        async with serving(*words, says_ready=False, ask_with=signal.SIGTERM) as child:
            await child.listening(host, port)
            yield child


async def _serve(host: str, port: int, context: ssl.SSLContext, root: Path) -> None:
    bodies = {path.name: path.read_bytes() for path in root.iterdir() if path.is_file()}

    async def file(request: web.Request) -> web.Response:
        body = bodies.get(request.match_info["name"])
        if body is None:
            raise web.HTTPNotFound
        return web.Response(body=body, content_type="text/plain")

    app = web.Application()
    app.add_routes([web.get("/{name}", file)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port, ssl_context=context).start()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until it is closed
    await runner.cleanup()


def main() -> None:
    """Serve until standard input ends."""
    host, port, certificate, key, root = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    uvloop.run(_serve(host, int(port), context, Path(root)))


if __name__ == "__main__":
    main()
