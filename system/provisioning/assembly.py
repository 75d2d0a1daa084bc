"""Putting the provisioning engine together from the settings of an MCS."""

import asyncio

from system.clock import Clock
from system.config import McsConfig
from system.domain.breaker import Limits
from system.domain.credentials import Entropy
from system.mbg.access import MbgAccess
from system.provisioning.bulk import BulkFeeder
from system.provisioning.gate import Gate
from system.provisioning.records import Records, RetryTimes
from system.provisioning.worker import Worker
from system.storage.database import Database


def make_worker(
    database: Database,
    access: MbgAccess,
    clock: Clock,
    entropy: Entropy,
    config: McsConfig,
    work: asyncio.Event,
) -> Worker:
    """The worker with its records and its breaker; several of them may share one database."""
    first_s, longest_s = config.retry_first_s, config.retry_max_s
    return Worker(
        Records(
            database,
            clock,
            entropy,
            RetryTimes(first_s, longest_s, config.failed_attempts_limit),
            own_name=entropy(8).hex(),
            lease_s=config.operation_lease_s,
        ),
        access,
        Gate(database, clock, entropy, Limits(config.breaker_failures, first_s, longest_s)),
        clock,
        work,
        parallel=config.mbg_parallel_operations,
        pause_after_mistake_s=longest_s,
        feeder=BulkFeeder(database, clock, entropy),
        look_every_s=config.shared_poll_s if database.shared else None,
    )
