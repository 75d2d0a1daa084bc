"""Writing the audit log. A change and its entry are one unit of work: both are stored, or neither.

Only members that differ are kept, as JSON. What comes in are the documents that the API answers, so
no secret is in them; that a secret changed is told by ``HIDDEN`` in its place.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from system.clock import Clock
from system.storage.database import Database
from system.storage.models import SINGLETON
from system.storage.people import AuditEntry, AuditSettings
from system.storage.rows import insert_each, table_of

AUDIT_ENTRIES = table_of(AuditEntry)
HIDDEN = "(changed, not shown)"
DAY_S = 86400
_LONGEST = 16000
_JSON = json.JSONEncoder(ensure_ascii=False, default=str)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and the address that it comes from."""

    who: str
    source: str = ""


SYSTEM = Actor("system")
Facts = Mapping[str, Any]


def add(
    session: AsyncSession,
    at: float,
    actor: Actor,
    action: str,
    resource: str,
    before: Facts | None = None,
    after: Facts | None = None,
) -> None:
    """Store an entry in the caller's unit of work.

    Args:
        at: epoch seconds.
        resource: path below ``/api/v1``, or what else it is about.
        before: what was; ``None`` for something new.
        after: what is; ``None`` for something gone.
    """
    session.add(AuditEntry(**entry(at, actor, action, resource, before, after)))


def entry(
    at: float,
    actor: Actor,
    action: str,
    resource: str,
    before: Facts | None = None,
    after: Facts | None = None,
) -> dict[str, Any]:
    """An entry as a row of ``AUDIT_ENTRIES``, for many at once; arguments as with ``add``."""
    if before is not None and after is not None:
        before, after = differences(before, after)
    return {
        "at": at,
        "who": actor.who[:64],
        "source": actor.source[:64],
        "action": action,
        "resource": resource[:253],
        "before": _json(before),
        "after": _json(after),
    }


def differences(before: Facts, after: Facts) -> tuple[Facts, Facts]:
    """The members of both that are not the same."""
    names = [*before, *(name for name in after if name not in before)]
    changed = [name for name in names if before.get(name) != after.get(name)]
    return (
        {name: before[name] for name in changed if name in before},
        {name: after[name] for name in changed if name in after},
    )


class AuditTrail:
    """Entries of their own unit of work, written in groups: a thousand phones that start together
    cost a few commits.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._gathered: list[tuple[dict[str, Any], asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def note(
        self, actor: Actor, action: str, resource: str, facts: Facts | None = None
    ) -> None:
        """Return when the entry is in the database."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        row = entry(self._clock.now(), actor, action, resource, None, facts)
        self._gathered.append((row, future))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_gathered(), name="audit-trail")
        await future

    async def forget_old(self) -> int:
        """Remove what is older than the retention; how many that were."""
        async with self._database.write() as session:
            settings = await session.get_one(AuditSettings, SINGLETON)
            oldest = self._clock.now() - settings.retention_days * DAY_S
            removed = await session.execute(delete(AuditEntry).where(AuditEntry.at < oldest))
            return int(getattr(removed, "rowcount", 0))

    async def close(self) -> None:
        """Wait until what was gathered is written."""
        if self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write_gathered(self) -> None:
        while self._gathered:
            gathered, self._gathered = self._gathered, []
            try:
                async with self._database.write() as session:
                    await insert_each(session, AUDIT_ENTRIES, [row for row, _ in gathered])
            except Exception as error:  # noqa: BLE001 (handed on to whoever waits)
                for _, future in gathered:
                    if not future.done():
                        future.set_exception(error)
            else:
                for _, future in gathered:
                    if not future.done():
                        future.set_result(None)


def _json(facts: Facts | None) -> str | None:
    if facts is None:
        return None
    text = _JSON.encode(facts)
    return text if len(text) <= _LONGEST else json.dumps({"too_long_to_keep": len(text)})
