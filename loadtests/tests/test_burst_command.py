"""`python -m loadtests burst` as a person runs it, Locust and all, against the fake registrar."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from loadtests.target import ROOT
from loadtests.tests.fake_registrar import (
    FakeRegistrar,
    passwords,
    private_plan,
    serving,
    write_accounts,
)


async def start(*options: str, temporary: Path | None = None) -> asyncio.subprocess.Process:
    """Start the command; `temporary` is where it puts its plan, which all its children name."""
    settings = os.environ | ({"TMPDIR": str(temporary)} if temporary else {})
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "loadtests", "burst", *options,
        cwd=ROOT, env=settings, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def run(*options: str) -> tuple[int | None, str, str]:
    process = await start(*options)
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def against(
    registrar: FakeRegistrar, tmp_path: Path, *options: str
) -> tuple[int | None, str, dict[str, Any], dict[str, Any]]:
    """Run a burst; returns status, output, run.json and burst.json."""
    accounts = write_accounts(tmp_path / "accounts.jsonl", registrar.passwords)
    folder = tmp_path / "run"
    async with private_plan() as addresses, serving(registrar, addresses) as mbg:
        status, out, err = await run(
            "--mbg", f"{mbg[0]}:{mbg[1]}", "--accounts", str(accounts),
            "--homes", str(addresses.homes), "--run-dir", str(folder),
            "--phones", str(len(registrar.passwords)), *options,
        )  # fmt: skip
    assert err == ""
    documents = [json.loads((folder / name).read_text()) for name in ("run.json", "burst.json")]
    assert (folder / "scenarios.jsonl").read_text() == ""
    return status, out, documents[0], documents[1]


def processes_naming(text: str) -> list[str]:
    """Command lines of running processes that contain `text`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue  # it has just ended
            if text in line:
                found.append(line)
    return found


async def test_a_burst_through_locust_registers_all(tmp_path: Path) -> None:
    registrar = FakeRegistrar(passwords(30))
    status, out, about, burst = await against(registrar, tmp_path, "--rate", "30")
    assert status == 0
    assert out.splitlines()[-1] == "30 of 30 registered"
    assert "Engine: " in out
    assert str(tmp_path / "run" / "report.html") in out
    assert len(registrar.registered) == 30
    assert (about["kind"], about["outcome"], about["seed"]) == ("burst", "pass", 1)
    assert (burst["attempted"], burst["registered"], burst["failed"]) == (30, 30, 0)
    assert sum(row["registered"] for row in burst["series"]) == 30
    locust = next(value for name, value in about["facts"].items() if name.startswith("Locust"))
    assert locust == "30 registrations ended, 0 failed"
    assert "secret-" not in out + json.dumps([about, burst])


async def test_two_workers_split_the_phones_and_refused_ones_fail_the_burst(
    tmp_path: Path,
) -> None:
    registrar = FakeRegistrar(passwords(30), refuse={"tw4", "tw7", "tw20"})
    status, out, about, burst = await against(
        registrar, tmp_path, "--rate", "100", "--workers", "2"
    )
    assert status == 1
    assert out.splitlines()[-1] == "27 of 30 registered"
    assert about["outcome"] == "fail"
    assert burst["cost_per_phone"]["octets_sent"] > 400
    assert burst["cost_per_phone"]["target_cpu_us"] is None, "it is not ours"
    assert burst["failures"] == [{"reason": "403: No teleworker licence is free for …", "count": 3}]
    assert burst["workers"] == 2
    assert len(registrar.registered) == 27
    locust = next(value for name, value in about["facts"].items() if name.startswith("Locust"))
    assert locust == "30 registrations ended, 3 failed"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_nothing_is_left_running(how: signal.Signals, tmp_path: Path) -> None:
    """Also not when the command is killed and can't tidy up: each process notices by itself."""
    known = passwords(10)
    registrar = FakeRegistrar(known, ignore=known)
    accounts = write_accounts(tmp_path / "accounts.jsonl", known)
    async with private_plan() as addresses, serving(registrar, addresses) as mbg:
        process = await start(
            "--mbg", f"{mbg[0]}:{mbg[1]}", "--accounts", str(accounts), "--phones", "10",
            "--homes", str(addresses.homes), "--run-dir", str(tmp_path / "run"),
            temporary=tmp_path,
        )  # fmt: skip
        try:
            async with asyncio.timeout(30):
                while not registrar.requests:
                    await asyncio.sleep(0.05)
            assert len(processes_naming(str(tmp_path))) >= 3  # command, Locust, engine
        finally:
            process.send_signal(how)
            _, err = await asyncio.wait_for(process.communicate(), 20)
        async with asyncio.timeout(10):
            while how is signal.SIGKILL and processes_naming(str(tmp_path)):
                await asyncio.sleep(0.1)
    assert process.returncode == (-how if how is signal.SIGKILL else 130)
    assert b"Traceback" not in err
    assert processes_naming(str(tmp_path)) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--rate", "0"], "rate of more than 0"),
        (["--phones", "-3"], "1 to 60000 phones, got -3"),
        (["--phones", "60001"], "1 to 60000 phones"),
        (["--bogus"], "No such option"),
        (["--seed", "x"], "a seed is a whole number"),
        (["--mbg", "10.1.2.3:5060", "--accounts", "x"], "127.0.0.0/8 only"),
        (["--mbg", "127.20.0.10"], "expected ADDRESS:PORT"),
        (["--mbg", "127.20.0.10:5060"], "--mbg needs --accounts"),
        (["--accounts", "x"], "--accounts goes with --mbg"),
        (["--level", "p99 <= 500"], "can't judge by the level 'p99 <= 500'"),
    ],
)
async def test_bad_input_is_one_sentence_and_status_2(options: list[str], said: str) -> None:
    status, out, err = await run(*options)
    assert status == 2
    assert said in err
    assert "Traceback" not in err
    assert out == ""


async def test_neither_command_nor_engine_is_ever_monkey_patched() -> None:
    script = (
        "import sys, loadtests.__main__, loadtests.engine;"
        "sys.exit(any(name in sys.modules for name in ('gevent', 'locust')))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, cwd=ROOT)
    assert await process.wait() == 0


async def test_forks_share_the_addresses_that_are_given(tmp_path: Path) -> None:
    """Three phones of each on two addresses, and never two at one place."""
    registrar = FakeRegistrar(passwords(6))
    async with private_plan() as addresses:
        hosts = [f"127.{addresses.homes}.9.{last}" for last in (4, 5)]
        status, out, _, burst = await against(
            registrar, tmp_path, "--rate", "100", "--workers", "2", "--source", f"{hosts[0]}/31"
        )
    assert (status, burst["registered"]) == (0, 6), out
    assert registrar.peers == {(host, port) for host in hosts for port in (5060, 5061, 5062)}
