"""What a person does on an MBG's site: web services, ICPs, SIP devices, forwards, licences, system.

Each act is journaled, and kept where the MBG keeps its state (`kept`). The records that the acts
change are in `simulators/mbg/holdings.py`; the running parts (`simulators/mbg/mbg.py`) read them.

An act that can't be kept is refused and taken back. Acts that open or close sockets come one at a
time (`alone`).
"""

from dataclasses import replace

from simulators.core import TCP
from simulators.errors import BenchError, ConfigurationError
from simulators.mbg.forwarding.forward import Forward, ForwardRule
from simulators.mbg.holdings import Holdings
from simulators.mbg.records.device_fields import SHORTEST_PASSWORD
from simulators.mbg.records.devices import Device, Icp
from simulators.mbg.refusals import Refused, invalid, not_found
from simulators.mbg.services.tokens import FinalToken
from simulators.mbg.services.web_services import Consumer, Settings
from simulators.mbg.settings import GATEWAY
from simulators.mbg.sip_border.border import Border
from simulators.mbg.sip_border.border_terms import BorderSettings
from simulators.sockets.names import resolved


class Administration(Holdings):
    """The acts of an MBG's administrator."""

    border: Border

    # Administration -> Web services

    def start_web_services(self) -> None:
        """Press Start (TOK-1)."""
        self.web_services.start()
        self._did("web services started")

    def stop_web_services(self) -> None:
        """Press Stop."""
        self.web_services.stop()
        self._did("web services stopped")

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
        self._did("consumer added", id=consumer_id)
        return consumer

    def edit_consumer(
        self,
        consumer_id: str,
        *,
        name: str | None = None,
        permissions: dict[str, str] | None = None,
    ) -> Consumer:
        """Change a consumer's name or permissions; its tokens stay."""
        consumer = self.web_services.edit_consumer(consumer_id, name=name, permissions=permissions)
        self._did("consumer changed", id=consumer_id)
        return consumer

    def activate(self, consumer_id: str) -> None:
        """Set a consumer's Active to Yes: it and its tokens serve (again)."""
        self.web_services.activate(consumer_id)
        self._did("consumer activated", id=consumer_id)

    def deactivate(self, consumer_id: str) -> None:
        """Set a consumer's Active to No: it is refused, whatever its token."""
        self.web_services.deactivate(consumer_id)
        self._did("consumer deactivated", id=consumer_id)

    def delete_consumer(self, consumer_id: str) -> None:
        """Delete a consumer, and its tokens with it."""
        self.web_services.delete_consumer(consumer_id)
        self._did("consumer deleted", id=consumer_id)

    def regenerate_secret(self, consumer_id: str) -> str:
        """Make a consumer's shared secret anew; it is shown this once."""
        secret = self.web_services.regenerate_secret(consumer_id)
        self.journal.masker.learn(secret)
        self._did("shared secret made anew", id=consumer_id)
        return secret

    def approve(self, token: str) -> str:
        """Press approve at a temporary token; returns the Verifier (TOK-4)."""
        verifier = self.web_services.approve(token, self.clock.now())
        self.journal.masker.learn(verifier)
        consumer = self.web_services.temporary[token].consumer_id
        self._did("temporary token approved", consumer=consumer)
        return verifier

    def approve_latest(self) -> str:
        """Press approve at the newest temporary token; returns the Verifier (TOK-4).

        Raises:
            ConfigurationError: there is none.
        """
        pending = self.web_services.pending(self.clock.now())
        if not pending:
            raise ConfigurationError("the list Temporary tokens is empty: nothing to approve")
        return self.approve(pending[-1].token)

    def reject(self, token: str) -> None:
        """Press reject at a temporary token."""
        self.web_services.reject(token, self.clock.now())
        consumer = self.web_services.temporary[token].consumer_id
        self._did("temporary token rejected", consumer=consumer)

    def renew(self, token: str) -> FinalToken:
        """Press Renew at a final token (TOK-8)."""
        final = self.web_services.renew(token, self.clock.now())
        self._did("final token renewed", consumer=final.consumer_id)
        return final

    def renew_final_token(self, consumer_id: str) -> FinalToken:
        """Press Renew at the consumer's newest final token (TOK-8).

        Raises:
            ConfigurationError: it has none.
        """
        tokens = [t for t in self.web_services.final.values() if t.consumer_id == consumer_id]
        if not tokens:
            raise ConfigurationError(f"consumer {consumer_id} has no final token to renew")
        return self.renew(tokens[-1].token)

    def revoke(self, token: str) -> None:
        """Press revoke at a final token."""
        self.web_services.revoke(token)
        consumer = self.web_services.final[token].consumer_id
        self._did("final token revoked", consumer=consumer)

    # MiVoice Border Gateway -> Service configuration

    def add_icp(self, name: str, address: str) -> Icp:
        """ICPs: add one (ICP-1). A host name is looked up now, once.

        Raises:
            Refused: 422, an empty name, or an address that is none and that no host has.
        """
        icp = self.store.add_icp(name, address, resolved(address))
        self._did("ICP added", icp=name, address=address)
        return icp

    def change_icp(self, icp_id: str, *, address: str) -> Icp:
        """ICPs: change its Hostname or IP Address; like `add_icp`."""
        icp = self.store.change_icp(icp_id, address=address, ip=resolved(address))
        self._did("ICP changed", icp=icp.name, address=address)
        return icp

    def remove_icp(self, icp_id: str) -> Icp:
        """ICPs: remove one that no SIP device uses.

        Raises:
            Refused: 404, or 409 where a device uses it.
        """
        icp = self.store.icps.get(icp_id)
        if icp is None:
            raise not_found(f"ICP {icp_id}")
        users = sum(device.icp_id == icp_id for device in self.store.devices.values())
        if users:
            raise Refused(
                409,
                "icp_in_use",
                f"{icp.name} is the Configured ICP of {users} SIP devices: give them another one, "
                "or delete them, first",
            )
        del self.store.icps[icp_id]
        self._did("ICP removed", icp=icp.name, address=icp.address)
        return icp

    def add_device(self, **values: object) -> Device:
        """SIP devices: made by hand (PRV-4)."""
        device = self.store.create(dict(values), "administrator")
        self.journal.masker.learn(device.set_password, device.icp_password)
        self._did("SIP device created by hand", id=device.id)
        return device

    def change_device(self, device_id: str, **values: object) -> Device:
        """SIP devices: change fields of one by hand."""
        device = self.store.patch(device_id, dict(values))
        self.journal.masker.learn(device.set_password, device.icp_password)
        self.device_changed(device)
        return device

    def remove_device(self, device_id: str) -> Device:
        """SIP devices: delete one; its registration ends."""
        device = self.store.delete(device_id)
        self._did("SIP device removed", id=device.id)
        self.border.device_removed(device, self.clock.steady())
        self.pump()
        return device

    def device_changed(self, device: Device) -> None:
        """A device was changed through REST or by hand."""
        self._did("SIP device changed", id=device.id)
        self.border.device_changed(device, self.clock.steady())
        self.pump()

    # MBG Security -> Port Forwarding

    async def add_forward(self, rule: ForwardRule) -> Forward:
        """Add a rule.

        Raises:
            ConfigurationError: not in gateway mode (PRE-2), or the port is taken.
            Refused: it can't be kept.
        """
        async with self.alone:
            return await self._add_forward(rule)

    async def _add_forward(self, rule: ForwardRule) -> Forward:
        if self.settings.mode != GATEWAY:
            raise ConfigurationError(
                f"this MBG runs in {self.settings.mode} mode, which has no port forwarding: "
                "deploy it in gateway mode"
            )
        if (rule.protocol, rule.outside_port) in self.forwards:
            raise ConfigurationError(
                f"{rule.protocol} port {rule.outside_port} is forwarded already"
            )
        forward = self.new_forward(rule)
        await forward.start()
        self.forwards[rule.protocol, forward.port] = forward
        try:
            self._did(
                "port forwarding rule added",
                protocol=rule.protocol,
                port=forward.port,
                destination=rule.destination[0],
                snat="on" if rule.snat else "off",
            )
        except BenchError:
            del self.forwards[rule.protocol, forward.port]
            await forward.stop()
            raise
        return forward

    async def remove_forward(self, outside_port: int, protocol: str = TCP) -> None:
        """Take a rule away; its connections are cut.

        Raises:
            ConfigurationError: there is no such rule.
        """
        async with self.alone:
            forward = self.forwards.pop((protocol, outside_port), None)
            if forward is None:
                raise ConfigurationError(f"{protocol} port {outside_port} is not forwarded")
            try:
                self._did("port forwarding rule removed", protocol=protocol, port=outside_port)
            except BenchError:
                self.forwards[protocol, outside_port] = forward
                raise
            await forward.stop()

    def new_forward(self, rule: ForwardRule) -> Forward:
        """A rule's forward, not started."""
        return Forward(rule, self.outside, self.inside, self.network, self.journal, self.clock)

    # System

    def change_licences(self, size: int) -> None:
        """Give the pool another number of teleworker licences; held ones stay held."""
        self.settings = replace(self.settings, licences=size)
        self._did("licences changed", licences=size)
        self.licences.size = size

    def change_release(self, release: str) -> None:
        """Be another release (PRE-1)."""
        self.settings = replace(self.settings, release=release)
        self._did("release changed", release=release)

    async def change_mode(self, mode: str) -> None:
        """Be deployed in another mode; forwards are at work in gateway mode only (PRE-2).

        Raises:
            ConfigurationError: there is no such mode, or the port of a forward is taken.
            Refused: it can't be kept. The mode is the former one then.
        """
        async with self.alone:
            before = self.settings.mode
            if mode == before:
                return
            self.settings = replace(self.settings, mode=mode)
            try:
                await self.start_forwards()
                self._did("mode changed", mode=mode)
            except BenchError:
                self.settings = replace(self.settings, mode=before)
                if before != GATEWAY:
                    await self.stop_forwards()
                raise
            if mode != GATEWAY:
                await self.stop_forwards()

    def permit_weak_passwords(self, permitted: bool) -> None:
        """System -> Settings -> Permit Weak Passwords."""
        self.settings = replace(self.settings, permit_weak_passwords=permitted)
        self._did("weak passwords " + ("permitted" if permitted else "refused"))
        self.store.permit_weak_passwords = permitted

    def change_habits(
        self, border: BorderSettings | None = None, web_services: Settings | None = None
    ) -> None:
        """Have other habits: web services at once, the border from its next restart on."""
        if border is not None:
            self.settings = replace(self.settings, border=border)
        if web_services is not None:
            self.settings = replace(self.settings, web_services=web_services)
            self.web_services.change_settings(web_services)
        self._did("habits changed")

    def change_site_password(self, password: str) -> None:
        """Give `admin` another password on the site; whoever is logged in there is so no more.

        Raises:
            Refused: 422, it is too short.
        """
        if len(password) < SHORTEST_PASSWORD:
            text = f"must be of at least {SHORTEST_PASSWORD} characters"
            raise invalid({"new_password": text})
        self.journal.masker.learn(password)
        self.settings = replace(self.settings, site_password=password)
        self._did("site password changed")

    async def start_forwards(self) -> None:
        """Let all rules work, if this mode has them."""
        if self.settings.mode == GATEWAY:
            for forward in list(self.forwards.values()):
                await forward.start()

    async def stop_forwards(self) -> None:
        """Close all rules' ports; the rules stay."""
        for forward in list(self.forwards.values()):
            await forward.stop()
