"""The engine on real sockets of private addresses, against the fake registrar."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from loadtests.batches import Batch
from loadtests.driver import OVER_LIMIT, Engine
from loadtests.engine_core.totals import Totals
from loadtests.plan import Plan, read_accounts
from loadtests.scenarios.kinds import Scenario
from loadtests.tests.fake_registrar import (
    FakeRegistrar,
    passwords,
    private_plan,
    serving,
    write_accounts,
)
from simulators.errors import ConfigurationError
from simulators.phone.crowd.arrivals import Shape
from simulators.sip.transaction import Timers

QUICK = Timers(t1=0.02, t2=0.16, t4=0.1)  # gives up after 1.28 s


async def drive(
    registrar: FakeRegistrar,
    tmp_path: Path,
    known: dict[str, str] | None = None,
    workers: int = 1,
    **changed: object,
) -> Totals:
    """Run each worker's engine, one after the other, and merge what they said."""
    known = known or registrar.passwords
    accounts = write_accounts(tmp_path / "accounts.jsonl", known)
    totals = Totals()
    async with private_plan() as addresses, serving(registrar, addresses) as mbg:
        plan = Plan(
            mbg, addresses.homes, str(accounts), len(known), 200.0, workers=workers, limit_s=10.0
        )
        plan = replace(plan, **changed)  # type: ignore[arg-type]
        for worker in range(workers):
            said: list[Batch] = []
            engine = Engine(plan, worker, read_accounts(accounts, len(known)), said.append, QUICK)
            try:
                await engine.open()
                await engine.run(time.monotonic())
            finally:
                await engine.close()
            for batch in said:
                totals.add(batch)
            assert [batch.final for batch in said] == [False] * (len(said) - 1) + [True]
    return totals


async def test_all_register_each_from_its_own_home(tmp_path: Path) -> None:
    registrar = FakeRegistrar(passwords(40))
    totals = await drive(registrar, tmp_path)
    assert (totals.started, totals.registered, totals.failed) == (40, 40, 0)
    assert len(registrar.registered) == 40
    assert len({host for host, _ in registrar.peers}) == 40
    assert {port for _, port in registrar.peers} == {5060}
    assert registrar.requests == 80 + totals.retransmissions == totals.wire.sent
    assert 80 <= totals.wire.received <= totals.wire.sent, "also to what was sent again"
    assert totals.wire.sent_octets > totals.wire.received_octets > 80 * 100
    assert totals.cpu_s > 0
    assert totals.worst is not None and totals.worst.back and 0 <= totals.worst.phone < 40
    assert totals.latency.count == 40
    assert totals.cpu_percent is not None


async def test_engines_split_the_phones_and_together_register_all(tmp_path: Path) -> None:
    registrar = FakeRegistrar(passwords(31))
    totals = await drive(registrar, tmp_path, workers=3)
    assert totals.registered == len(registrar.registered) == 31
    assert totals.finished == {0, 1, 2}
    assert totals.held.registered == totals.held.phones == set(range(31))


async def test_phones_share_a_home_where_asked(tmp_path: Path) -> None:
    registrar = FakeRegistrar(passwords(20))
    totals = await drive(registrar, tmp_path, phones_per_home=7)
    assert totals.registered == 20
    assert len(registrar.peers) == 3


async def test_starts_follow_the_schedule_and_do_not_wait_for_answers(tmp_path: Path) -> None:
    """Half of the phones are never answered; the other half is not delayed by that."""
    known = passwords(40)
    registrar = FakeRegistrar(known, ignore=[user for user in known if int(user[2:]) % 2])
    totals = await drive(registrar, tmp_path, rate_per_s=100.0)
    assert totals.started == 40
    assert totals.registered == 20
    assert totals.failures == {"no answer within 1.28 s": 20}
    assert totals.worst is not None and not totals.worst.back and totals.worst.phone % 2
    slowest = totals.latency.max_ms
    assert slowest is not None and slowest < 1000
    assert totals.retransmissions >= 20


async def test_refused_phones_are_counted_by_reason(tmp_path: Path) -> None:
    known = passwords(10)
    registrar = FakeRegistrar(known, refuse={"tw1", "tw2"})
    totals = await drive(registrar, tmp_path, known | {"tw5": "wrong"})
    assert totals.registered == 7
    assert totals.failures == {
        "403: No teleworker licence is free for …": 2,
        "401: the credentials were refused": 1,
    }
    assert "tw5" not in registrar.registered
    assert totals.held.registered == set(range(10)) - {1, 2, 5}
    assert not totals.held.under_way


async def test_lost_packets_cost_time_not_registrations(tmp_path: Path) -> None:
    totals = await drive(FakeRegistrar(passwords(10), lose_first=True), tmp_path)
    assert (totals.registered, totals.failed) == (10, 0)
    assert totals.retransmissions >= 20
    fastest = totals.latency.percentile_ms(0)
    assert fastest is not None and fastest >= 2 * QUICK.t1 * 1000 * 0.9


async def test_the_limit_ends_a_burst_whatever_is_open(tmp_path: Path) -> None:
    known = passwords(20)
    began = time.monotonic()
    totals = await drive(FakeRegistrar(known, ignore=known), tmp_path, rate_per_s=20.0, limit_s=0.5)
    assert time.monotonic() - began < 5
    assert 0 < totals.started < 20
    assert totals.failures == {OVER_LIMIT: totals.started}
    assert totals.finished == {0}
    asking = totals.held.under_way
    assert asking and len(asking) == totals.started, "what came of them nobody knows"
    assert not totals.held.registered and len(totals.held.phones) == 20


async def test_phones_are_registered_before_they_refresh(tmp_path: Path) -> None:
    registrar = FakeRegistrar(passwords(10))
    totals = await drive(registrar, tmp_path, scenario=Scenario.REFRESH)
    assert (totals.started, totals.registered, totals.failed) == (10, 10, 0)
    # 401 and 200 before; then one request, for the nonce still holds
    assert registrar.different == 30  # on a busy machine some are sent again before, uncounted
    assert (totals.refreshed, totals.lost) == (0, 0)


async def test_a_refresh_that_is_refused_fails_by_its_reason(tmp_path: Path) -> None:
    class Forgetful(FakeRegistrar):
        def answer(self, data: bytes) -> bytes | None:
            if len(self.registered) == len(self.passwords):
                self.refuse = {"tw3", "tw4"}
            return super().answer(data)

    totals = await drive(Forgetful(passwords(10)), tmp_path, scenario=Scenario.REFRESH)
    assert (totals.registered, totals.failed, totals.lost) == (8, 2, 0)
    assert totals.failures == {"403: No teleworker licence is free for …": 2}


async def test_nothing_is_refreshed_where_a_phone_did_not_register(tmp_path: Path) -> None:
    registrar = FakeRegistrar(passwords(3), refuse={"tw1"})
    with pytest.raises(ConfigurationError, match="did not register, outside the burst: 403"):
        await drive(registrar, tmp_path, scenario=Scenario.REFRESH)


async def test_all_at_once(tmp_path: Path) -> None:
    totals = await drive(FakeRegistrar(passwords(100)), tmp_path, shape=Shape.AT_ONCE)
    assert totals.registered == 100


async def test_an_address_in_use_is_said(tmp_path: Path) -> None:
    accounts = write_accounts(tmp_path / "accounts.jsonl", passwords(2))
    async with private_plan() as addresses:
        plan = Plan((addresses.mbg_outside, 5060), addresses.homes, "", 2, 10.0, limit_s=1.0)
        first, second = (
            Engine(plan, 0, read_accounts(accounts, 2), lambda batch: None) for _ in range(2)
        )
        try:
            await first.open()
            with pytest.raises(ConfigurationError, match="can't open UDP"):
                await second.open()
        finally:
            await first.close()
            await second.close()
