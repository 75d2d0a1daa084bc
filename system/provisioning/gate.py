"""The stored circuit breaker: read before a pass, changed after each outcome of it.

It is one row, so that all processes on one database keep away from an MBG that one of them has
found to be away, and so that a restart does not forget it.
"""

from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from system.clock import Clock
from system.domain import breaker
from system.domain.breaker import Breaker, Limits
from system.domain.credentials import Entropy
from system.errors import (
    AccessRefused,
    MbgAnswerUnusable,
    MbgBusy,
    MbgRefused,
    MbgUnreachable,
    McsError,
    ServicesStopped,
)
from system.storage.database import Database
from system.storage.engine_models import MbgBreaker
from system.storage.models import SINGLETON

_ACCESS_IS_MISSING = (
    MbgUnreachable,
    MbgAnswerUnusable,
    AccessRefused,
    ServicesStopped,
    MbgBusy,
)


@dataclass(slots=True)
class Gate:
    """The breaker as one worker uses it."""

    database: Database
    clock: Clock
    entropy: Entropy
    limits: Limits
    _breaker: Breaker = field(default_factory=Breaker)

    async def enter(self) -> tuple[float, str | None] | None:
        """``None`` when the MBG may be called, else until when not, and why."""
        async with self.database.read() as session:
            row = await session.get(MbgBreaker, SINGLETON)
        stored = _read(row)
        self._breaker = breaker.at(stored, self.clock.now())
        if self._breaker.open_until is not None:
            return self._breaker.open_until, None if row is None else row.message
        if self._breaker != stored:
            await self._store(None if row is None else row.message)
        return None

    @property
    def closed(self) -> bool:
        """Whether operations may go on calling, as of what this pass has seen."""
        return self._breaker.closed

    @property
    def open_until(self) -> float | None:
        """Epoch seconds until which nobody calls; ``None`` unless open."""
        return self._breaker.open_until

    async def worked(self) -> None:
        """A call worked."""
        await self._move(breaker.worked(self._breaker), None)

    async def failed(self, error: McsError, *, probe: bool = False) -> None:
        """A call failed; what is one extension's own failure counts for nothing.

        ``probe`` is the call that starts a pass: it stands for all of them.
        """
        if not (probe or concerns_all(error)):
            return
        moved = breaker.failed(
            self._breaker,
            self.clock.now(),
            self.limits,
            self.entropy,
            asked_s=error.retry_after_s if isinstance(error, MbgBusy) else 0.0,
            at_once=probe,
        )
        await self._move(moved, error.message)

    async def _move(self, moved: Breaker, message: str | None) -> None:
        before, self._breaker = self._breaker, moved
        if moved != before:
            await self._store(message)

    async def _store(self, message: str | None) -> None:
        now = self._breaker
        async with self.database.write() as session:
            await session.merge(
                MbgBreaker(
                    id=SINGLETON,
                    state=now.state,
                    failures=now.failures,
                    openings=now.openings,
                    open_until=now.open_until,
                    message=message,
                )
            )


def concerns_all(error: McsError) -> bool:
    """Whether the next call would fail as well, whatever it is about."""
    if isinstance(error, _ACCESS_IS_MISSING):
        return not (isinstance(error, AccessRefused) and error.code == "nonce_used")
    return isinstance(error, MbgRefused) and error.http_status >= 500


async def release(session: AsyncSession) -> None:
    """Let the next pass call at once: something has changed, or a person asks."""
    row = await session.get(MbgBreaker, SINGLETON, with_for_update=True)
    if row is not None:
        row.state, row.open_until = breaker.released(_read(row)).state, None


def _read(row: MbgBreaker | None) -> Breaker:
    if row is None:
        return Breaker()
    return Breaker(breaker.State(row.state), row.failures, row.openings, row.open_until)
