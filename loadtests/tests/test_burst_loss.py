"""A worker is lost midway: its engine killed, or its whole Locust worker."""

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest

from loadtests.tests.fake_registrar import (
    FakeRegistrar,
    passwords,
    private_plan,
    serving,
    write_accounts,
)
from loadtests.tests.test_burst_command import start

PHONES = 20


def engine_of(worker: int, temporary: Path) -> int:
    """The process of an engine of the burst with that folder for temporary files."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue  # it has just ended
            mine = "loadtests.engine" in words and any(str(temporary) in word for word in words)
            if mine and words[words.index("--worker") + 1] == str(worker):
                return int(entry.name)
    raise AssertionError(f"no engine {worker} runs")


def parent(pid: int) -> int:
    """Of a process: proc(5), stat, after the name in parentheses."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.parametrize(
    ("whole", "why"), [(False, "its engine ended before its time"), (True, "its Locust worker")]
)
async def test_a_lost_worker_is_shown_and_its_phones_are_no_failures(
    whole: bool, why: str, tmp_path: Path
) -> None:
    """Half of its phones are never answered, so that it can't be through when it is killed."""
    known = passwords(PHONES)
    mine = [f"tw{index}" for index in range(1, PHONES, 2)]  # of worker 1
    registrar = FakeRegistrar(known, ignore=mine[5:])
    accounts = write_accounts(tmp_path / "accounts.jsonl", known)
    folder = tmp_path / "run"
    async with private_plan() as addresses, serving(registrar, addresses) as mbg:
        process = await start(
            "--mbg", f"{mbg[0]}:{mbg[1]}", "--accounts", str(accounts), "--phones", str(PHONES),
            "--homes", str(addresses.homes), "--run-dir", str(folder), "--workers", "2",
            "--rate", "100",
            temporary=tmp_path,
        )  # fmt: skip
        assert process.stdout is not None
        seen = b""
        while b"20 of 20 started, 15 registered" not in seen:
            line = await asyncio.wait_for(process.stdout.readline(), 60)
            assert line, seen.decode()
            seen += line
        engine = engine_of(1, tmp_path)
        os.kill(parent(engine) if whole else engine, signal.SIGKILL)
        out, err = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, err) == (1, b"")
    told = "worker 1 was lost, with 10 items, of which 10 had started and 5 ended"
    assert told in out.decode() and why in out.decode()
    burst = json.loads((folder / "burst.json").read_text())
    assert (burst["registered"], burst["failed"], burst["failures"]) == (15, 0, [])
    assert burst["headline"] is None
    assert "worker 1 was lost" in burst["headline_refused"]
    about = json.loads((folder / "run.json").read_text())
    assert about["facts"]["Why it failed"].startswith(told)
