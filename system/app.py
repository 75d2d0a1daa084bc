"""The MCS as one object: everything is put together here, and only here."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Coroutine
from typing import Any

from system import tls
from system.api.app import make_api
from system.api.services import Services
from system.audit.trail import AuditTrail
from system.clock import Clock, SystemClock, end_task
from system.config import McsConfig
from system.domain.addresses import host_in_uri
from system.domain.credentials import Entropy
from system.errors import StartError
from system.listening import Listener, listen
from system.mbg.access import MbgAccess
from system.mbg.client import make_http_session
from system.mbg.watch import TokenWatch
from system.people.accounts import Accounts
from system.people.hashing import Hashing
from system.people.housekeeping import Housekeeping
from system.phone_manager.listener import PhoneManagerListener
from system.phone_systems.links import GatewayLinks
from system.phones.remote_host import warn_of_stored
from system.phones.services import LocalPorts, PhoneServices
from system.phones.site import SiteAddresses
from system.provisioning.assembly import make_worker
from system.provisioning.drift_check import DriftCheck
from system.site.site import mount
from system.storage.data_dir import locked
from system.storage.database import Database, open_database
from system.storage.secrets import open_secret_box

log = logging.getLogger("mcs.app")


class Mcs:
    """One MCS. ``start`` it, use the addresses, ``stop`` it; it may then be started again.

    Args:
        config: settings.
        clock: source of time; the machine's by default.
        entropy: returns that many random bytes; ``secrets.token_bytes`` by default.
    """

    def __init__(
        self,
        config: McsConfig,
        clock: Clock | None = None,
        entropy: Entropy = secrets.token_bytes,
    ) -> None:
        self.config = config
        self.admin_password: str | None = None
        """Password of "admin", if this start has made it at random."""
        self._clock = clock or SystemClock()
        self._entropy = entropy
        self._running: contextlib.AsyncExitStack | None = None
        self._api: Listener | None = None
        self._phones: Listener | None = None
        self._phones_http: Listener | None = None
        self._phone_manager: Listener | None = None
        self._phone_services: PhoneServices | None = None

    @property
    def api_url(self) -> str:
        """Where administrators come, such as ``https://127.10.0.5:8200``, without ``/api/v1``."""
        return f"https://{self._reachable_host()}:{_started(self._api).port}"

    @property
    def phones_port(self) -> int:
        """TCP port where phones come by HTTPS."""
        return _started(self._phones).port

    @property
    def phones_http_port(self) -> int:
        """TCP port where local phones come by HTTP."""
        return _started(self._phones_http).port

    @property
    def phone_manager_port(self) -> int:
        """TCP port where Phone Manager comes by HTTPS."""
        return _started(self._phone_manager).port

    @property
    def local_ports(self) -> LocalPorts:
        """Where TFTP, syslog and LDAP listen for local phones."""
        return LocalPorts() if self._phone_services is None else self._phone_services.local

    async def start(self) -> None:
        """Open the database, listen, and begin to work.

        Raises:
            StartError: something cannot be had; what was started before it is stopped again.
        """
        if self._running is not None:
            return
        async with contextlib.AsyncExitStack() as stack:
            await self._start(stack)
            self._running = stack.pop_all()
        log.info("MCS started: %s, phones at %d", self.api_url, self.phones_port)

    async def stop(self) -> None:
        """Stop everything, newest first; may be called again."""
        running, self._running = self._running, None
        if running is not None:
            await running.aclose()
            log.info("MCS stopped")

    async def _start(self, stack: contextlib.AsyncExitStack) -> None:
        config, clock, entropy = self.config, self._clock, self._entropy
        database = await self._open_database(stack)
        http = await stack.enter_async_context(
            make_http_session(
                tls=tls.mbg_context(config.trusted_ca),
                outbound_address=config.outbound_address,
                timeout_s=config.mbg_timeout_s,
            )
        )
        trail = AuditTrail(database, clock)
        stack.push_async_callback(trail.close)
        hashing = Hashing(config.password_hash_cost, entropy)
        accounts = Accounts(database, clock, entropy, hashing, session_s=config.session_s)
        self.admin_password = await accounts.ensure_administrator(config.admin_password)

        work = asyncio.Event()
        access = MbgAccess(
            database,
            http,
            clock,
            entropy,
            warning_s=config.token_warning_s,
            work=work,
            outbound_address=config.outbound_address,
            timeout_s=config.mbg_timeout_s,
        )
        watch = TokenWatch(
            access, clock, check_s=config.token_check_s, refused_check_s=config.retry_max_s
        )
        site = SiteAddresses(database, clock, shared_s=config.shared_poll_s)
        phones = PhoneServices(
            config,
            database,
            clock,
            entropy,
            site,
            ports=lambda: (self.phones_port, self.phones_http_port),
        )
        self._phone_services = phones
        links = GatewayLinks(database, config, clock, entropy, work, phones.hot_desk_events)
        drift = DriftCheck(database, access, clock, config.drift_check_s)
        services = Services(
            database=database,
            clock=clock,
            entropy=entropy,
            accounts=accounts,
            trail=trail,
            access=access,
            watch=watch,
            links=links,
            site=site,
            phones=phones,
            drift=drift,
            work=work,
            started_at=clock.now(),
        )
        worker = make_worker(database, access, clock, entropy, config, work)
        if not database.shared:
            await worker.forget_leases()
        await database.hear_others(work.set)
        stack.push_async_callback(links.stop)
        await self._listen(stack, services)
        await warn_of_stored(database, self.phones_port, clock)
        await links.refresh()
        if database.shared:
            _run_in_background(stack, links.run(config.shared_poll_s), "phone-systems")
        _run_in_background(stack, Housekeeping(accounts, trail, clock).run(), "housekeeping")
        _run_in_background(stack, worker.run(), "provisioning-worker")
        _run_in_background(stack, watch.run(), "token-watch")
        _run_in_background(stack, drift.run(), "drift-check")

    async def _open_database(self, stack: contextlib.AsyncExitStack) -> Database:
        config = self.config
        try:
            config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StartError(
                "data_dir_unusable",
                f"Folder {config.data_dir} cannot be made: {error.strerror}.",
                field="data_dir",
            ) from error
        if config.database_url is None or config.database_url.startswith("sqlite"):
            stack.enter_context(locked(config.data_dir))
        box = open_secret_box(config.data_dir)
        database = await open_database(config.resolved_database_url(), box)
        stack.push_async_callback(database.close)
        return database

    async def _listen(self, stack: contextlib.AsyncExitStack, services: Services) -> None:
        config = self.config
        listener_tls = tls.listener_context(config, self._clock, self._entropy)
        phones_tls = tls.phones_context(config, self._clock, self._entropy)
        address, links = config.listen_address, services.links
        # First, so that the ports of local services are known when a phone is told them.
        await services.phones.start(stack)
        admin = mount(make_api(services))
        self._api = await listen(admin, address, config.api_port, listener_tls)
        stack.push_async_callback(self._api.close)
        app = services.phones.make_app(links)
        self._phones_http = await listen(app, address, config.phones_http_port, None)
        stack.push_async_callback(self._phones_http.close)
        app = services.phones.make_app(links)
        self._phones = await listen(app, address, config.phones_port, phones_tls)
        stack.push_async_callback(self._phones.close)
        phone_manager = PhoneManagerListener(services, lambda: self.phone_manager_port)
        self._phone_manager = await listen(
            phone_manager.make_app(), address, config.phone_manager_port, listener_tls
        )
        stack.push_async_callback(self._phone_manager.close)

    def _reachable_host(self) -> str:
        """The host that this machine's own clients use."""
        own = {"0.0.0.0": "127.0.0.1", "::": "::1"}
        return host_in_uri(own.get(self.config.listen_address, self.config.listen_address))


def _run_in_background(
    stack: contextlib.AsyncExitStack, work: Coroutine[Any, Any, None], name: str
) -> None:
    stack.push_async_callback(end_task, asyncio.create_task(work, name=name))


def _started(listener: Listener | None) -> Listener:
    if listener is None:
        raise RuntimeError("the MCS has not been started")
    return listener
