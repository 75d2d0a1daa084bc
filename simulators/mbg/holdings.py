"""What one MBG holds: settings, records, forwards; and how an act on them is told and kept."""

import asyncio
from dataclasses import replace

from simulators.clock import Clock
from simulators.core import Entropy
from simulators.journal import Journal
from simulators.mbg.forwarding.forward import Forward
from simulators.mbg.records.devices import DeviceStore
from simulators.mbg.services.consumers import new_secret
from simulators.mbg.services.web_services import WebServices
from simulators.mbg.settings import MbgSettings
from simulators.mbg.sip_border.licences import LicencePool
from simulators.network import Network


class Holdings:
    """The settings and records of one MBG.

    Args:
        outside, inside: the MBG's two IP addresses.
        entropy: makes secrets, tokens, verifiers.
        settings: as delivered; what an administrator changes is in `self.settings`, and there the
            site's password is, also where it was made at random.
    """

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
        self.alone = asyncio.Lock()
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
        """Keep the state, where this MBG keeps it; nothing happens when it did not change.

        Raises:
            Refused: it can't be kept; all records are again what was kept last.
        """

    def pump(self) -> None:
        """Send what the border has to say."""

    def happened(self, name: str, /, **facts: object) -> None:
        """Journal an event of this MBG."""
        self.journal.happened(self.role, name, **facts)

    def _did(self, name: str, /, **facts: object) -> None:
        """Journal an act, and keep what it changed."""
        self.happened(name, **facts)
        self.kept()
