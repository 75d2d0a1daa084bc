"""Sockets of homes: batches, who may speak, what is dropped; and time lines of a run."""

import asyncio
import json
import socket
from pathlib import Path

import pytest

from loadtests.batches import Wire
from loadtests.homes import MOST_AT_A_TURN, SINGLES, Homes
from loadtests.plan import PhoneAccount, Plan
from loadtests.time_lines import Recorder, read_phone
from simulators.addresses import claim_private
from simulators.errors import ConfigurationError
from simulators.phone.crowd.results import Challenged, Failed, Registered, Sent

Heard = list[tuple[bytes, str]]


async def until(heard: Heard, count: int) -> None:
    async with asyncio.timeout(30):
        while len(heard) < count:
            await asyncio.sleep(0)


@pytest.mark.parametrize("connected", [True, False])
async def test_datagrams_go_out_and_come_in_in_order(connected: bool) -> None:
    heard: Heard = []
    turns: list[int] = []
    homes = Homes(
        lambda data, peer, now, side: heard.append((data, side)), lambda: turns.append(len(heard))
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.bind(("127.0.0.1", 0))
        far.settimeout(30)
        place = far.getsockname()
        own = homes.open(("127.0.0.1", 0), "a home", place if connected else None)
        homes.send([(b"one", place, "a home"), (b"two", place, "nobody's")])
        assert far.recvfrom(100) == (b"one", own)
        assert homes.send_errors == 1, "a side that there is not"
        for number in range(100):
            far.sendto(b"%d" % number, own)
        await until(heard, 100)
        homes.close()
        homes.close()
    assert heard == [(b"%d" % number, "a home") for number in range(100)]
    assert len(turns) < 100, "several at a turn"
    assert homes.drops == 0
    assert homes.wire == Wire(1, 3, 100, 10 + 90 * 2)


async def test_after_a_lonely_datagram_each_has_a_turn_until_many_come() -> None:
    heard: Heard = []
    turns: list[int] = []
    homes = Homes(
        lambda data, peer, now, side: heard.append((data, side)), lambda: turns.append(len(heard))
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        own = homes.open(("127.0.0.1", 0), "a home")
        far.sendto(b"lonely", own)
        await until(heard, 1)
        for _ in range(100):
            far.sendto(b"x", own)
        await until(heard, 101)
        homes.close()
    assert turns[: 1 + SINGLES] == list(range(1, 2 + SINGLES))
    assert turns[1 + SINGLES] == 1 + SINGLES + MOST_AT_A_TURN


async def test_a_connected_home_keeps_strangers_out() -> None:
    heard: Heard = []
    homes = Homes(lambda data, peer, now, side: heard.append((data, side)), lambda: None)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
    ):
        far.bind(("127.0.0.1", 0))
        own = homes.open(("127.0.0.1", 0), "a home", far.getsockname())
        stranger.sendto(b"stranger", own)
        far.sendto(b"far", own)
        await until(heard, 1)
        homes.close()
    assert heard == [(b"far", "a home")]


async def test_nobody_at_the_far_end_is_no_error_of_the_generator() -> None:
    homes = Homes(lambda *_: None, lambda: None)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        place = gone.getsockname()
    homes.open(("127.0.0.1", 0), "a home", place)
    for _ in range(5):
        homes.send([(b"hello", place, "a home")])
    assert homes.send_errors == 0
    homes.close()


async def test_what_finds_no_room_is_counted() -> None:
    homes = Homes(lambda *_: None, lambda: None)
    own = homes.open(("127.0.0.1", 0), "a home")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        for _ in range(3000):
            far.sendto(b"x" * 8000, own)
    found = homes.drops
    homes.close()
    assert 0 < found <= 3000
    assert homes.drops == found, "also after it was closed"


def test_a_phone_of_a_run_is_asked_for_by_its_number(tmp_path: Path) -> None:
    claim = claim_private()
    claim.release()
    plan = Plan(
        ("127.0.0.1", 5060), claim.plan.homes, "", 2, 10.0, limit_s=1.0, time_lines=str(tmp_path)
    )
    accounts = [PhoneAccount(f"tw{n}", "secret", str(2101 + n), n) for n in range(2)]
    recorder = Recorder(0)
    for result, at in (
        (Sent(1), 0.101),
        (Challenged(1), 0.102),
        (Registered(1, 300), 0.125),
        (Sent(0), 0.0),
        (Failed(0, "403: no licence"), 0.5),
    ):
        recorder.note(result, at)
    recorder.write(plan, accounts, {n: (plan.home(n), 5060) for n in range(2)})
    said = read_phone(tmp_path, 1).text()
    assert "phone 1: extension 2102, tw1" in said
    assert "+25.0 ms registered: for 300 s" in said
    assert "secret" not in (tmp_path / "time-lines-0.jsonl").read_text()
    assert [e.what for e in read_phone(tmp_path, 0).entries] == ["REGISTER sent", "failed"]
    assert json.loads((tmp_path / "time-lines-0.jsonl").read_text().splitlines()[1])["phone"] == 1
    with pytest.raises(ConfigurationError, match="no phone 7 was started"):
        read_phone(tmp_path, 7)
    with pytest.raises(ConfigurationError, match="--time-lines"):
        read_phone(tmp_path / "none", 1)
