"""Hot desk log-in and log-out at a phone, agreed with the PBX (EXT-7).

The PBX decides by ``_XH`` whether extension and passcode match, and whose calls a phone takes; the
record here says whose account and keys the phone is handed; ``hot_desk_events`` keeps it true. What
would not work at the phone is refused
before the PBX is asked, so that a failed log-in changes nothing.
"""

import logging

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from system.audit.trail import add
from system.clock import Clock
from system.domain.throttle import Rate, Throttle
from system.domain.warnings import SIP_HOT_DESK
from system.errors import GatewayError, GatewayRefused, McsError, NotFound
from system.oai.client import NO_MATCH, UNKNOWN_COMMAND
from system.oai.codec import OaiFormatError
from system.phone_systems.links import GatewayLinks
from system.phones.accounts import account_of
from system.phones.gate import Caller
from system.phones.hot_desk_events import HotDeskEvents
from system.phones.hot_desk_record import by_phone, log_out_elsewhere, told, write_event
from system.storage.database import Database
from system.storage.models import Extension, Phone

log = logging.getLogger("mcs.phones")

GUESSES = Rate(burst=5, per_s=1 / 30)
"""Wrong passcodes of one phone, and for one extension."""

NO_SUCH = "Extension and passcode do not match."
TOO_MANY = "Too many wrong passcodes. Wait a minute, then try again."


class HotDesk:
    """Log-ins and log-outs.

    Args:
        events: keeps the record true as the PBX tells of it; hears of what is asked for here.
    """

    def __init__(self, database: Database, clock: Clock, events: HotDeskEvents) -> None:
        self._database = database
        self._clock = clock
        self._by_phone = Throttle(GUESSES)
        self._by_extension = Throttle(GUESSES)
        self._events = events

    async def log_in(self, caller: Caller, links: GatewayLinks, number: str, passcode: str) -> str:
        """Log the hot desk extension in at the phone.

        Returns:
            Why not, for the phone's screen; empty when it is done.
        """
        problem = await self._log_in(caller, links, number, passcode)
        outcome = f"failed: {problem}" if problem else "done"
        message = f"hot desk log-in of {number[:32]!r} at {caller.address} {outcome}"
        if problem:
            log.warning("phone %s: %s", caller.mac, message)
        async with self._database.write() as session:
            write_event(session, caller.mac, caller.at, message)
            if problem != TOO_MANY:  # guesses without end would fill the audit log
                action = "hot desk log-in refused" if problem else "hot desk log-in"
                why = {"reason": problem} if problem else {}
                facts = {"extension": number[:32], **why}
                add(
                    session,
                    caller.at,
                    by_phone(caller),
                    action,
                    f"/phones/{caller.mac}",
                    None,
                    facts,
                )
        return problem

    async def log_out(self, caller: Caller, links: GatewayLinks) -> str:
        """Log out whoever is logged in at the phone; the reason why not, or empty."""
        phone = caller.dossier.phone
        if phone is None or phone.hot_desk is None:
            return ""
        user = phone.hot_desk
        try:
            await links.connection(user.phone_system_id).hot_desk_log_out(user.extension)
        except (McsError, OaiFormatError) as error:
            log.warning("phone %s: hot desk log-out: %s", caller.mac, error)
            return "The telephone system does not answer. Try again later."
        self._events.moves(user.phone_system_id, user.extension)
        async with self._database.write() as session:
            found = await session.get_one(Phone, caller.mac)
            if found.hot_desk_extension_id == user.id:
                found.hot_desk_extension_id = None
                found.registered = False
                message = f"hot desk user {user.extension} logged out at the phone"
                told(session, by_phone(caller), found, user, caller.at, message, "log-out")
        return ""

    async def _log_in(self, caller: Caller, links: GatewayLinks, number: str, passcode: str) -> str:
        now = self._clock.now()
        if self._by_phone.is_empty(caller.mac, now) or self._by_extension.is_empty(number, now):
            return TOO_MANY
        user = await self._hot_desk_of(caller, number)
        if user is None:
            return self._wrong(caller.mac, number, now)
        account = account_of(
            user, caller.place.location, rest_api_enabled=caller.site.rest_api_enabled
        )
        if account.line is None:
            # EXT-7: nothing is changed yet, and the phone keeps its own extension.
            return f"Extension {number} cannot be used at this phone: {account.reason}."
        own = caller.dossier.phone.extension if caller.dossier.phone is not None else None
        base = own.extension if own is not None else ""
        self._events.moves(user.phone_system_id, number)
        try:
            await links.connection(user.phone_system_id).hot_desk_log_in(number, passcode, base)
        except OaiFormatError:
            return self._wrong(caller.mac, number, now)
        except GatewayRefused as error:
            if error.outcome == NO_MATCH:
                return self._wrong(caller.mac, number, now)
            if error.outcome == UNKNOWN_COMMAND:
                return "The CT Gateway is too old for hot desking at a phone (5.0.64 is needed)."
            return "The telephone system has refused the log-in."
        except (GatewayError, NotFound):
            return "The telephone system does not answer. Try again later."
        await self._record_log_in(caller, user, base)
        return ""

    def _wrong(self, mac: str, number: str, now: float) -> str:
        self._by_phone.take(mac, now)
        self._by_extension.take(number, now)
        return NO_SUCH

    async def _hot_desk_of(self, caller: Caller, number: str) -> Extension | None:
        """The hot desk extension with this number, of the phone's own phone system if any."""
        statement = (
            select(Extension)
            .where(
                Extension.extension == number,
                Extension.device_type == SIP_HOT_DESK,
                Extension.on_pbx.is_(True),
            )
            .options(joinedload(Extension.node))
            .limit(2)
        )
        phone = caller.dossier.phone
        if phone is not None and phone.extension is not None:
            statement = statement.where(
                Extension.phone_system_id == phone.extension.phone_system_id
            )
        async with self._database.read() as session:
            found = (await session.scalars(statement)).all()
        return found[0] if len(found) == 1 else None

    async def _record_log_in(self, caller: Caller, user: Extension, base: str) -> None:
        async with self._database.write() as session:
            left = await log_out_elsewhere(session, user, caller.mac, caller.at)
            if not base:
                # The PBX tells of these log-outs too, and cannot say of which phone.
                nameless = sum(1 for phone in left if phone.extension_id is None)
                self._events.expect_log_outs(user.phone_system_id, user.extension, nameless)
            phone = await session.get(Phone, caller.mac)
            if phone is None:
                phone = Phone(mac=caller.mac)
                session.add(phone)
            phone.hot_desk_extension_id = user.id
            phone.registered = False
