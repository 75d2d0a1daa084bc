"""Systems under test in processes of their own, seen from outside alone: an MCS, an MBG.

On addresses that the suites' own estate does not have. `new_mcs` listens for the suites' wish to
have the MCS as delivered again, as a laboratory's snapshots do.
"""

import http.client
import json
import os
import shutil
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from simulators.addresses import AddressPlan, claim_private, open_port
from simulators.tls import Authority

ROOT = Path(__file__).parents[2]
LIMIT_S = 60.0
SUITES_LIMIT_S = 400.0
PASSWORD = "an-Admin-Password-1"


@dataclass
class Elsewhere:
    """Where the two are; `folder` is that of this test."""

    folder: Path
    plan: AddressPlan
    authority: Authority
    mbg_ca: Path
    reset_url: str = ""

    @property
    def api_url(self) -> str:
        return f"https://{self.plan.mcs}:8200"

    @property
    def control_url(self) -> str:
        return f"http://{self.plan.control_of_mbg(1)}:8190"

    def estate_file(self, mcs: str = "", mbg: str = "", more: str = "") -> Path:
        """An estate file that puts both in their roles; the arguments are further lines."""
        reset = json.dumps([sys.executable, "-c", _POST, self.reset_url])
        path = self.folder / "estate.toml"
        path.write_text(
            f"""
[mcs]
role = "external"
phones_address = "{self.plan.mcs}"
{f"reset_command = {reset}" if self.reset_url else ""}
{
                mcs
                or f'''api_url = "{self.api_url}"
admin_password_file = "{self.folder / 'admin'}"
ca_file = "{self.folder / 'ca.pem'}"'''
            }

[mbg]
role = "external"
inside = "{self.plan.mbg_inside}"
outside = "{self.plan.mbg_outside}"
rest_port = {open_port(443)}
{
                mbg
                or f'''speaks = "control"
control_url = "{self.control_url}"'''
            }
{more}
"""
        )
        return path

    def control(self, method: str, path: str, body: object = None) -> Any:
        """A call of the MBG's control API."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.control_url + path, data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def api(self, method: str, path: str, body: object = None, token: str = "") -> Any:
        """A call of the MCS's API."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(
            f"{self.api_url}/api/v1{path}", data, headers, method=method
        )
        trust = self.authority.client_context()
        with urllib.request.urlopen(request, timeout=LIMIT_S, context=trust) as answer:
            text = answer.read()
        return json.loads(text) if text else None


_POST = "import sys, urllib.request as r; r.urlopen(sys.argv[1], b'', timeout=120).read()"


def mcs_command(there: Elsewhere) -> list[str]:
    """Our MCS as a program, without what listens below port 1024."""
    certificate = there.authority.write(there.folder, there.plan.mcs, there.plan.mbg_outside)
    options = {
        "--data": there.folder / "mcs",
        "--listen": there.plan.mcs,
        "--outbound-address": there.plan.mcs,
        "--certificate": certificate.certificate,
        "--key": certificate.key,
        "--trusted-ca": there.mbg_ca,
        "--admin-password-file": there.folder / "admin",
    }
    words = [str(word) for pair in options.items() for word in pair]
    off = ["--no-tftp", "--no-syslog", "--no-ldap", "--no-push"]
    return [sys.executable, "-m", "system", *words, *off]


@contextmanager
def elsewhere(
    folder: Path,
    command: Callable[[Elsewhere], Sequence[str]] = mcs_command,
    *,
    resettable: bool = True,
) -> Iterator[Elsewhere]:
    """An MBG and an MCS, each a process of its own, on a block of addresses of their own."""
    with ExitStack() as stack:
        held = claim_private()
        stack.callback(held.release)
        authority = Authority()
        there = Elsewhere(folder, held.plan, authority, folder / "mbg-ca.pem")
        (folder / "admin").write_text(PASSWORD)
        authority.write_ca(folder).rename(folder / "ca.pem")
        plan = held.plan
        stack.enter_context(
            _process(
                [sys.executable, "-m", "simulators", "mbg", "--ca-file", str(there.mbg_ca),
                 "--outside", plan.mbg_outside, "--inside", plan.mbg_inside,
                 "--control-address", plan.control_of_mbg(1)],
                folder, lambda: there.control("GET", "/health"),
            )
        )  # fmt: skip
        made = _Renewed(there, command)
        stack.callback(made.end)
        made.renew()
        if resettable:
            there.reset_url = stack.enter_context(_asked_for(made))
        yield there


def check(there: Elsewhere, estate: Path, *words: str) -> tuple[int, str, dict[str, Any]]:
    """`features check` in a process of its own: exit status, output, its report.json."""
    command = [sys.executable, "-m", "features", "check", "--estate", str(estate), *words]
    done = subprocess.run(
        command, cwd=there.folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SUITES_LIMIT_S, check=False,
    )  # fmt: skip
    found = sorted(there.folder.glob("runs/*-features/report.json"))
    assert found, done.stdout
    report: dict[str, Any] = json.loads(found[-1].read_text())
    return done.returncode, done.stdout, report


class _Renewed:
    """The MCS: ended, its data thrown away, started again."""

    def __init__(self, there: Elsewhere, command: Callable[[Elsewhere], Sequence[str]]) -> None:
        self._there = there
        self._command = command
        self._stack = ExitStack()

    def renew(self) -> None:
        self.end()
        shutil.rmtree(self._there.folder / "mcs", ignore_errors=True)
        self._stack.enter_context(
            _process(
                list(self._command(self._there)),
                self._there.folder,
                lambda: self._there.api("GET", "/health"),
            )
        )

    def end(self) -> None:
        self._stack.close()


@contextmanager
def _asked_for(made: _Renewed) -> Iterator[str]:
    """A URL at which a POST renews the MCS."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.renew()
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _process(command: list[str], folder: Path, answers: Callable[[], object]) -> Iterator[None]:
    """A process, once it answers; ended afterwards."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            _wait(process, answers, folder / "log")
            yield
        finally:
            process.terminate()
            process.wait(LIMIT_S)


def _wait(process: subprocess.Popen[bytes], answers: Callable[[], object], log: Path) -> None:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            answers()
        except urllib.error.HTTPError as error:
            error.close()
            return
        except http.client.RemoteDisconnected:
            return  # it is there, and closes without a word
        except (OSError, ssl.SSLError):
            time.sleep(0.05)  # another process: there is nothing else to wait on
        else:
            return
    raise AssertionError(f"{process.args!r} does not answer: {log.read_text(errors='replace')}")
