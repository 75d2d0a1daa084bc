"""What hangs on an extension: while anything does, neither it nor its phone system goes.

The PBX owns the list of extensions; the MCS adds to each what an administrator has configured, what
it has made on the MBG, whose phone it is and which user's. Losing one of those in silence would
leave a SIP device on the MBG that nobody removes, or a person without a telephone.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from system.domain.bulk import Item
from system.provisioning import queue
from system.storage.engine_models import BulkItem
from system.storage.models import Extension, Phone
from system.storage.people import User

_TOLD = 5
"""Extensions that a message names of each kind."""


def _one_of(*columns: InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    return or_(*(Extension.id.in_(select(column).where(column.is_not(None))) for column in columns))


_ON_MBG = or_(
    Extension.use_remote_credentials.is_(True),
    Extension.provisioning_state != "off",
    Extension.mbg_device_id.is_not(None),
    Extension.mbg_unanswered_name.is_not(None),
)
_AT_A_PHONE = _one_of(Phone.extension_id, Phone.hot_desk_extension_id)
_OF_A_USER = _one_of(User.primary_extension_id, User.softphone_extension_id)
_IN_A_SWITCH = Extension.id.in_(
    select(BulkItem.extension_id).where(BulkItem.state.in_((Item.PENDING, Item.IN_PROGRESS)))
)

IN_USE = or_(_ON_MBG, _AT_A_PHONE, _OF_A_USER)
"""Condition on ``Extension``: something hangs on it."""


@dataclass(frozen=True, slots=True)
class Use:
    """A kind of use: its condition, and in words what it is and how a person ends it."""

    condition: ColumnElement[bool]
    what: str
    way_out: str


_USES = (
    Use(
        _ON_MBG,
        "with remote authorization credentials or a SIP user on the MBG",
        "stop using remote authorization credentials and wait until the MBG is told",
    ),
    Use(_AT_A_PHONE, "assigned to a phone or logged in at one", "take them from their phones"),
    Use(_OF_A_USER, "of a user", "take them from their users"),
    Use(_IN_A_SWITCH, "waiting in a bulk switch", "cancel the switch or let it finish"),
)


async def uses_of(session: AsyncSession, phone_system_id: int) -> str:
    """What keeps a phone system, for people; empty when nothing does.

    Its extensions are locked, so that nothing comes to hang on one until the unit of work ends.
    """
    theirs = select(Extension).where(Extension.phone_system_id == phone_system_id)
    await queue.ids_in_order(session, theirs)
    found, ways_out = [], []
    for use in _USES:
        of_it = select(Extension.extension).where(
            Extension.phone_system_id == phone_system_id, use.condition
        )
        numbers = list(await session.scalars(of_it.order_by(Extension.id)))
        if numbers:
            named = ", ".join(numbers[:_TOLD]) + (" …" if len(numbers) > _TOLD else "")
            found.append(f"{len(numbers)} {use.what} ({named})")
            ways_out.append(use.way_out)
    if not found:
        return ""
    first = " and ".join(ways_out)
    return f"Its extensions are in use: {'; '.join(found)}. First {first}."
