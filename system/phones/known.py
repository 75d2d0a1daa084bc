"""What is stored about the file that a phone holds, and about what it still has to be told."""

from sqlalchemy.ext.asyncio import AsyncSession

from system.phones.delivery import Known
from system.storage.database import Database
from system.storage.models import Phone

RESTART, RESYNC = "restart", "resync"


def known_of(phone: Phone | None) -> Known:
    """The stored columns as a value."""
    if phone is None:
        return Known(None, None, frozenset(), None)
    names = frozenset((phone.held_names or "").split("\n")) - {""}
    return Known(phone.held_revision, phone.held_static, names, phone.offered_revision)


class Pending:
    """Restarts and resyncs that wait for a phone's poll."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def told(self, mac: str) -> None:
        """The phone has been told; it is not told again."""
        async with self._database.write() as session:
            await clear(session, mac)


async def clear(session: AsyncSession, mac: str) -> None:
    """Forget what waits for a phone."""
    phone = await session.get(Phone, mac)
    if phone is not None:
        phone.pending_action = None
