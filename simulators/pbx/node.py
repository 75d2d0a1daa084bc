"""A MiVoice Office 250 node: its extensions, and its registrar on a UDP socket.

Decisions are in `registrar` and `extensions`; this wires them to the clock, the network and the
journal.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from simulators.clock import Clock
from simulators.core import Address, Entropy
from simulators.errors import ConfigurationError, LocalProtocolError
from simulators.journal import Journal
from simulators.network import Network
from simulators.pbx import oai
from simulators.pbx.bindings import ContactBinding
from simulators.pbx.extensions import DeviceType, Extension, Extensions, make_password
from simulators.pbx.registrar import (
    ExtensionRegistered,
    ExtensionUnregistered,
    Registrar,
    RegistrarSettings,
    RegistrationRefused,
    WeakPassword,
)
from simulators.pbx.release import Release
from simulators.udp import UdpDriver

ALARM_WEAK_PASSWORD = 149

ExtensionChange = Callable[[Extension | None, Extension | None], None]
"""Told the extension before (None: added) and after (None: removed)."""


class PbxNode:
    """One node. Bindings live as long as it runs: a restart forgets them, as a reboot does.

    Args:
        number: of the node, as OAI tells it.
        name: also the digest realm.
        release: such as "6.3 SP1"; may be set later (an upgrade).
        licences: Cat-F licences, one for each registered extension; None: any number.
        settings: further habits of the registrar (its `licences` gives way to the argument, where
            given).
    """

    def __init__(
        self,
        number: int,
        name: str,
        release: str | Release,
        *,
        clock: Clock,
        network: Network,
        journal: Journal,
        entropy: Entropy,
        licences: int | None = None,
        settings: RegistrarSettings | None = None,
    ) -> None:
        self.number = number
        self.name = name
        self.release = release if isinstance(release, Release) else Release.parse(release)
        self.settings = settings or RegistrarSettings()
        if licences is not None:
            self.settings = replace(self.settings, licences=licences)
        self.role = f"PBX node {number}"
        self.on_change: list[ExtensionChange] = []
        self._clock = clock
        self._network = network
        self._journal = journal
        self._entropy = entropy
        self._extensions = Extensions()
        self._registrar: Registrar | None = None
        self._driver: UdpDriver | None = None
        self._address: Address | None = None

    # Running

    async def start(self, address: Address) -> None:
        """Listen on UDP (port 0: any); the real address is `address` afterwards.

        Raises:
            ConfigurationError: it runs already, or the address can't be had.
        """
        if self._driver is not None:
            raise ConfigurationError(f"{self.role} runs already: stop it first")
        self._journal.name(address[0], self.role)
        registrar = Registrar(
            self.name, self._extensions, self._entropy, self.settings, host=address[0]
        )
        driver = UdpDriver(registrar, self._clock, self._network, self._journal, self._on_event)
        self._address = await driver.open(address)
        self._registrar, self._driver = registrar, driver

    async def stop(self) -> None:
        """Fall silent and forget who is registered; may be called again."""
        if self._driver is not None:
            driver, self._driver, self._registrar = self._driver, None, None
            driver.close()
            await driver.wait_closed()  # else a start at the same address may find it taken

    @property
    def address(self) -> Address:
        """Where it listens, or listened last.

        Raises:
            LocalProtocolError: it was never started.
        """
        if self._address is None:
            raise LocalProtocolError(f"{self.role} has no address before it is started")
        return self._address

    # Extensions

    @property
    def extensions(self) -> Mapping[str, Extension]:
        """Number -> extension, a live view."""
        return MappingProxyType(self._extensions)

    def add_extension(
        self,
        number: str,
        name: str,
        *,
        hot_desk: bool = False,
        auth_name: str | None = None,
        auth_password: str | None = None,
    ) -> Extension:
        """Add a SIP phone or SIP hot desk extension; credentials not given are number and random.

        Raises:
            ConfigurationError: the number or the authorization name is taken, or can't travel.
        """
        if number in self._extensions:
            raise ConfigurationError(f"extension {number} exists on {self.role}: choose another")
        if not (number.isascii() and number.isdigit()):
            raise ConfigurationError(f"an extension is digits, got {number[:20]!r}")
        extension = Extension(
            number,
            name,
            DeviceType.SIP_HOT_DESK if hot_desk else DeviceType.SIP_PHONE,
            number if auth_name is None else auth_name,
            make_password(self._entropy) if auth_password is None else auth_password,
        )
        self._store(None, extension)
        return extension

    def remove_extension(self, number: str) -> None:
        """Remove an extension; its phone's next registration meets 404."""
        old = self._get(number)
        del self._extensions[number]
        if self._registrar is not None and self._driver is not None:
            self._registrar.remove(number)
            self._driver.pump()
        self._tell(old, None)

    def renew_credentials(self, number: str) -> Extension:
        """Give the extension another random password; its binding stays until the next refresh."""
        old = self._get(number)
        new = replace(old, auth_password=make_password(self._entropy))
        self._store(old, new)
        return new

    def set_auth_name(self, number: str, auth_name: str) -> Extension:
        """Give the extension another authorization name; not its number means EXT-6's failure."""
        old = self._get(number)
        new = replace(old, auth_name=auth_name)
        self._store(old, new)
        return new

    # Registrations

    def is_registered(self, number: str) -> bool:
        """Whether calls for the extension would find a contact."""
        return self.binding(number) is not None

    def binding(self, number: str) -> ContactBinding | None:
        """Where the extension is reachable; None where it is not registered."""
        return None if self._registrar is None else self._registrar.bindings.get(number)

    def registered_extensions(self) -> list[str]:
        """All registered extensions, sorted."""
        return [] if self._registrar is None else self._registrar.bindings.extensions()

    # Inside

    def _get(self, number: str) -> Extension:
        try:
            return self._extensions[number]
        except KeyError:
            raise ConfigurationError(f"there is no extension {number} on {self.role}") from None

    def _store(self, old: Extension | None, new: Extension) -> None:
        owner = self._extensions.owner_of(new.auth_name)
        if owner is not None and owner.number != new.number:
            raise ConfigurationError(
                f"authorization name {new.auth_name} belongs to extension {owner.number}"
            )
        oai.join_fields([oai.Text(new.auth_name), oai.Text(new.auth_password)])  # must travel
        self._journal.masker.learn(new.auth_password)
        self._extensions[new.number] = new
        self._tell(old, new)

    def _tell(self, old: Extension | None, new: Extension | None) -> None:
        for listener in list(self.on_change):
            listener(old, new)

    def _on_event(self, event: object) -> None:
        happened = self._journal.happened
        match event:
            case ExtensionRegistered(extension, contact, expires_s, refreshed):
                name = "registration refreshed" if refreshed else "extension registered"
                happened(self.role, name, extension=extension, contact=contact, expires_s=expires_s)
            case ExtensionUnregistered(extension, reason):
                happened(self.role, "extension unregistered", extension=extension, reason=reason)
            case RegistrationRefused(extension, reason, status):
                happened(
                    self.role,
                    "registration refused",
                    extension=extension,
                    reason=reason,
                    status=status,
                )
            case WeakPassword(extension):
                happened(self.role, "alarm", number=ALARM_WEAK_PASSWORD, extension=extension)
