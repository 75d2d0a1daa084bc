"""Rules about accounts that need the database: one extension is one person's, an engineer stays."""

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from system.domain.roles import Role
from system.errors import Conflict, InvalidInput
from system.storage.models import Extension
from system.storage.people import User


def users() -> Select[User]:
    """Accounts with their extensions."""
    return select(User).options(
        joinedload(User.primary_extension), joinedload(User.softphone_extension)
    )


async def free_extension(
    session: AsyncSession, user: User, number: str | None, field_name: str
) -> Extension | None:
    """The extension of that number, which is nobody else's.

    Raises:
        InvalidInput: there is none, or two phone systems have one.
        Conflict: it is another person's, as primary or as softphone extension.
    """
    if number is None:
        return None
    statement = select(Extension).where(Extension.extension == number).limit(2)
    found = (await session.scalars(statement.with_for_update())).all()
    if not found:
        raise InvalidInput("invalid", f"There is no SIP extension {number!r}.", field=field_name)
    if len(found) > 1:
        raise InvalidInput(
            "ambiguous", f"Two phone systems have an extension {number!r}.", field=field_name
        )
    extension = found[0]
    with session.no_autoflush:
        other = await session.scalar(
            select(User.username).where(
                or_(
                    User.primary_extension_id == extension.id,
                    User.softphone_extension_id == extension.id,
                ),
                User.id != (user.id or 0),
            )
        )
    if other is not None:
        raise Conflict(
            "extension_in_use",
            f"Extension {number} is that of user {other} already. Take it from there first.",
            field=field_name,
        )
    return extension


async def check_engineer_stays(session: AsyncSession, user: User) -> None:
    """Raise if this account is the last engineer: nobody could set anything up any more.

    Raises:
        Conflict: it is.
    """
    # All engineers are locked, so that two who demote each other don't both succeed.
    engineers = select(User.id).where(User.role == Role.ENGINEER).order_by(User.id)
    ids = (await session.scalars(engineers.with_for_update())).all()
    if list(ids) == [user.id]:
        raise Conflict(
            "last_engineer",
            f"{user.username} is the only engineer. Make another account an engineer first.",
            field="role",
        )


async def count(session: AsyncSession) -> int:
    """How many accounts there are."""
    return await session.scalar(select(func.count(User.id))) or 0
