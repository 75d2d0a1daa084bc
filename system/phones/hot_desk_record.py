"""The record of who is logged in at which phone (EXT-7), and what is told of its changes.

All functions work in the caller's unit of work. Who decides is the PBX: ``hot_desk`` asks it,
``hot_desk_events`` follows what it says.
"""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from system.audit.trail import SYSTEM, Actor, add
from system.phones.gate import Caller
from system.storage.models import Extension, Phone, PhoneEvent


async def log_out_elsewhere(
    session: AsyncSession, user: Extension, mac: str, now: float
) -> list[Phone]:
    """Take the user's record away from all phones but one."""
    left = [phone for phone in await phones_with(session, user) if phone.mac != mac]
    for phone in left:
        leave(session, phone, user, now, "logged in at another phone")
    await session.flush()
    return left


def leave(session: AsyncSession, phone: Phone, user: Extension, now: float, why: str) -> None:
    """The phone has its own extension again."""
    phone.hot_desk_extension_id = None
    phone.registered = False
    message = f"hot desk user {user.extension} has left this phone: {why}"
    told(session, SYSTEM, phone, user, now, message, "log-out")


async def phones_with(session: AsyncSession, user: Extension) -> list[Phone]:
    """Where the user is recorded, locked: one phone, or none."""
    statement = (
        select(Phone)
        .where(Phone.hot_desk_extension_id == user.id)
        .options(joinedload(Phone.extension))
        .order_by(Phone.mac)
        .with_for_update(of=Phone)
    )
    return list((await session.scalars(statement)).all())


async def phone_of(session: AsyncSession, phone_system_id: int, base: str) -> Phone | None:
    """The phone whose own extension is ``base``."""
    return await session.scalar(
        select(Phone)
        .join(Extension, Extension.id == Phone.extension_id)
        .where(Extension.phone_system_id == phone_system_id, Extension.extension == base)
    )


def by_phone(caller: Caller) -> Actor:
    """The phone, for the audit log."""
    return Actor(f"phone {caller.mac}", caller.address)


def told(
    session: AsyncSession,
    actor: Actor,
    phone: Phone,
    user: Extension,
    at: float,
    message: str,
    what: str,
) -> None:
    """For the phone's history and for the audit log."""
    write_event(session, phone.mac, at, message)
    facts = {"extension": user.extension}
    add(session, at, actor, f"hot desk {what}", f"/phones/{phone.mac}", None, facts)


def write_event(session: AsyncSession, mac: str, at: float, message: str) -> None:
    """A line for the phone\'s history."""
    session.add(PhoneEvent(mac=mac, at=at, kind="hot desk", message=message))
