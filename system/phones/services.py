"""All that serves phones, put together: the gate with its handlers, and the tasks beside it."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from system.clock import Clock, end_task
from system.config import McsConfig
from system.domain.addresses import Location, location_of
from system.domain.credentials import Entropy
from system.domain.enrolment import networks
from system.domain.throttle import Rate
from system.local.ldap_search import BASE_DN
from system.local.ldap_server import LdapServer, listen_ldap
from system.local.syslog import Lines
from system.local.syslog_server import SyslogServer, listen_syslog
from system.local.tftp_files import TftpFiles
from system.local.tftp_server import TftpServer, listen_tftp
from system.phone_systems.links import GatewayLinks
from system.phones.actions import Actions
from system.phones.book import PhoneBook
from system.phones.content import Content
from system.phones.directory import Directory
from system.phones.dossier import Dossiers
from system.phones.enrolment import Enrolments
from system.phones.files import Files
from system.phones.firmware import FirmwareStore
from system.phones.gate import Gate, GateRules, Ports
from system.phones.hot_desk import HotDesk
from system.phones.hot_desk_events import HotDeskEvents
from system.phones.hot_desk_pages import HotDeskPages
from system.phones.images import ImageStore
from system.phones.known import Pending
from system.phones.listener import make_phones_app
from system.phones.push import Push, PushRules
from system.phones.setup import Setup
from system.phones.site import SiteAddresses
from system.storage.database import Database


@dataclass(frozen=True, slots=True)
class LocalPorts:
    """Where the local services listen; ``None`` is off."""

    tftp: int | None = None
    syslog: int | None = None
    ldap: int | None = None


class PhoneServices:
    """Made once for a start; ``make_app`` serves a listener, ``start`` runs the rest."""

    def __init__(
        self,
        config: McsConfig,
        database: Database,
        clock: Clock,
        entropy: Entropy,
        site: SiteAddresses,
        ports: Callable[[], tuple[int, int]],
    ) -> None:
        self.firmware = FirmwareStore(config.data_dir / "firmware")
        self.images = ImageStore(config.data_dir / "images")
        self.enrolments = Enrolments(database, clock, entropy, window_s=config.enrolment_window_s)
        self.directory = Directory(database)
        self.dossiers = Dossiers(database)
        self.hot_desk_events = HotDeskEvents(database, clock)
        self.hot_desk = HotDesk(database, clock, self.hot_desk_events)
        self.lines = Lines()
        self.local = LocalPorts()
        self._config = config
        self._clock = clock
        self._database = database
        self._site = site
        self._ports = ports
        self._book = PhoneBook(database)
        rules = GateRules(
            office=networks(config.office_networks),
            strangers=Rate(config.strangers_burst, config.strangers_per_s),
            poll_interval_s=config.poll_interval_s,
            ldap_base_dn=BASE_DN,
        )
        self._gate = Gate(self.dossiers, self._book, site, clock, rules, self._told_ports)

    def make_app(self, links: GatewayLinks) -> web.Application:
        """An application for one listener."""
        actions = Actions(self._gate, Pending(self._database))
        return make_phones_app(
            Files(self._gate, self.firmware),
            actions,
            Setup(self._gate, self._database, self.enrolments),
            HotDeskPages(self._gate, self.hot_desk, links, actions),
            Content(self._gate, self.directory, self.images),
        )

    async def start(self, stack: contextlib.AsyncExitStack) -> None:
        """Listen for local phones, and begin to push and to follow hot desks.

        Raises:
            StartError: an address or a port cannot be had.
        """
        stack.push_async_callback(self._book.close)
        stack.push_async_callback(self.dossiers.close)
        await self.enrolments.open_for_those_without()
        await self._listen(stack)
        tasks = {"hot-desk": self.hot_desk_events.run()}
        if self._config.push_port is not None:
            tasks["push"] = self._push(self._config.push_port).run()
        for name, work in tasks.items():
            stack.push_async_callback(end_task, asyncio.create_task(work, name=name))

    async def _listen(self, stack: contextlib.AsyncExitStack) -> None:
        config, address = self._config, self._config.listen_address
        tftp: TftpServer | None = None
        syslog: SyslogServer | None = None
        ldap: LdapServer | None = None
        if config.tftp_port is not None:
            files = TftpFiles(self.firmware)
            tftp = await listen_tftp(
                address, config.tftp_port, files.find, self.is_local, lambda: self._ports()[0]
            )
            stack.push_async_callback(tftp.close)
        if config.syslog_port is not None:
            syslog = await listen_syslog(
                address, config.syslog_port, self.lines, self._site, self._clock
            )
            stack.push_async_callback(syslog.close)
        if config.ldap_port is not None:
            ldap = await listen_ldap(
                address, config.ldap_port, self.directory, self.is_local, self._clock
            )
            stack.push_async_callback(ldap.close)
        self.local = LocalPorts(
            None if tftp is None else tftp.port,
            None if syslog is None else syslog.port,
            None if ldap is None else ldap.port,
        )

    @property
    def https_port(self) -> int:
        """TCP port where phones come by HTTPS."""
        return self._ports()[0]

    async def is_local(self, address: str) -> bool:
        """Whether a source address is not the MBG's (FWD-2)."""
        mbg = (await self._site.get()).mbg_internal_address
        return location_of(address, mbg) is Location.LOCAL

    def _push(self, port: int) -> Push:
        config = self._config
        return Push(
            self._database,
            self.dossiers,
            self._book,
            self._site,
            self._gate,
            self._clock,
            PushRules(port, config.listen_address, config.retry_first_s),
        )

    def _told_ports(self) -> Ports:
        https, http = self._ports()
        return Ports(https, http, self.local.ldap, self.local.syslog)
