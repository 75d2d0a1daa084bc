"""A person with Phone Manager on a computer, in the office or at home (ADR-5, ADR-7)."""

from features.actors.installer import Installer
from simulators.estate.estate import Estate
from simulators.journal import Happened, HttpEntry
from simulators.phone.people import Person
from simulators.softphone.documents import Places
from simulators.softphone.softphone import Softphone
from simulators.softphone.states import State

PASSWORD = "a-Phone-Manager-1"
NOWHERE_MINUTES = 1.0
"""Longer than the silence of an address that can't be reached."""


class ComputerUser:
    """One person with a softphone; Phone Manager knows the office's address from the start."""

    def __init__(self, estate: Estate, person: Person) -> None:
        self.estate = estate
        self.person = person
        self.name = f"user{person.extension}"
        self.softphone: Softphone | None = None

    async def opens_at_home(self) -> None:
        """Where Phone Manager was set up for working outside: it knows both addresses."""
        places = Places(self._office_address, self.estate.mbg_place.outside, self._port)
        await self._opens(self._home, places)

    async def opens_in_office(self) -> None:
        """With the office's address alone: the other one is learnt from the MCS."""
        plan = self.estate.claim.plan
        address = plan.local_phone(self.person.home_index + 100)
        await self._opens(address, Places(self._office_address, None, self._port))

    async def takes_computer_home(self) -> None:
        """Once it is registered: off the office's network, on to the home's."""
        await self.is_registered()
        await self.phone.move_to(self._home)

    async def is_registered(self) -> None:
        """Wait until the softphone is registered; the silence of what can't be reached passes."""
        if self.phone.state is State.LOOKING:
            await self.estate.clock.advance(minutes=NOWHERE_MINUTES)
        await self.phone.until(State.REGISTERED)

    async def says(self, state: State) -> str:
        """What Phone Manager says once it is in this state."""
        if self.phone.state is State.LOOKING:
            await self.estate.clock.advance(minutes=NOWHERE_MINUTES)
        await self.phone.until(state)
        return self.phone.message

    def was_heard_by_mbg(self) -> bool:
        """Whether the MBG has anything of the softphone in its journal."""
        role = self.estate.mbg.role
        return any(
            isinstance(entry, Happened)
            and entry.frm == role
            and self.phone.address in str(entry.facts)
            for entry in self.estate.journal.entries
        )

    def spoke_with_mcs(self) -> list[HttpEntry]:
        """What Phone Manager asked the MCS."""
        entries = self.estate.journal.entries
        return [e for e in entries if isinstance(e, HttpEntry) and e.frm == self.phone.role]

    @property
    def phone(self) -> Softphone:
        """The open softphone."""
        assert self.softphone is not None
        return self.softphone

    async def _opens(self, address: str, places: Places) -> None:
        self.softphone = self.estate.softphone(self.person, address, places)
        await self.softphone.open(self.name, PASSWORD)

    @property
    def _home(self) -> str:
        return self.estate.claim.plan.home(self.person.home_index + 100)

    @property
    def _office_address(self) -> str:
        assert self.estate.mcs is not None
        return self.estate.mcs.phone_manager_address[0]

    @property
    def _port(self) -> int:
        assert self.estate.mcs is not None
        return self.estate.mcs.phone_manager_address[1]


async def makes_user(installer: Installer, user: ComputerUser) -> None:
    """Users: a person with this name, who may use Phone Manager with this extension."""
    await installer.mcs.post(
        "/users",
        {
            "username": user.name,
            "display_name": user.person.name,
            "password": PASSWORD,
            "role": "user",
            "softphone_extension": user.person.extension,
        },
    )
