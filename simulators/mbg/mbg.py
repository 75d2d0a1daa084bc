"""One MBG: its parts composed, started, stopped and restarted.

What a person does on its site is `simulators/mbg/administration.py`.
"""

import asyncio
import contextlib
import ssl

from aiohttp import web
from aiohttp.typedefs import Handler

from simulators.clock import Clock
from simulators.core import TCP, TLS, Address, Entropy
from simulators.errors import BenchError, ConfigurationError
from simulators.faults.fault import Fault
from simulators.faults.http_faults import HttpFault, HttpFaults
from simulators.faults.licence_server_away import LicenceServerAway, SupervisedPool
from simulators.faults.sip_faults import SipDisturber, SipFault
from simulators.faults.table import FaultTable
from simulators.faults.tls_faults import TlsFault, TlsFaults
from simulators.http_api.application import refusal
from simulators.http_api.opening import open_http
from simulators.http_api.refused import Refusal
from simulators.journal import Journal
from simulators.mbg.administration import Administration
from simulators.mbg.api.rest import RestApi
from simulators.mbg.refusals import Refused
from simulators.mbg.settings import MbgSettings
from simulators.mbg.sip_border.border import Border
from simulators.mbg.sip_border.border_terms import (
    INSIDE,
    OUTSIDE,
    CallAnswered,
    CallBegins,
    CallEnds,
    DeviceRefused,
    DeviceRegistered,
    DeviceUnregistered,
)
from simulators.mbg.sip_border.media_relay import MediaRelay
from simulators.mbg.site import mount
from simulators.mbg.state import StateFile, restore, state_of, take_back
from simulators.network import Network
from simulators.sockets import SipDriver
from simulators.tls import Authority

FAULT_KINDS = (HttpFault, SipFault, TlsFault, LicenceServerAway)
READING = ("GET", "HEAD")
NOT_KEPT = Refusal(503, "state_not_kept", "the state file can't be written; nothing was changed")


class Mbg(Administration):
    """A simulated MiVoice Border Gateway.

    Args:
        outside, inside: its two IP addresses.
        tls: server context of its web server.
        entropy: makes secrets, tokens, verifiers, nonces, and the seed of its faults.
        authority: the CA of `tls`, for the faults of certificates.
    """

    def __init__(
        self,
        outside: str,
        inside: str,
        *,
        tls: ssl.SSLContext,
        clock: Clock,
        network: Network,
        journal: Journal,
        entropy: Entropy,
        settings: MbgSettings | None = None,
        role: str = "MBG",
        authority: Authority | None = None,
    ) -> None:
        super().__init__(
            outside,
            inside,
            clock=clock,
            network=network,
            journal=journal,
            entropy=entropy,
            settings=settings or MbgSettings(),
            role=role,
        )
        self.rest_address: Address = (inside, self.settings.rest_port)
        self.sip_outside: Address = (outside, self.settings.sip_port)
        self.sip_outside_tls: Address = (outside, self.settings.sip_tls_port)
        self.sip_inside: Address = (inside, self.settings.sip_port)
        self._tls = tls
        tls_faults = TlsFaults(authority, (inside, outside))
        seed = int.from_bytes(entropy(8), "big")
        self.faults = FaultTable(seed, clock.now, self._struck, tls_faults.prepare, FAULT_KINDS)
        tls_faults.watch(tls, self.faults)
        self._disturber = SipDisturber(self.faults)
        self.media = MediaRelay(outside, inside, network, journal, role)
        self._restarting: asyncio.Task[None] | None = None
        file = self.settings.state_file
        self._state_file = None if file is None else StateFile(file)
        if self._state_file is not None:
            restore(self, self._state_file.begin(state_of(self)))
        self._runner: web.AppRunner | None = None
        self._driver: SipDriver | None = None
        for address in (outside, inside):
            journal.name(address, role)

    async def start(self) -> None:
        """Open REST, SIP and the forwards; after a stop as a reboot does: rules and records stay.

        Raises:
            ConfigurationError: an address is taken or not allowed; nothing stays open.
        """
        async with self.alone:
            await self._open()

    async def stop(self) -> None:
        """Close everything; may be called again. Ends a restart in the background."""
        await self._end_restarting()
        async with self.alone:
            await self._close()
            await self._end_restarting()  # one that was asked for meanwhile

    async def restart(self, *, keep_state: bool = True) -> None:
        """Stop and start again, with all records or (a reset to delivery) with none.

        Raises:
            ConfigurationError: somebody took an address meanwhile.
            Refused: the loss of all records can't be kept; it has restarted with them.
        """
        failure: Refused | None = None
        async with self.alone:
            await self._close()
            if not keep_state:
                failure = self._lost()
            kept = keep_state or failure is not None
            self.happened("restarted", state="kept" if kept else "lost")
            await self._open()
        if failure is not None:
            raise failure

    def renew_certificate(self, authority: Authority) -> None:
        """Show another certificate of this authority to who connects from now on."""
        authority.renew(self._tls, self.inside, self.outside)
        self.happened("certificate renewed")

    async def reset(self) -> None:
        """Be as delivered, without a fault."""
        self.faults.calm()
        await self.restart(keep_state=False)

    def restart_soon(self, *, keep_state: bool) -> None:
        """Restart in the background; one restart at a time."""
        if self._restarting is None or self._restarting.done():
            restarting = self._restart_or_say(keep_state)
            self._restarting = asyncio.get_running_loop().create_task(restarting)

    def kept(self) -> None:
        if self._state_file is None:
            return
        try:
            self._write(self._state_file)
        except Refused:
            take_back(self, self._state_file.last())
            raise

    def pump(self) -> None:
        if self._driver is not None:
            self._driver.pump()

    def _write(self, file: StateFile) -> None:
        try:
            file.write(state_of(self))
        except ConfigurationError as error:
            self.happened("state not kept", reason=error)
            raise Refused(NOT_KEPT.status, NOT_KEPT.code, str(error)) from error

    def _lost(self) -> Refused | None:
        """Be as delivered; where that can't be kept, have all records again, and say why."""
        self.forget()
        if self._state_file is not None:
            try:
                self._write(self._state_file)
            except Refused as refused:
                restore(self, self._state_file.last())
                return refused
        return None

    async def _open(self) -> None:
        opening = asyncio.ensure_future(self._open_all())
        try:
            await asyncio.shield(opening)
        except BaseException:
            # asyncio forgets a socket that listens already where its opening is cancelled
            await asyncio.gather(opening, return_exceptions=True)
            await self._close()
            raise

    async def _open_all(self) -> None:
        await self._start_rest()
        await self._start_border()
        await self.start_forwards()

    async def _close(self) -> None:
        """Close what is open. A cancelled one is finished by the next."""
        await self.stop_forwards()
        if self._driver is not None:
            self._driver.close()
            await self._driver.wait_closed()
            self._driver = None
            self.media.close_all()
            if self._state_file is not None:
                with contextlib.suppress(Refused):  # it has been journaled, and we go down anyway
                    self._write(self._state_file)  # what became of the devices
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _end_restarting(self) -> None:
        if self._restarting is not None:
            self._restarting.cancel()
            await asyncio.gather(self._restarting, return_exceptions=True)

    async def _restart_or_say(self, keep_state: bool) -> None:
        try:
            await self.restart(keep_state=keep_state)
        except BenchError as error:
            self.happened("restart failed", reason=error)

    async def _start_rest(self) -> None:
        faults = HttpFaults(self.faults, self)
        application = RestApi(self).application(outside=[faults.middleware, self._keep])
        mount(application, self)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        host, port = self.rest_address  # of port 0 the one that was found at the first start
        try:
            await open_http(self._runner, host, port, self._tls)
        except OSError as error:
            raise ConfigurationError(
                f"can't listen on TCP {host}:{port} for the MBG's REST API "
                f"({error.strerror or error}): stop what uses it, run as a user who may open "
                "ports below 1024, or give another port"
            ) from error
        self.rest_address = self._runner.addresses[0][:2]

    async def _start_border(self) -> None:
        self.licences = SupervisedPool(self.settings.licences, self.faults)
        self.store.restarted()
        self.border = self._new_border()
        driver = self._driver = SipDriver(
            self.border,
            self.clock,
            self.network,
            self.journal,
            self._on_event,
            disturber=self._disturber,
        )
        asked = self.sip_outside, self.sip_outside_tls, self.sip_inside
        self.sip_outside = await driver.open(self.sip_outside, OUTSIDE)
        self.sip_inside = await driver.open(self.sip_inside, INSIDE)
        await driver.open(self.sip_outside, OUTSIDE, TCP)
        await driver.open(self.sip_inside, INSIDE, TCP)
        self.sip_outside_tls = await driver.open(self.sip_outside_tls, OUTSIDE, TLS, self._tls)
        if asked != (self.sip_outside, self.sip_outside_tls, self.sip_inside):
            driver.core = self.border = self._new_border()  # port 0: nobody knew the real ones yet

    def _new_border(self) -> Border:
        return Border(
            self.sip_outside,
            self.sip_inside,
            self.store,
            self.licences,
            self.entropy,
            self.settings.border,
            outside_tls=self.sip_outside_tls,
            ports=self.media,
        )

    @web.middleware
    async def _keep(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Keep what a call changed before it is answered; a refused one may have changed things."""
        answer = await handler(request)
        if request.method not in READING:
            try:
                self.kept()
            except Refused as refused:
                return refusal(refused)
        return answer

    def _struck(self, fault: Fault, number: int, what: str) -> None:
        self.happened("fault struck", fault=fault.name, number=number, what=what)

    def _on_event(self, event: object) -> None:
        if isinstance(event, DeviceRegistered):
            self.happened("device registered", id=event.device_id, expires_s=event.expires_s)
        elif isinstance(event, DeviceUnregistered):
            self.happened("device unregistered", id=event.device_id, reason=event.reason)
        elif isinstance(event, DeviceRefused):
            self.happened(
                "device refused", username=event.username, status=event.status, reason=event.reason
            )
        elif isinstance(event, CallBegins | CallAnswered | CallEnds):
            self._on_call(event)

    def _on_call(self, event: CallBegins | CallAnswered | CallEnds) -> None:
        facts: dict[str, object] = {
            "id": event.device_id,
            "direction": event.direction,
            "party": event.party,
        }
        if isinstance(event, CallEnds):
            facts |= {"reason": event.reason, "status": event.status or ""}
            self.happened("call ended", **facts)
        else:
            self.happened("call" if isinstance(event, CallBegins) else "call answered", **facts)
