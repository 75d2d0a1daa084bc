"""Notices: what an administrator has to know, stored once each, until somebody has taken note."""

import logging
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from system.clock import iso_utc
from system.domain import expiry
from system.mbg.refusals import WEB_SERVICES
from system.storage.engine_models import Notice
from system.storage.upsert import insert_missing

log = logging.getLogger("mcs.notices")

Level = Literal["warning", "error"]
TOKEN_EXPIRY = "token expiry"
CERTIFICATE = "certificate"


async def give(
    session: AsyncSession, key: str, kind: str, level: Level, message: str, now: float
) -> bool:
    """Store a notice, unless there is one of this key already; whether it is new."""
    if await session.scalar(select(Notice.id).where(Notice.key == key)) is not None:
        return False
    row = {"key": key, "kind": kind, "level": level, "message": message, "created_at": now}
    # Another MCS may be giving it at the same moment.
    await insert_missing(session, Notice, [row])
    log.log(logging.ERROR if level == "error" else logging.WARNING, "%s", message)
    return True


async def warn_of_expiry(session: AsyncSession, expires_at: float, now: float) -> bool:
    """The warning that is due for a token that ends at ``expires_at``; whether it is new.

    A renewed token ends at another time, so its warnings are new ones (TOK-8).
    """
    days = expiry.reached(expires_at, now)
    if days is None:
        return False
    act = f"Press Renew against it under Final tokens on {WEB_SERVICES}."
    if days == 0:
        text = (
            f"The access token expired at {iso_utc(expires_at)}; nothing is provisioned until it "
            f"is renewed, and waiting work then goes on by itself. {act}"
        )
    else:
        left = expiry.days_left(expires_at, now)
        text = (
            f"The access token expires at {iso_utc(expires_at)}, in {left} "
            f"{'day' if left == 1 else 'days'}. {act}"
        )
    key = f"token-expiry:{int(expires_at)}:{days}"
    return await give(session, key, TOKEN_EXPIRY, "error" if days == 0 else "warning", text, now)
