"""The access token: handshake, working token, what the administrator is told (TOK-3 to TOK-9).

Everything is stored as soon as it is known, so a handshake survives a restart. One under way
stands beside the working token and replaces it only at its very end (TOK-6).
"""

import asyncio
import logging
from dataclasses import dataclass

import aiohttp
from sqlalchemy.ext.asyncio import AsyncSession

from system.audit.trail import SYSTEM, add
from system.clock import Clock, iso_utc, parse_iso_utc
from system.domain import expiry
from system.domain.credentials import Entropy
from system.domain.gates import mbg_gate
from system.errors import (
    AccessRefused,
    GateClosed,
    MbgBusy,
    MbgError,
    MbgUnreachable,
    McsError,
    NotReady,
    ServicesStopped,
)
from system.mbg import certificates, notices
from system.mbg.client import MbgClient
from system.mbg.oauth import Credentials, Signer
from system.mbg.refusals import TEMPORARY_TOKEN_IS_OVER, WEB_SERVICES
from system.mbg.settings import PAGE, clear_pending, pending_credentials, usable_address
from system.mbg.trust import Trust
from system.provisioning import gate, queue
from system.storage.database import Database
from system.storage.models import SINGLETON, MbgSettings

log = logging.getLogger("mcs.mbg")


@dataclass(frozen=True, slots=True)
class TokenView:
    """The token as the page shows it; ``expires_at`` in epoch seconds."""

    state: str
    expires_at: float | None
    message: str | None
    pending: bool = False
    """A temporary token waits for its verifier, perhaps beside one that works."""

    def document(self) -> dict[str, str | bool | None]:
        """``token`` of ``GET /settings/mbg``."""
        return {
            "state": self.state,
            "expires_at": iso_utc(self.expires_at),
            "message": self.message,
            "pending": self.pending,
        }


class MbgAccess:
    """Gives out clients for the MBG and keeps the token's story."""

    def __init__(
        self,
        database: Database,
        http: aiohttp.ClientSession,
        clock: Clock,
        entropy: Entropy,
        *,
        warning_s: float,
        work: asyncio.Event,
        outbound_address: str | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        self._trust = Trust(database, clock, outbound_address, timeout_s)
        self._database = database
        self._http = http
        self._clock = clock
        self._signer = Signer(clock, entropy)
        self._warning_s = warning_s
        self._work = work
        self._one_handshake = asyncio.Lock()

    async def request_token(self, name: str, consumer_id: str, shared_secret: str) -> None:
        """Ask the MBG for a temporary token (Save & Test API Credentials, TOK-3).

        Raises:
            NotReady: the Rest API is not enabled, or the MBG's address is not known.
            MbgError: the MBG refused; a handshake under way and the working token stay.
        """
        async with self._one_handshake:
            settings = await self._settings()
            address = usable_address(settings)
            client = await self._client(settings, address, Credentials(consumer_id, shared_secret))
            try:
                token, secret = await client.initiate()
            except MbgError as error:
                await self._note_certificate(error)
                raise
            async with self._database.write() as session:
                stored = await load_settings(session)
                stored.pending_name = name
                stored.pending_consumer_id = consumer_id
                stored.pending_shared_secret = shared_secret
                stored.pending_token = token
                stored.pending_token_secret = secret
        log.info("temporary token received for consumer %r; it waits for approval", consumer_id)

    async def retrieve_token(self, verifier: str) -> None:
        """Trade the temporary token for the final one (Retrieve Final Access Token, TOK-5).

        All extensions with remote credentials are then provisioned, also those configured before
        (PRV-1).

        Raises:
            NotReady: there is no temporary token.
            MbgError: the MBG refused; the working token stays (TOK-6).
        """
        async with self._one_handshake:
            settings = await self._settings()
            address = usable_address(settings)
            pending = pending_credentials(settings)
            try:
                client = await self._client(settings, address, pending)
                token, secret = await client.exchange(verifier)
            except MbgError as error:
                await self._note_certificate(error)
                if error.code in TEMPORARY_TOKEN_IS_OVER:
                    await self._forget_handshake(error.message)
                raise
            async with self._database.write() as session:
                stored = await load_settings(session)
                stored.consumer_name = settings.pending_name
                stored.consumer_id = pending.consumer_id
                stored.shared_secret = pending.shared_secret
                stored.token, stored.token_secret = token, secret
                stored.token_expires_at = None
                stored.token_refused, stored.token_message = False, None
                clear_pending(stored)
                await gate.release(session)  # first, for the order of locks (queue.py)
                await queue.enqueue_all_remote(session, self._clock.now())
                await queue.retry_dead(session, self._clock.now())
                await queue.make_all_due(session, self._clock.now())
        log.info("final access token received for consumer %r", pending.consumer_id)
        self._work.set()
        await self.look()

    async def client(self) -> MbgClient:
        """A client with the final token.

        Raises:
            NotReady: address, Rest API or token are missing; the message says which, and where.
        """
        settings = await self._settings()
        address = usable_address(settings)
        if not (settings.token and settings.token_secret and settings.consumer_id):
            raise NotReady(
                "no_access_token",
                f"There is no access token for the MBG. Press Request Access Token on {PAGE}.",
                requirement="TOK-3",
            )
        credentials = Credentials(
            settings.consumer_id,
            settings.shared_secret or "",
            settings.token,
            settings.token_secret,
        )
        return await self._client(settings, address, credentials)

    async def checked_client(self) -> MbgClient:
        """A client for an MBG that was just asked whether it may be used (PRE-1, PRE-2).

        Raises:
            NotReady: as ``client``.
            MbgError: the MBG does not answer, or refuses; already noted.
            GateClosed: release too old or mode unsuitable.
        """
        try:
            client = await self.client()
            system = await client.system()
        except NotReady:
            raise
        except McsError as error:
            await self.note_failure(error)
            raise
        async with self._database.write() as session:
            settings = await load_settings(session)
            settings.release, settings.mode = system.release, system.mode
        await self.note_success(client)
        closed = mbg_gate(system.release, system.mode)
        if closed is not None:
            await self.note_failure(closed)
            raise closed
        return client

    async def look(self) -> None:
        """Ask the MBG for release, mode and expiry, and note what comes; never raises McsError."""
        try:
            client = await self.checked_client()
            await self._refresh_expiry(client)
        except McsError as error:
            log.info("MBG not ready: %s", error.message)

    async def note_failure(self, error: McsError) -> None:
        """A call with the final token failed: remember why for the page (TOK-7)."""
        if isinstance(error, MbgError):
            await self._note_certificate(error)
        refused = isinstance(error, AccessRefused) and error.code != "nonce_used"
        async with self._database.write() as session:
            settings = await load_settings(session)
            if refused and not settings.token_refused:
                log.warning("the MBG refuses the access token: %s", error.code)
                self._audit(session, "access token refused", None, {"code": error.code})
            settings.token_refused = settings.token_refused or refused
            if refused or not settings.token_refused:
                settings.token_message = error.message

    async def note_failure_of_call(self, error: McsError) -> None:
        """As ``note_failure``, but only for what ends access as a whole."""
        if isinstance(error, AccessRefused) or error.code == certificates.CHANGED:
            await self.note_failure(error)

    async def note_success(self, client: MbgClient) -> None:
        """A call with the final token worked: a refused or overdue token is valid again (TOK-8)."""
        async with self._database.write() as session:
            settings = await load_settings(session)
            was_over = settings.token_refused or self._is_overdue(settings)
            settings.token_refused, settings.token_message = False, None
            settings.presented_certificate = None
        if not was_over:
            return
        await self._refresh_expiry(client)
        # Only a change for the better wakes the worker, else a half-working MBG would spin it.
        if (await self.current_view()).state != "refused":
            log.info("the MBG accepts the access token again")
            async with self._database.write() as session:
                await queue.make_all_due(session, self._clock.now())
            self._work.set()

    async def warn(self) -> float | None:
        """Give the warning of the expiry that is due; seconds until the next one, if one comes."""
        settings = await self._settings()
        expires_at, now = settings.token_expires_at, self._clock.now()
        if settings.token is None or expires_at is None:
            return None
        async with self._database.write() as session:
            await notices.warn_of_expiry(session, expires_at, now)
        next_at = expiry.next_at(expires_at, now)
        return None if next_at is None else next_at - now

    async def has_token(self) -> bool:
        """Whether there is a final token to call with, and the Rest API is enabled."""
        settings = await self._settings()
        return bool(settings.token and settings.rest_api_enabled and settings.internal_address)

    async def current_view(self) -> TokenView:
        """``view`` of what is stored."""
        return self.view(await self._settings())

    def view(self, settings: MbgSettings) -> TokenView:
        """The token as the page shows it now."""
        has_token = settings.token is not None
        pending = settings.pending_token is not None
        expires_at = settings.token_expires_at if has_token else None
        overdue = self._is_overdue(settings)
        if pending and (not has_token or settings.token_refused or overdue):
            return TokenView(
                "waiting for approval",
                None,
                f"Press approve under Temporary tokens on {WEB_SERVICES}, then enter the verifier.",
                pending,
            )
        if not has_token:
            return TokenView("none", None, settings.token_message, pending)
        if settings.token_refused:
            return TokenView("refused", expires_at, settings.token_message, pending)
        if overdue:
            return TokenView("refused", expires_at, _overdue_text(expires_at), pending)
        message = settings.token_message
        if expires_at is not None and expires_at - self._clock.now() <= self._warning_s:
            expiring = (
                f"The access token expires at {iso_utc(expires_at)}. Press Renew against it under "
                f"Final tokens on {WEB_SERVICES}."
            )
            return TokenView("expiring", expires_at, message or expiring, pending)
        if pending and message is None:
            message = "A new temporary token waits for approval; the present token stays in use."
        return TokenView("valid", expires_at, message, pending)

    async def _refresh_expiry(self, client: MbgClient) -> None:
        try:
            expires_at = parse_iso_utc((await client.token()).expires_at)
        except ValueError:
            await self._note_expiry(
                None, "The MBG gave an expiry of the access token that is no time."
            )
        except (AccessRefused, MbgBusy, MbgUnreachable, ServicesStopped) as error:
            await self.note_failure(error)
        except MbgError as error:
            # Without Base/managetoken read the token works all the same; its end is not known.
            await self._note_expiry(None, error.message)
        else:
            await self._note_expiry(expires_at, None)

    async def _note_expiry(self, expires_at: float | None, message: str | None) -> None:
        async with self._database.write() as session:
            settings = await load_settings(session)
            before = settings.token_expires_at
            settings.token_expires_at = expires_at
            settings.token_message = message
            if expires_at is not None and expires_at != before:
                action = "access token renewed" if before is not None else "access token's end read"
                was, now = {"expires_at": iso_utc(before)}, {"expires_at": iso_utc(expires_at)}
                self._audit(session, action, was, now)

    async def _forget_handshake(self, message: str) -> None:
        async with self._database.write() as session:
            settings = await load_settings(session)
            clear_pending(settings)
            if settings.token is None:
                settings.token_message = message

    def _audit(
        self,
        session: AsyncSession,
        action: str,
        before: dict[str, str | None] | None,
        after: dict[str, str | None],
    ) -> None:
        add(session, self._clock.now(), SYSTEM, action, "/settings/mbg", before, after)

    async def _settings(self) -> MbgSettings:
        async with self._database.read() as session:
            return await load_settings(session)

    def _is_overdue(self, settings: MbgSettings) -> bool:
        expires_at = settings.token_expires_at
        return expires_at is not None and expires_at <= self._clock.now()

    async def _client(
        self, settings: MbgSettings, address: str, credentials: Credentials
    ) -> MbgClient:
        return MbgClient(
            self._http,
            self._signer,
            address,
            settings.port,
            credentials,
            trust=await self._trust.of(settings, address),
            clock=self._clock,
        )

    async def _note_certificate(self, error: MbgError) -> None:
        if error.code == certificates.CHANGED:
            await self._trust.note_changed(await self._settings(), error.message)


async def load_settings(session: AsyncSession) -> MbgSettings:
    """The one row of MBG settings."""
    return await session.get_one(MbgSettings, SINGLETON)


def known_gate(settings: MbgSettings) -> GateClosed | None:
    """The gate as of the last answer; open while nothing is known."""
    if settings.release is None:
        return None
    return mbg_gate(settings.release, settings.mode)


def _overdue_text(expires_at: float | None) -> str:
    return (
        f"The access token expired at {iso_utc(expires_at)}. Press Renew against it under Final "
        f"tokens on {WEB_SERVICES}; waiting work then goes on by itself."
    )
