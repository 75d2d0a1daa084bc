"""SIPp, the SIP generator from Debian (sip-tester) that ours is measured beside.

It plays the same registration: REGISTER, 401, REGISTER with digest, 200, with retransmissions on,
over one UDP socket, as many at a time as ours. Its processor time is that of the whole process less
that of one that plays a single call, which is its start.
"""

import asyncio
import os
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from loadtests.bench.figures import Side
from loadtests.children import cpu_s
from loadtests.errors import GeneratorError
from loadtests.plan import PhoneAccount
from simulators.core import Address

SCENARIO = """\
<?xml version="1.0" encoding="ISO-8859-1" ?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="register">
  <send retrans="500"><![CDATA[
{request}      Content-Length: 0

  ]]></send>
  <recv response="401" auth="true"></recv>
  <send retrans="500"><![CDATA[
{request}      [field1]
      Content-Length: 0

  ]]></send>
  <recv response="200"></recv>
</scenario>
"""
REQUEST = """
      REGISTER sip:[remote_ip] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
      Max-Forwards: 70
      From: <sip:[field0]@[remote_ip]>;tag=[pid]t[call_number]
      To: <sip:[field0]@[remote_ip]>
      Call-ID: [call_id]
      CSeq: [cseq] REGISTER
      Contact: <sip:[field0]@[local_ip]:[local_port]>
      Expires: 3600
"""
LIMIT_S = 120


class Unavailable(Exception):
    """There is no SIPp here; the message says how to get it."""


def check() -> None:
    """Return if it is installed.

    Raises:
        Unavailable: it is not.
    """
    if shutil.which("sipp") is None:
        raise Unavailable("SIPp is not installed: apt-get install sip-tester, and run again")


async def registrations(
    server_pid: int, registrar: Address, accounts: list[PhoneAccount], window: int
) -> Side:
    """Let these phones register once each.

    Raises:
        GeneratorError: it failed.
    """
    return await asyncio.to_thread(_play, server_pid, registrar, accounts, window)


def _play(server_pid: int, registrar: Address, accounts: list[PhoneAccount], window: int) -> Side:
    with tempfile.TemporaryDirectory(prefix="bench-sipp-") as folder:
        scenario, users = Path(folder) / "register.xml", Path(folder) / "users.csv"
        scenario.write_text(SCENARIO.format(request=REQUEST))
        users.write_text("SEQUENTIAL\n" + "".join(_line(account) for account in accounts))
        users.chmod(0o600)
        words = [
            "sipp", f"{registrar[0]}:{registrar[1]}", "-i", "127.0.0.1", "-sf", str(scenario),
            "-inf", str(users), "-l", str(window), "-r", "100000", "-nostdin", "-timeout",
            str(LIMIT_S),
        ]  # fmt: skip
        start_s = _run([*words, "-m", "1"], folder)
        before, began = cpu_s(server_pid), time.monotonic()
        used_s = _run([*words, "-m", str(len(accounts))], folder)
        elapsed_s = time.monotonic() - began
        return Side(
            len(accounts), elapsed_s, cpu_s(server_pid) - before, max(0.0, used_s - start_s)
        )


def _run(words: list[str], folder: str) -> float:
    """Run it to its end; returns the processor time that it used."""
    log = Path(folder) / "sipp.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            words, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True, env=os.environ | {"TERM": "dumb"},
        )  # fmt: skip
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise GeneratorError(
            f"SIPp ended with status {process.returncode}: some registrations failed"
        )
    return _cpu_of(usage)


def _cpu_of(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


def _line(account: PhoneAccount) -> str:
    return (
        f"{account.username};[authentication username={account.username} "
        f"password={account.password}]\n"
    )
