"""By what the MBG is trusted: a CA, or the certificate that was seen first."""

import ssl

import aiohttp

from system.clock import Clock
from system.mbg import certificates, notices
from system.storage.database import Database
from system.storage.models import SINGLETON, MbgSettings


class Trust:
    """Gives what a client compares the MBG's certificate with, and keeps what was seen."""

    def __init__(
        self, database: Database, clock: Clock, outbound_address: str | None, timeout_s: float
    ) -> None:
        self._database = database
        self._clock = clock
        self._source = outbound_address
        self._timeout_s = timeout_s
        # Connections are kept alive per such object, so there is one of each.
        self._pins: dict[str, aiohttp.Fingerprint] = {}
        self._contexts: dict[str, ssl.SSLContext] = {}

    async def of(
        self, settings: MbgSettings, address: str
    ) -> ssl.SSLContext | aiohttp.Fingerprint | None:
        """For one MBG; ``None`` is the option ``--trusted-ca``. The first certificate is pinned.

        Raises:
            MbgUnreachable: it cannot be asked for its certificate.
        """
        if settings.certificate_check == certificates.PIN:
            pem = settings.pinned_certificate or await self._pin_first(settings, address)
            return self._pins.setdefault(pem, certificates.pin_of(pem))
        if settings.ca_certificate is None:
            return None
        pem = settings.ca_certificate
        if pem not in self._contexts:
            self._contexts[pem] = certificates.ca_context(pem)
        return self._contexts[pem]

    async def note_changed(self, settings: MbgSettings, message: str) -> None:
        """Keep the certificate that is presented now, for a person to compare and confirm."""
        address = settings.internal_address
        if address is None or settings.certificate_check != certificates.PIN:
            return
        pem = await self._fetch(settings, address)
        key = f"certificate:{certificates.fingerprint(pem)}"
        async with self._database.write() as session:
            stored = await session.get_one(MbgSettings, SINGLETON)
            if pem == stored.pinned_certificate:
                return
            stored.presented_certificate = pem
            now = self._clock.now()
            await notices.give(session, key, notices.CERTIFICATE, "error", message, now)

    async def _pin_first(self, settings: MbgSettings, address: str) -> str:
        pem = await self._fetch(settings, address)
        async with self._database.write() as session:
            stored = await session.get_one(MbgSettings, SINGLETON)
            # Another task, or process, may have been the first.
            stored.pinned_certificate = stored.pinned_certificate or pem
            return stored.pinned_certificate

    async def _fetch(self, settings: MbgSettings, address: str) -> str:
        return await certificates.fetch(address, settings.port, self._source, self._timeout_s)
