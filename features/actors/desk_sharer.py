"""Somebody with a hot desk extension, who logs in on other people's phones (EXT-7)."""

from dataclasses import dataclass

from features.actors.teleworker import PhoneUser
from simulators.estate.estate import Estate
from simulators.journal import Happened
from simulators.phone.calls.line_table import Activity

FEATURE_CODE = "348"
EXTENSION, PASSCODE = "2190", "4711"
WRONG_PASSCODE = "0815"


@dataclass
class DeskSharer:
    """Whose extension is a SIP Hot Desk extension of the PBX; `at` is the phone in use."""

    estate: Estate
    extension: str = EXTENSION
    at: PhoneUser | None = None
    mark: int = 0
    """Where the journal was when the latest log-in was tried."""

    async def logs_in_at(self, user: PhoneUser, passcode: str = PASSCODE) -> bool:
        """Hot Desk key, extension, passcode; returns whether the phone took something new."""
        self.at, self.mark = user, self.estate.journal.mark()
        return await user.phone.hot_desk_log_in(self.extension, passcode)

    async def dials_feature_code(self, user: PhoneUser) -> None:
        """348, extension and passcode at a phone that knows nothing of it; waits for the end."""
        await user.waits_for_registration()
        user.phone.dial(f"{FEATURE_CODE}{self.extension}*{PASSCODE}")
        await user.phone.until_call(Activity.IDLE)

    async def logs_out(self) -> bool:
        """Log Out key, at the phone that is in use."""
        assert self.at is not None
        return await self.at.phone.hot_desk_log_out()

    async def is_registered(self, binding_host: str) -> None:
        """Wait until the PBX has the hot desk bound to an address, now or then."""
        await self.estate.journal.wait_for(
            lambda e: (
                isinstance(e, Happened)
                and e.name in ("extension registered", "registration refreshed")
                and e.facts["extension"] == self.extension
                and binding_host in e.facts["contact"]
            ),
            since=self.mark,
            within_s=20.0,
            what=f"hot desk {self.extension} to be registered at {binding_host}",
        )
        assert self.estate.node.is_registered(self.extension)

    def lost_by(self, user: PhoneUser) -> list[Happened]:
        """Times at which the user's own extension went from the PBX since the log-in was tried."""
        entries = self.estate.journal.entries[self.mark :]
        return [
            entry
            for entry in entries
            if isinstance(entry, Happened)
            and entry.name == "extension unregistered"
            and entry.facts["extension"] == user.person.extension
        ]
