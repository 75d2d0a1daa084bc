"""Failed log-ins as stored: counted by digest of name and source, by the rules of the domain.

In the database, so that a restart forgives nobody and several MCS count together.
"""

import hashlib

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from system.domain.lockout import (
    RULES,
    TRUST_S,
    Count,
    Place,
    after_failure,
    not_failed,
    wait_s,
)
from system.storage.people import LogInFailures, TrustedSource, User
from system.storage.upsert import insert_missing

LONGEST_FORGET_S = max(rule.forget_s + rule.longest_s for rule in RULES.values())


async def begin_try(
    session: AsyncSession, username: str, source: str, user: User | None, now: float
) -> float:
    """Seconds until a try for this name from this source is looked at; 0 when at once.

    A try that may go on is counted as failed at once, so that however many are made at the same
    moment, only the free ones get to see a password checked. ``note_success`` takes it back.
    """
    await session.execute(
        delete(LogInFailures).where(LogInFailures.last_at < now - LONGEST_FORGET_S)
    )
    rows = await _locked_rows(session, username, source)
    counts = {place: _count(row) for place, row in rows.items()}
    trusted = user is not None and await _is_trusted(session, user, source, now)
    waits_s = wait_s(counts, trusted=trusted, now=now)
    if waits_s > 0:
        return waits_s
    for place, row in rows.items():
        _store(row, after_failure(counts[place], RULES[place], now))
    return 0.0


async def note_success(session: AsyncSession, user: User, source: str, now: float) -> None:
    """The pair begins anew and is trusted from now on; the other places go on counting."""
    for place, row in (await _locked_rows(session, user.username, source)).items():
        count = Count() if place is Place.PAIR else not_failed(_count(row), RULES[place])
        _store(row, count)
    await session.execute(
        delete(TrustedSource).where(
            TrustedSource.user_id == user.id, TrustedSource.at < now - TRUST_S
        )
    )
    await insert_missing(
        session, TrustedSource, [{"user_id": user.id, "source": source, "at": now}]
    )
    await session.execute(
        update(TrustedSource)
        .where(TrustedSource.user_id == user.id, TrustedSource.source == source)
        .values(at=now)
    )


async def _locked_rows(
    session: AsyncSession, username: str, source: str
) -> dict[Place, LogInFailures]:
    """The three rows, made where missing; nobody else changes them before our unit of work ends."""
    keys = _keys(username, source)
    missing = [
        {"key": key, "failures": 0, "last_at": 0.0, "locked_until": 0.0}
        for key in sorted(keys.values())
    ]
    await insert_missing(session, LogInFailures, missing)
    statement = (
        select(LogInFailures)
        .where(LogInFailures.key.in_(keys.values()))
        .order_by(LogInFailures.key)
        .with_for_update()
    )
    found = {row.key: row for row in await session.scalars(statement)}
    return {place: found[key] for place, key in keys.items()}


async def _is_trusted(session: AsyncSession, user: User, source: str, now: float) -> bool:
    at = await session.scalar(
        select(TrustedSource.at).where(
            TrustedSource.user_id == user.id, TrustedSource.source == source
        )
    )
    return at is not None and now - at <= TRUST_S


def _keys(username: str, source: str) -> dict[Place, str]:
    # Digests: a name may be a password that was typed in the wrong field.
    texts = {
        Place.PAIR: f"{username}\n{source}",
        Place.ACCOUNT: username,
        Place.SOURCE: source,
    }
    return {
        place: hashlib.sha256(f"{place}\n{text}".encode(errors="surrogateescape")).hexdigest()
        for place, text in texts.items()
    }


def _count(row: LogInFailures) -> Count:
    return Count(row.failures, row.last_at, row.locked_until)


def _store(row: LogInFailures, count: Count) -> None:
    row.failures, row.last_at = count.failures, count.last_at
    row.locked_until = count.locked_until
