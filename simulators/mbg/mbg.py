"""One MBG: its parts composed, started and stopped, and what a person does on its site."""

import ssl

from aiohttp import web

from simulators.clock import Clock
from simulators.core import Address, Entropy
from simulators.errors import ConfigurationError
from simulators.journal import Journal
from simulators.mbg.border import Border
from simulators.mbg.border_terms import (
    INSIDE,
    OUTSIDE,
    DeviceRefused,
    DeviceRegistered,
    DeviceUnregistered,
)
from simulators.mbg.devices import Device, DeviceStore, Icp
from simulators.mbg.forward import Forward, ForwardRule
from simulators.mbg.licences import LicencePool
from simulators.mbg.rest import RestApi
from simulators.mbg.settings import GATEWAY, MbgSettings
from simulators.mbg.tokens import FinalToken
from simulators.mbg.web_services import Consumer, WebServices
from simulators.network import Network
from simulators.udp import UdpDriver


class Mbg:
    """A simulated MiVoice Border Gateway.

    Args:
        outside, inside: its two IP addresses.
        tls: server context of its web server.
        entropy: makes secrets, tokens, verifiers, nonces.
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
    ) -> None:
        self.role = role
        self.settings = settings or MbgSettings()
        self.outside = outside
        self.inside = inside
        self.clock = clock
        self.journal = journal
        self.store = DeviceStore(permit_weak_passwords=self.settings.permit_weak_passwords)
        self.licences = LicencePool(self.settings.licences)
        self.web_services = WebServices(entropy, self.settings.web_services)
        self.forwards: dict[int, Forward] = {}
        self.rest_address: Address = (inside, self.settings.rest_port)
        self.sip_outside: Address = (outside, self.settings.sip_port)
        self.sip_inside: Address = (inside, self.settings.sip_port)
        self._entropy = entropy
        self._network = network
        self._tls = tls
        self._runner: web.AppRunner | None = None
        self._driver: UdpDriver | None = None
        self.border: Border
        for address in (outside, inside):
            journal.name(address, role)

    async def start(self) -> None:
        """Open REST, SIP and the forwards; after a stop as a reboot does: rules and records stay.

        Raises:
            ConfigurationError: an address is taken or not allowed; nothing stays open.
        """
        try:
            await self._start_rest()
            await self._start_border()
            for forward in list(self.forwards.values()):
                await forward.start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close everything; may be called again."""
        for forward in list(self.forwards.values()):
            await forward.stop()
        if self._driver is not None:
            self._driver.close()
            await self._driver.wait_closed()
            self._driver = None
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # What a person does on the MBG's site

    def start_web_services(self) -> None:
        """Administration -> Web services: Start (TOK-1)."""
        self.web_services.start()
        self.happened("web services started")

    def stop_web_services(self) -> None:
        """Administration -> Web services: Stop."""
        self.web_services.stop()
        self.happened("web services stopped")

    def add_consumer(
        self,
        name: str,
        consumer_id: str,
        permissions: dict[str, str] | None = None,
        *,
        active: bool = True,
    ) -> Consumer:
        """Add a new consumer (TOK-2)."""
        consumer = self.web_services.add_consumer(name, consumer_id, permissions, active=active)
        self.journal.masker.learn(consumer.shared_secret)
        self.happened("consumer added", id=consumer_id)
        return consumer

    def approve_latest(self) -> str:
        """Press approve at the newest temporary token; returns the Verifier (TOK-4)."""
        pending = self.web_services.pending(self.clock.now())
        if not pending:
            raise ConfigurationError("the list Temporary tokens is empty: nothing to approve")
        verifier = self.web_services.approve(pending[-1].token, self.clock.now())
        self.journal.masker.learn(verifier)
        self.happened("temporary token approved", consumer=pending[-1].consumer_id)
        return verifier

    def renew_final_token(self, consumer_id: str) -> FinalToken:
        """Press Renew at the consumer's newest final token (TOK-8)."""
        tokens = [t for t in self.web_services.final.values() if t.consumer_id == consumer_id]
        if not tokens:
            raise ConfigurationError(f"consumer {consumer_id} has no final token to renew")
        self.happened("final token renewed", consumer=consumer_id)
        return self.web_services.renew(tokens[-1].token, self.clock.now())

    def add_icp(self, name: str, address: str) -> Icp:
        """MiVoice Border Gateway -> Service configuration -> ICPs (ICP-1)."""
        icp = self.store.add_icp(name, address)
        self.happened("ICP added", icp=name, address=address)
        return icp

    def add_device(self, **values: str) -> Device:
        """Service configuration -> SIP devices: made by hand (PRV-4)."""
        device = self.store.create(dict(values), "administrator")
        self.journal.masker.learn(device.set_password, device.icp_password)
        self.happened("SIP device created by hand", id=device.id)
        return device

    def remove_device(self, device_id: str) -> Device:
        """Delete a device; its registration ends."""
        device = self.store.delete(device_id)
        self.happened("SIP device removed", id=device.id)
        self.border.device_removed(device, self.clock.steady())
        self._pump()
        return device

    def device_changed(self, device: Device) -> None:
        """A device was changed through REST or by hand."""
        self.happened("SIP device changed", id=device.id)
        self.border.device_changed(device, self.clock.steady())
        self._pump()

    async def add_forward(self, rule: ForwardRule) -> Forward:
        """MBG Security -> Port Forwarding: add a rule.

        Raises:
            ConfigurationError: not in gateway mode (PRE-2), or the port is taken.
        """
        if self.settings.mode != GATEWAY:
            raise ConfigurationError(
                f"this MBG runs in {self.settings.mode} mode, which has no port forwarding: "
                "deploy it in gateway mode"
            )
        if rule.outside_port in self.forwards:
            raise ConfigurationError(f"port {rule.outside_port} is forwarded already")
        forward = Forward(rule, self.outside, self.inside, self._network, self.journal)
        await forward.start()
        self.forwards[rule.outside_port] = forward
        self.happened(
            "port forwarding rule added",
            port=rule.outside_port,
            destination=rule.destination[0],
            snat="on" if rule.snat else "off",
        )
        return forward

    async def remove_forward(self, outside_port: int) -> None:
        """Take a rule away; its connections are cut."""
        forward = self.forwards.pop(outside_port)
        await forward.stop()

    # Inside

    def happened(self, name: str, /, **facts: object) -> None:
        """Journal an event of this MBG."""
        self.journal.happened(self.role, name, **facts)

    async def _start_rest(self) -> None:
        self._runner = web.AppRunner(
            RestApi(self).application(), access_log=None, shutdown_timeout=0.2
        )
        await self._runner.setup()
        host, port = self.rest_address  # of port 0 the one that was found at the first start
        try:
            site = web.TCPSite(self._runner, host, port, ssl_context=self._tls)
            await site.start()
        except OSError as error:
            raise ConfigurationError(
                f"can't listen on TCP {host}:{port} for the MBG's REST API "
                f"({error.strerror or error}): stop what uses it, run as a user who may open "
                "ports below 1024, or give another port"
            ) from error
        self.rest_address = self._runner.addresses[0][:2]

    async def _start_border(self) -> None:
        self.licences = LicencePool(self.settings.licences)
        self.store.restarted()
        self.border = self._new_border()
        driver = self._driver = UdpDriver(
            self.border, self.clock, self._network, self.journal, self._on_event
        )
        asked = self.sip_outside, self.sip_inside
        self.sip_outside = await driver.open(self.sip_outside, OUTSIDE)
        self.sip_inside = await driver.open(self.sip_inside, INSIDE)
        if asked != (self.sip_outside, self.sip_inside):  # port 0; nobody knew the real ones yet
            driver.core = self.border = self._new_border()

    def _new_border(self) -> Border:
        return Border(
            self.sip_outside,
            self.sip_inside,
            self.store,
            self.licences,
            self._entropy,
            self.settings.border,
        )

    def _pump(self) -> None:
        if self._driver is not None:
            self._driver.pump()

    def _on_event(self, event: object) -> None:
        if isinstance(event, DeviceRegistered):
            self.happened("device registered", id=event.device_id, expires_s=event.expires_s)
        elif isinstance(event, DeviceUnregistered):
            self.happened("device unregistered", id=event.device_id, reason=event.reason)
        elif isinstance(event, DeviceRefused):
            self.happened(
                "device refused", username=event.username, status=event.status, reason=event.reason
            )
