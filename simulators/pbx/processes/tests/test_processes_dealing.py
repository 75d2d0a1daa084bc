"""The rule by which extensions are dealt, and the kernel that follows it."""

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from simulators.pbx.processes.dealing import (
    FROM,
    JUMP,
    REACH,
    RETURN_A,
    default_owner,
    program,
)
from simulators.sockets.datagrams import bind_shared, deal_by

MOST = 4096
"""Instructions that the kernel takes (BPF_MAXINSNS)."""

MESSAGE = """\
REGISTER sip:127.10.0.21 SIP/2.0\r
Via: SIP/2.0/UDP 127.30.0.2:5060;branch=z9hG4bK{branch};rport\r
From: <sip:{number}@127.10.0.21>;tag=f1\r
{to}\r
Call-ID: c1\r
CSeq: 1 REGISTER\r
Contact: <sip:{number}@127.30.0.2:5060>\r
Authorization: Digest username="{number}"\r
Content-Length: 0\r
\r
"""


class Shared:
    """Sockets at one address, and one to send from."""

    def __init__(self, count: int, stack: ExitStack) -> None:
        self.sockets = [stack.enter_context(each) for each in bind_shared(("127.0.0.1", 0), count)]
        self.sender = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.sender.bind(("127.0.0.1", 0))
        for each in self.sockets:
            each.setblocking(False)

    def goes_to(self, data: bytes) -> int:
        """The number of the socket, from 1, that gets it: on loopback at once."""
        self.sender.sendto(data, self.sockets[0].getsockname())
        found = [number for number, each in enumerate(self.sockets, 1) if self._takes(each)]
        assert len(found) == 1
        return found[0]

    def _takes(self, one: socket.socket) -> bool:
        try:
            return bool(one.recv(65_536))
        except BlockingIOError:
            return False


@contextmanager
def dealt(count: int) -> Iterator[Shared]:
    with ExitStack() as stack:
        shared = Shared(count, stack)
        if not deal_by(shared.sockets[0], program(count)):
            pytest.skip("this kernel takes no such filter: net.core.optmem_max is below 64 KiB")
        yield shared


def message(number: str, to: str = "", branch: str = "1") -> bytes:
    to = to or f"To: <sip:{number}@127.10.0.21>"
    return MESSAGE.format(number=number, to=to, branch=branch).encode()


@pytest.mark.parametrize("count", [1, 2, 3, 64])
def test_the_kernel_deals_by_the_same_rule(count: int) -> None:
    numbers = ["1", "21", "210", "a.b-c~d", "x" * 30, *map(str, range(2100, 2200))]
    with dealt(count) as shared:
        for place, number in enumerate(numbers):
            data = message(number, branch="1" * (1 + 4 * place))  # To begins at any place
            assert shared.goes_to(data) == default_owner(number, count), data


@pytest.mark.parametrize(
    "to", ['To: "Some Body" <sip:2101@127.10.0.21>', "To: <sip:2101@127.10.0.21>;tag=a@b",
           "To: sip:2101@127.10.0.21"],
)  # fmt: skip
@pytest.mark.parametrize("branch", ["1", "11"])
def test_other_forms_of_to_come_to_the_default_owner_too(to: str, branch: str) -> None:
    with dealt(64) as shared:
        assert shared.goes_to(message("2101", to, branch)) == default_owner("2101", 64)


@pytest.mark.parametrize(
    "data",
    [
        message("2101", "t: <sip:2101@127.10.0.21>"),
        message("2101", branch="1" * REACH),
        message("2101", f"To: {'<' * 60}sip:2101@127.10.0.21>"),
        b"OPTIONS sip:127.10.0.21 SIP/2.0\r\n\r\n",
        b"short",
        message("2101")[: FROM + 60],
    ],
)
def test_what_the_filter_can_not_read_is_dealt_by_sender(data: bytes) -> None:
    """From one sender all comes to one process, and not to the same for every sender."""
    with dealt(8) as shared:
        first = shared.goes_to(data)
        assert {shared.goes_to(data) for _ in range(5)} == {first}
        reached = {first}
        with ExitStack() as stack:
            for _ in range(200):
                shared.sender = stack.enter_context(
                    socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                )
                reached.add(shared.goes_to(data))
        assert len(reached) > 1


def test_without_a_filter_one_sender_has_one_process_whatever_the_extension() -> None:
    with ExitStack() as stack:
        shared = Shared(8, stack)
        assert len({shared.goes_to(message(str(number))) for number in range(2100, 2120)}) == 1


def test_a_filter_that_is_none_is_not_taken() -> None:
    with ExitStack() as stack:
        shared = Shared(2, stack)
        assert not deal_by(shared.sockets[0], [(0xFFFF, 0, 0, 0)])
        assert shared.goes_to(b"goes on") in (1, 2)


@pytest.mark.parametrize("count", [2, 3, 4, 8])
def test_extensions_in_a_row_are_dealt_evenly(count: int) -> None:
    shares = Counter(default_owner(str(number), count) for number in range(100_000, 110_000))
    assert len(shares) == count
    assert max(shares.values()) < 1.05 * 10_000 / count


def test_the_filter_is_one_that_the_kernel_takes() -> None:
    made = program(64)
    assert len(made) <= MOST
    for place, (code, if_true, if_false, k) in enumerate(made[:-1]):
        assert 0 <= k <= 0xFFFFFFFF
        assert max(if_true, if_false) < 256
        assert place + 1 + max(if_true, if_false, k if code == JUMP else 0) < len(made)
    assert made[-1].code == RETURN_A
