"""The pair `registrar` of the bench, in tiny counts: both check passwords, or it is skipped."""

import shutil
import sys
from pathlib import Path

import pytest

from loadtests.bench import kamailio
from loadtests.bench.processes import serving
from loadtests.bench.registering import (
    HOMES,
    PASSWORD,
    made_up_accounts,
    registrations,
    registrations_by_sipp,
)
from loadtests.bench.registrar import NODE, registrar
from loadtests.bench.rounds import Size
from loadtests.bench.sipp_load import counted
from loadtests.errors import GeneratorError, TargetError

PHONES = 20
needs_sipp = pytest.mark.skipif(
    shutil.which("sipp") is None,
    reason="SIPp, a SIP generator, is not installed: apt-get install sip-tester",
)
needs_kamailio = pytest.mark.skipif(
    shutil.which("kamailio") is None,
    reason="Kamailio, a SIP registrar, is not installed: apt-get install kamailio",
)


def accounts(folder: Path, password: str = PASSWORD) -> str:
    file = folder / f"{password}.jsonl"
    file.write_text(made_up_accounts(PHONES).replace(PASSWORD, password))
    return str(file)


async def test_our_registrar_takes_right_passwords_and_no_others(tmp_path: Path) -> None:
    for password, expected in ((PASSWORD, (PHONES, 0)), ("Wrong-Passw0rd-1", (0, PHONES))):
        async with serving(*NODE, accounts(tmp_path)) as child:
            place = child.ready["registrar"]
            side = await registrations(
                child.pid, place, HOMES, accounts(tmp_path, password), PHONES
            )
        assert (side.count, side.failed) == expected
        assert side.server_cpu_s > 0


@needs_sipp
async def test_sipp_counts_who_registered_and_who_did_not(tmp_path: Path) -> None:
    for password, expected in ((PASSWORD, (PHONES, 0)), ("Wrong-Passw0rd-1", (0, PHONES))):
        async with serving(*NODE, accounts(tmp_path)) as child:
            place = child.ready["registrar"]
            used = accounts(tmp_path, password)
            side = await registrations_by_sipp(child.pid, place, used, PHONES)
        assert (side.count, side.failed) == expected
        assert min(side.server_cpu_s, side.generator_cpu_s) > 0


def test_a_count_that_sipp_did_not_leave_is_named(tmp_path: Path) -> None:
    for content in (None, "", "Other;\n1;\n"):
        file = tmp_path / "counts.csv"
        if content is not None:
            file.write_text(content)
        with pytest.raises(GeneratorError, match="SIPp left no count"):
            counted(file, 3)
    file.write_text("A;SuccessfulCall(C)\n1;1\n2;2\n")
    assert counted(file, 3) == (2, 1)


@needs_kamailio
async def test_kamailio_takes_right_passwords_and_no_others(tmp_path: Path) -> None:
    for password, expected in ((PASSWORD, (PHONES, 0)), ("Wrong-Passw0rd-1", (0, PHONES))):
        async with kamailio.running(PASSWORD) as (worker, place):
            used = accounts(tmp_path, password)
            side = await registrations(worker, list(place), HOMES, used, PHONES)
        assert (side.count, side.failed) == expected
        assert side.server_cpu_s > 0, "it is the worker whose clock was read"


@needs_sipp
@needs_kamailio
async def test_cost_and_rate_come_from_the_same_rounds() -> None:
    cost, rate = await registrar(Size(rounds=1, phones=PHONES), lambda _: None)
    assert (cost.rounds, cost.failed, cost.refused) == (rate.rounds, False, "")
    assert len(cost.ratios) == 1


@pytest.mark.parametrize(("absent", "package"), [("kamailio", "kamailio"), ("sipp", "sip-tester")])
async def test_without_its_peers_the_pair_is_skipped_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, absent: str, package: str
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None if name == absent else f"/bin/{name}")
    figures = await registrar(Size(rounds=1, phones=1), lambda _: None)
    assert len(figures) == 2
    assert all(f"apt-get install {package}" in figure.skipped for figure in figures)


@pytest.mark.parametrize("content", [None, "no JSON", '{"extension": "1"}', "[]"])
async def test_accounts_that_are_none_are_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "accounts.jsonl"
    if content is not None:
        file.write_text(content)
    with pytest.raises(TargetError, match="can't read the accounts in"):
        async with serving(sys.executable, *NODE[1:], str(file)):
            pass
