"""What a person does on an MBG's site: web services, ICPs, SIP devices, forwards, licences, system.

Each act is journaled, and kept where the MBG keeps its state (`kept`). The records that the acts
change are here, too; the running parts (`simulators/mbg/mbg.py`) read them.
"""

from dataclasses import replace

from simulators.clock import Clock
from simulators.core import TCP, Entropy
from simulators.errors import ConfigurationError
from simulators.journal import Journal
from simulators.mbg.forwarding.forward import Forward, ForwardRule
from simulators.mbg.records.device_fields import SHORTEST_PASSWORD
from simulators.mbg.records.devices import Device, DeviceStore, Icp
from simulators.mbg.refusals import Refused, invalid, not_found
from simulators.mbg.services.consumers import new_secret
from simulators.mbg.services.tokens import FinalToken
from simulators.mbg.services.web_services import Consumer, WebServices
from simulators.mbg.settings import GATEWAY, MbgSettings
from simulators.mbg.sip_border.border import Border
from simulators.mbg.sip_border.licences import LicencePool
from simulators.network import Network


class Administration:
    """The records of one MBG and the acts of its administrator.

    Args:
        outside, inside: the MBG's two IP addresses.
        entropy: makes secrets, tokens, verifiers.
        settings: as delivered; what an administrator changes is in `self.settings`, and there the
            site's password is, also where it was made at random.
    """

    border: Border

    def __init__(
        self,
        outside: str,
        inside: str,
        *,
        clock: Clock,
        network: Network,
        journal: Journal,
        entropy: Entropy,
        settings: MbgSettings,
        role: str,
    ) -> None:
        self.role = role
        self.outside = outside
        self.inside = inside
        self.clock = clock
        self.network = network
        self.journal = journal
        self.entropy = entropy
        password = settings.site_password or new_secret(entropy)
        journal.masker.learn(password)
        self._delivered = replace(settings, site_password=password)
        self.forget()

    def forget(self) -> None:
        """Be as delivered: no consumer, token, ICP, device or forward."""
        self.settings = self._delivered
        self.store = DeviceStore(permit_weak_passwords=self.settings.permit_weak_passwords)
        self.licences = LicencePool(self.settings.licences)
        self.web_services = WebServices(self.entropy, self.settings.web_services)
        self.web_services.known_hosts = (self.inside, self.outside)
        self.forwards: dict[tuple[str, int], Forward] = {}

    # What the running MBG adds

    def kept(self) -> None:
        """Keep the state, where this MBG keeps it; nothing happens when it did not change."""

    def pump(self) -> None:
        """Send what the border has to say."""

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
        """ICPs: add one (ICP-1)."""
        icp = self.store.add_icp(name, address)
        self._did("ICP added", icp=name, address=address)
        return icp

    def change_icp(self, icp_id: str, *, address: str) -> Icp:
        """ICPs: change its Hostname or IP Address."""
        icp = self.store.change_icp(icp_id, address=address)
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
        """
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
        self._did(
            "port forwarding rule added",
            protocol=rule.protocol,
            port=forward.port,
            destination=rule.destination[0],
            snat="on" if rule.snat else "off",
        )
        return forward

    async def remove_forward(self, outside_port: int, protocol: str = TCP) -> None:
        """Take a rule away; its connections are cut.

        Raises:
            ConfigurationError: there is no such rule.
        """
        forward = self.forwards.pop((protocol, outside_port), None)
        if forward is None:
            raise ConfigurationError(f"{protocol} port {outside_port} is not forwarded")
        await forward.stop()
        self._did("port forwarding rule removed", protocol=protocol, port=outside_port)

    def new_forward(self, rule: ForwardRule) -> Forward:
        """A rule's forward, not started."""
        return Forward(rule, self.outside, self.inside, self.network, self.journal, self.clock)

    # System

    def change_licences(self, size: int) -> None:
        """Give the pool another number of teleworker licences; held ones stay held."""
        self.settings = replace(self.settings, licences=size)
        self.licences.size = size
        self._did("licences changed", licences=size)

    def change_release(self, release: str) -> None:
        """Be another release (PRE-1)."""
        self.settings = replace(self.settings, release=release)
        self._did("release changed", release=release)

    async def change_mode(self, mode: str) -> None:
        """Be deployed in another mode; forwards are at work in gateway mode only (PRE-2)."""
        self.settings = replace(self.settings, mode=mode)
        await self.start_forwards() if mode == GATEWAY else await self.stop_forwards()
        self._did("mode changed", mode=mode)

    def permit_weak_passwords(self, permitted: bool) -> None:
        """System -> Settings -> Permit Weak Passwords."""
        self.settings = replace(self.settings, permit_weak_passwords=permitted)
        self.store.permit_weak_passwords = permitted
        self._did("weak passwords " + ("permitted" if permitted else "refused"))

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

    def happened(self, name: str, /, **facts: object) -> None:
        """Journal an event of this MBG."""
        self.journal.happened(self.role, name, **facts)

    def _did(self, name: str, /, **facts: object) -> None:
        """Journal an act, and keep what it changed."""
        self.happened(name, **facts)
        self.kept()
