"""A batch that takes longer than its lease leaves to others what they have taken meanwhile."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from system.domain.breaker import Limits
from system.domain.operations import Kind
from system.provisioning import queue
from system.provisioning.batch import Batch
from system.provisioning.executor import Executor
from system.provisioning.gate import Gate
from system.provisioning.plan import Job
from system.provisioning.records import Records, RetryTimes
from system.provisioning.steps import Outcome, Remove, Removed, Step
from system.storage.database import Database, open_database
from system.storage.models import Extension
from system.storage.secrets import SecretBox
from system.tests.fake_mbg import FakeMbg
from system.tests.helpers import HandClock, seeded_entropy
from system.tests.killing import lay_out
from system.tests.postgres import Cluster

NUMBERS = ["2101", "2102", "2103"]
LEASE_S = 60.0


class SlowExecutor:
    """Each write takes its time, and in that time the other MCS looks for work."""

    def __init__(self, clock: HandClock, other: Records, write_s: float) -> None:
        self.clock = clock
        self.other = other
        self.write_s = write_s
        self.written: list[str] = []
        self.taken_by_other: list[int] = []

    async def prepare(self, job: Job) -> Step:
        return Remove(job, ())

    async def carry_out(self, step: Step) -> Outcome:
        self.written.append(step.job.extension)
        self.clock.advance(self.write_s)
        self.taken_by_other += await self.other.take(10)
        return Removed(step.job, None)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'mcs.db'}"
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        url = cluster.migrated_database()
    opened = await open_database(url, SecretBox([Fernet.generate_key()]))
    await lay_out(opened, FakeMbg(final=("a", "b")), NUMBERS)
    async with opened.write() as session:
        ids = await queue.ids_in_order(session, select(Extension))
        await queue.enqueue_each(session, ids, 0.0, Kind.REMOVE)
    yield opened
    await opened.close()


def records_of(database: Database, clock: HandClock, name: str) -> Records:
    entropy = seeded_entropy(1)
    return Records(database, clock, entropy, RetryTimes(5, 60), own_name=name, lease_s=LEASE_S)


async def carried_out(database: Database, write_s: float) -> SlowExecutor:
    clock, entropy = HandClock(), seeded_entropy(2)
    ours, other = (records_of(database, clock, name) for name in ("ours", "other"))
    jobs = await ours.jobs(await ours.take(10))
    assert [job.extension for job in jobs] == NUMBERS
    assert await other.take(10) == []
    executor = SlowExecutor(clock, other, write_s)
    gate = Gate(database, clock, entropy, Limits(3, 5, 60))
    batch = Batch(cast(Executor, executor), ours, gate, cast(Any, None), 1)
    await batch.run(jobs)
    return executor


async def test_lease_is_renewed_while_the_batch_goes_on(database: Database) -> None:
    executor = await carried_out(database, LEASE_S / 2)
    assert executor.written == NUMBERS
    assert executor.taken_by_other == []


async def test_what_another_has_taken_after_the_lease_is_not_written(database: Database) -> None:
    executor = await carried_out(database, LEASE_S + 1)
    assert executor.written == NUMBERS[:1]
    assert len(executor.taken_by_other) == len(NUMBERS)


async def test_without_a_look_at_the_lease_it_would_be_written_twice(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the same batch with a renewal that believes all is ours still."""
    monkeypatch.setattr(queue, "is_taken_by_other", lambda *_: False)
    executor = await carried_out(database, LEASE_S + 1)
    assert executor.written == NUMBERS
    assert executor.taken_by_other != []


async def test_without_renewal_others_would_take_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: leases that are never renewed."""

    async def not_renewed(self: Records, operation_ids: set[int]) -> set[int]:
        return set(operation_ids)

    monkeypatch.setattr(Records, "renew", not_renewed)
    executor = await carried_out(database, LEASE_S / 2)
    assert executor.taken_by_other != []
