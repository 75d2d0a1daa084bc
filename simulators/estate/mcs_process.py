"""Our MCS as a process of its own: started by its command, reached over its sockets alone."""

import asyncio
import contextlib
import ssl
import subprocess
from pathlib import Path

import aiohttp

from simulators.errors import ConfigurationError
from simulators.estate.mcs import McsEndpoint, McsPlace
from simulators.estate.mcs_program import program

START_LIMIT_S = 30.0
STOP_LIMIT_S = 5.0
TRY_LIMIT_S = 1.0
"""For one question; a stranger on the port may accept and never answer."""
LOG_NAME = "mcs.log"


class McsProcess:
    """A child process that runs `python -m system`."""

    def __init__(self, process: subprocess.Popen[bytes], endpoint: McsEndpoint) -> None:
        self.endpoint = endpoint
        self._process = process

    async def stop(self) -> None:
        """Ask it to end, and make it end."""
        self._process.terminate()  # nothing, where it has ended
        try:
            await asyncio.to_thread(self._process.wait, STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)


async def start_process(place: McsPlace, trust: ssl.SSLContext) -> McsProcess:
    """Start the MCS and return once it answers.

    Raises:
        ConfigurationError: it ended, or did not answer in time; the message holds what it said.
    """
    password_file = place.data_dir / "admin-password"
    password_file.touch(mode=0o600)
    password_file.write_text(place.admin_password)
    log = place.data_dir / LOG_NAME
    log.write_bytes(b"")
    process = program().run(_words(place, password_file), log)
    url = f"https://{place.address}:{place.api_port}"
    endpoint = McsEndpoint(
        api_url=url,
        phones_address=(place.address, place.phones_port),
        phone_manager_address=(place.address, place.phone_manager_port),
        tftp_address=(place.address, place.tftp_port),
        admin_name="admin",
        admin_password=place.admin_password,
        tls=trust,
        kind="ours",
        where=f"its own process, {url}",
    )
    running = McsProcess(process, endpoint)
    try:
        await _answering(process, url, trust, log)
    except BaseException:
        await running.stop()
        raise
    return running


def _words(place: McsPlace, password_file: Path) -> list[str]:
    options = {
        "--data": place.data_dir,
        "--listen": place.address,
        "--api-port": place.api_port,
        "--phones-port": place.phones_port,
        "--phones-http-port": place.phones_http_port,
        "--phone-manager-port": place.phone_manager_port,
        "--tftp-port": place.tftp_port,
        "--syslog-port": place.syslog_port,
        "--ldap-port": place.ldap_port,
        "--push-port": place.push_port,
        "--certificate": place.certificate.certificate,
        "--key": place.certificate.key,
        "--trusted-ca": place.trusted_ca,
        "--outbound-address": place.address,
        "--admin-password-file": password_file,
    }
    return [word for name, value in options.items() for word in (name, str(value))]


async def _answering(
    process: subprocess.Popen[bytes], url: str, trust: ssl.SSLContext, log: Path
) -> None:
    """Wait for the health resource, or for the process to end."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + START_LIMIT_S
    patience = aiohttp.ClientTimeout(total=TRY_LIMIT_S)
    async with aiohttp.ClientSession(timeout=patience) as session:
        while loop.time() < deadline:
            if (status := process.poll()) is not None:
                raise ConfigurationError(
                    f"the MCS ended at its start (exit status {status}): {_said(log)}"
                )
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.get(f"{url}/api/v1/health", ssl=trust) as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.05)  # a process of its own has no journal to wait on
    raise ConfigurationError(
        f"the MCS did not answer at {url} within {START_LIMIT_S:.0f} s: {_said(log)}"
    )


def _said(log: Path) -> str:
    """The last line of the child's log; the log's folder may be gone before a person looks."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
