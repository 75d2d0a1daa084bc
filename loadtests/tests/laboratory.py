"""A laboratory on one machine: network namespaces as machines, with real links between them.

    target 127.200.0.1 ──┐
    first  127.200.0.2 ──┼── switch        homes of the first: 127.201.2.0/24, routed by it
    second 127.200.0.3 ──┘                 homes of the second: 127.201.3.0/24

Each machine has routes, a neighbour table, queues and counters of its own; datagrams that its link
has no room for are lost. Its loopback is the lower half of 127.0.0.0/8, the upper half goes over
the link (`route_localnet`), so that no test ever sends anything beyond 127.0.0.0/8.
"""

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

NAMES = ("target", "first", "second")
TARGET = "127.200.0.1"
LINK = "eth0"
_numbers = itertools.count(1)


def lacking() -> str:
    """Why there can be no laboratory here; "" where there can."""
    if shutil.which("ip") is None or shutil.which("tc") is None:
        return "ip and tc are not installed: apt-get install iproute2"
    if os.geteuid() != 0:
        return "network namespaces are made by root alone: run the tests as root"
    name = f"teleworker-{os.getpid()}-tried"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"no network namespaces here: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", name], check=True)
    return ""


class Laboratory:
    """Three machines and a switch."""

    def __init__(self) -> None:
        self._prefix = f"teleworker-{os.getpid()}-{next(_numbers)}"

    def on(self, machine: str, *words: str) -> list[str]:
        """The command line that runs these words on a machine."""
        return ["ip", "netns", "exec", f"{self._prefix}-{machine}", *words]

    def do(self, machine: str, *words: str) -> str:
        """Run a command there to its end; what it said."""
        return subprocess.run(
            self.on(machine, *words), check=True, capture_output=True, text=True
        ).stdout

    def sent(self, machine: str) -> int:
        """Octets that left a machine over its link, Ethernet headers and all."""
        return int(self.do(machine, "cat", f"/sys/class/net/{LINK}/statistics/tx_bytes"))

    def narrow(self, machine: str, rate: str, room: int) -> None:
        """Let its link send that much ("256kbit") and hold `room` octets; what is more is lost."""
        self.do(
            machine, "tc", "qdisc", "add", "dev", LINK, "root", "tbf",
            "rate", rate, "burst", "2000", "limit", str(room),
        )  # fmt: skip

    def lost_in_queue(self, machine: str) -> int:
        """Packets for which its narrow link had no room."""
        words = self.do(machine, "tc", "-s", "qdisc", "show", "dev", LINK).split()
        return int(words[words.index("(dropped") + 1].rstrip(","))

    def pull(self, machine: str) -> None:
        """Pull the cable out of it."""
        self.do("switch", "ip", "link", "set", f"to-{machine}", "down")

    def build(self, stack: ExitStack) -> None:
        """Make all of it; the stack takes it away."""
        for machine in ("switch", *NAMES):
            name = f"{self._prefix}-{machine}"
            _ip("netns", "add", name)
            stack.callback(_ip, "netns", "del", name)
        self.do("switch", "ip", "link", "add", "bridge", "type", "bridge")
        self.do("switch", "ip", "link", "set", "bridge", "up")
        for number, machine in enumerate(NAMES, 1):
            self._plug_in(machine, f"127.200.0.{number}")
        for number, machine in enumerate(NAMES[1:], 2):
            homes = homes_of(machine)
            self.do(machine, "ip", "route", "add", "local", homes, "dev", "lo")
            self.do("target", "ip", "route", "add", homes, "via", f"127.200.0.{number}")

    def _plug_in(self, machine: str, address: str) -> None:
        port = f"to-{machine}"
        _ip(
            "link", "add", LINK, "netns", f"{self._prefix}-{machine}", "type", "veth",
            "peer", "name", port, "netns", f"{self._prefix}-switch",
        )  # fmt: skip
        self.do("switch", "ip", "link", "set", port, "master", "bridge", "up")
        for interface in ("all", "default"):
            setting = f"/proc/sys/net/ipv4/conf/{interface}/route_localnet"
            self.do(machine, "sh", "-c", f"echo 1 > {setting}")
        self.do(machine, "ip", "link", "set", "lo", "up")
        half = ("local", "127.0.0.0/9", "dev", "lo", "table", "local", "src", "127.0.0.1")
        self.do(machine, "ip", "route", "add", *half)
        self.do(machine, "ip", "route", "del", "local", "127.0.0.0/8", "dev", "lo")
        self.do(machine, "ip", "address", "add", f"{address}/24", "dev", LINK)
        self.do(machine, "ip", "link", "set", LINK, "up")


def homes_of(machine: str) -> str:
    """The network in which the phones of a machine live."""
    return f"127.201.{NAMES.index(machine) + 1}.0/24"


@contextmanager
def laboratory() -> Iterator[Laboratory]:
    """One for a test; whatever runs in it must have ended before."""
    with ExitStack() as stack:
        made = Laboratory()
        made.build(stack)
        yield made


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
