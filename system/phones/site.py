"""The site's addresses as phones need them, kept at hand between two changes."""

from dataclasses import dataclass

from system.clock import Clock
from system.mbg.access import load_settings
from system.storage.database import Database
from system.storage.models import ClientLocation


@dataclass(frozen=True, slots=True)
class Site:
    """What an administrator has entered; ``None`` where nothing is."""

    mbg_internal_address: str | None
    """Source address of every teleworker (ADR-2)."""
    remote_host: str | None
    """Host in every URI for a teleworker (ADR-6)."""
    rest_api_enabled: bool = False
    """Off, only what was typed on both sides can work (PRV-4)."""


class SiteAddresses:
    """Every request of every phone needs the site, and it hardly ever changes.

    Where other MCS may change it in the same database, it is kept for ``shared_s`` seconds at most.
    """

    def __init__(self, database: Database, clock: Clock, *, shared_s: float) -> None:
        self._database = database
        self._clock = clock
        self._kept_s = shared_s if database.shared else float("inf")
        self._read_at = 0.0
        self._site: Site | None = None
        self._changes = 0

    async def get(self) -> Site:
        """The site as stored."""
        now = self._clock.now()
        if self._site is not None and now - self._read_at < self._kept_s:
            return self._site
        changes = self._changes
        async with self._database.read() as session:
            settings = await load_settings(session)
            remote = await session.get_one(ClientLocation, "remote")
        site = Site(
            settings.internal_address,
            remote.nat_ip_address_or_hostname,
            settings.rest_api_enabled,
        )
        if changes == self._changes:  # else it was changed while we read
            self._site, self._read_at = site, now
        return site

    def forget(self) -> None:
        """Read it anew next time: it was changed."""
        self._site = None
        self._changes += 1
