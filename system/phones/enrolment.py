"""Opening a phone's enrolment, in the unit of work of whoever assigns it (0021)."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from system.clock import Clock
from system.domain.credentials import Entropy
from system.domain.enrolment import Binding, opened
from system.storage.database import Database
from system.storage.models import Phone, PhoneEvent


class Enrolments:
    """Knows the window's length; used by the API and by the Setup screen."""

    def __init__(
        self, database: Database, clock: Clock, entropy: Entropy, *, window_s: float
    ) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._window_s = window_s

    def assigned(self, session: AsyncSession, phone: Phone) -> None:
        """The phone was assigned: it may come for its credentials, unless it is bound anyway."""
        if phone.bound_at is None:
            self.open(session, phone, "it was assigned")

    def open(self, session: AsyncSession, phone: Phone, why: str) -> None:
        """Whoever asks first as this phone is handed a new token; the old one is worthless."""
        now = self._clock.now()
        binding = Binding(phone.token, phone.bound_at, phone.enrolment_until)
        binding = opened(binding, now, self._window_s, self._entropy)
        phone.token, phone.bound_at = binding.token, binding.bound_at
        phone.enrolment_until = binding.enrolment_until
        hours = self._window_s / 3600
        session.add(
            PhoneEvent(
                mac=phone.mac,
                at=now,
                kind="enrolment",
                message=f"enrolment is open for {hours:g} hours: {why}",
            )
        )

    async def open_for_those_without(self) -> int:
        """At a start: phones that an earlier version has assigned have no token yet."""
        async with self._database.write() as session:
            found = await session.scalars(
                select(Phone).where(Phone.extension_id.is_not(None), Phone.token.is_(None))
            )
            phones = found.all()
            for phone in phones:
                self.open(session, phone, "it was assigned by an earlier version")
        return len(phones)
