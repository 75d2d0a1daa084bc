"""SIPp as the generator of the pair `registrar`: made by others, and faster than either registrar.

    python -m loadtests.bench.sipp_load < TASK.json

A fixed number of phones registers with digest at a time, until all have. Says the round as one JSON
object; a `Side`, see `figures`. SIPp's start and end are in the time, some 50 ms, on both sides.
"""

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loadtests.bench.figures import Side
from loadtests.children import cpu_s
from loadtests.errors import GeneratorError
from loadtests.plan import PhoneAccount, read_accounts
from simulators.core import Address

LIMIT_S = 120
MOST_SOCKETS = 500
"""At a time, more than phones register at a time: SIPp's own 50,000 are more than may be open."""
MISSING = "SIPp is not installed: apt-get install sip-tester, and run the bench again"

REGISTER = """\
<send retrans="500"><![CDATA[
REGISTER sip:[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
Max-Forwards: 70
From: <sip:[field0]@[remote_ip]>;tag=[call_number]
To: <sip:[field0]@[remote_ip]>
Call-ID: [call_id]
CSeq: {number} REGISTER
Contact: <sip:[field0]@[local_ip]:[local_port]>
Expires: 3600
{credentials}Content-Length: 0

]]></send>
"""
SCENARIO = "\n".join(
    [
        '<?xml version="1.0" encoding="ISO-8859-1"?>',
        '<scenario name="register with digest">',
        REGISTER.format(number=1, credentials=""),
        '<recv response="401" auth="true"/>',
        REGISTER.format(number=2, credentials="[field1]\n"),
        '<recv response="200"/>',
        "</scenario>",
    ]
)


@dataclass(frozen=True, slots=True)
class Task:
    """One round.

    Args:
        registrar: where the phones register.
        home: the IP address that they have.
        accounts: file with their credentials; phones: how many of them.
        window: how many register at a time.
        server_pid: whose processor time is read at its begin and its end.
        more_pids: of other processes that serve the same registrar.
        own_ports: each phone sends from a port of its own, else all from one.
    """

    registrar: Address
    home: str
    accounts: str
    phones: int
    window: int
    server_pid: int
    more_pids: tuple[int, ...] = ()
    own_ports: bool = False


def play(task: Task) -> Side:
    """One round.

    Raises:
        GeneratorError: SIPp is not there, or did not come to an end.
    """
    if shutil.which("sipp") is None:
        raise GeneratorError(MISSING)
    with tempfile.TemporaryDirectory(prefix="bench-sipp-") as name:
        folder = Path(name)
        (folder / "register.xml").write_text(SCENARIO)
        accounts = read_accounts(Path(task.accounts), task.phones)
        (folder / "users.csv").write_text(injection(accounts))
        pids = (task.server_pid, *task.more_pids)
        began, before, own = time.monotonic(), [cpu_s(pid) for pid in pids], _children_s()
        subprocess.run(
            words(task), cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        elapsed = time.monotonic() - began
        used = [cpu_s(pid) - then for pid, then in zip(pids, before, strict=True)]
        done, failed = counted((folder / "counts.csv"), task.phones)
        busiest = max(used) if task.more_pids else 0.0
        return Side(done, elapsed, sum(used), _children_s() - own, failed, busiest)


def words(task: Task) -> list[str]:
    """The command line; 0 is what else SIPp would choose for a port."""
    transport = ["un", "-max_socket", str(MOST_SOCKETS)] if task.own_ports else ["u1"]
    return [
        "sipp", "-sf", "register.xml", "-inf", "users.csv", "-m", str(task.phones), "-l",
        str(task.window), "-r", str(100 * task.window), "-rp", "10", "-t", *transport,
        "-i", task.home, "-nostdin", "-timeout", f"{LIMIT_S}s", "-trace_stat",
        "-stf", "counts.csv", "-fd", "1", f"{task.registrar[0]}:{task.registrar[1]}",
    ]  # fmt: skip


def injection(accounts: list[PhoneAccount]) -> str:
    """SIPp's file of users: number, and what makes the Authorization header."""
    users = [
        f"{phone.username};[authentication username={phone.username} password={phone.password}]"
        for phone in accounts
    ]
    return "\n".join(["SEQUENTIAL", *users]) + "\n"


def counted(file: Path, phones: int) -> tuple[int, int]:
    """How many registered, and how many of `phones` did not, by SIPp's own last count.

    Raises:
        GeneratorError: it left no count.
    """
    try:
        header, *rows = [line.split(";") for line in file.read_text().splitlines()]
        done = int(rows[-1][header.index("SuccessfulCall(C)")])
    except (OSError, ValueError, IndexError) as error:
        raise GeneratorError(f"SIPp left no count of its calls ({type(error).__name__})") from None
    return done, phones - done


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Read the task, play it, say the round."""
    values: dict[str, Any] = json.load(sys.stdin)
    registrar = tuple(values.pop("registrar"))
    side = play(Task(**values, registrar=registrar))
    sys.stdout.write(json.dumps(asdict(side)) + "\n")


if __name__ == "__main__":
    main()
