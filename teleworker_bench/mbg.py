"""A simulated MBG as a plain test uses it: where it is, what its administrator does there."""

import ssl
from pathlib import Path

from simulators.core import Address
from simulators.estate.estate import Estate
from simulators.faults.catalogue import made
from simulators.mbg.mbg import Mbg
from simulators.mbg.records.devices import Device, Icp
from simulators.mbg.services.web_services import Consumer
from simulators.portal import Bench
from teleworker_bench.account import Account


class MbgHandle:
    """An MBG of the test's own.

    Args:
        running: whose first MBG it is.
        folder: where the file with its CA's certificate is written.

    Verbs are those of its site. `itself` is the simulator, for what has no verb here: use it on the
    loop, with `call`.
    """

    def __init__(self, bench: Bench, running: Estate, folder: Path) -> None:
        self._bench, self._running = bench, running
        self.itself: Mbg = running.mbg
        self.call = bench.call
        self.ca_file: Path = running.authority.write_ca(folder)

    # Where it is

    @property
    def url(self) -> str:
        """Of its REST API, `https://.../mslrest`; its certificate is of the CA in `ca_file`."""
        host, port = self.itself.rest_address
        return f"https://{host}:{port}/mslrest"

    @property
    def tls(self) -> ssl.SSLContext:
        """A client context that trusts its CA and nothing else."""
        return self._running.authority.client_context()

    @property
    def sip(self) -> Address:
        """Where phones outside register, UDP and TCP."""
        return self.itself.sip_outside

    @property
    def sip_tls(self) -> Address:
        """The same over TLS."""
        return self.itself.sip_outside_tls

    # Administration -> Web services

    def add_consumer(
        self, consumer_id: str, permissions: dict[str, str] | None = None, *, name: str = ""
    ) -> Consumer:
        """Start web services, if nobody has, and add a consumer with its shared secret.

        Args:
            permissions: permission -> level; what the manual gives the MCS when None.
        """
        self._bench.call(self.itself.start_web_services)
        add = self.itself.add_consumer
        return self._bench.call(add, name or consumer_id, consumer_id, permissions)

    def stop_web_services(self) -> None:
        """Press Stop."""
        self._bench.call(self.itself.stop_web_services)

    def approve(self) -> str:
        """Press approve at the newest temporary token; returns the Verifier."""
        return self._bench.call(self.itself.approve_latest)

    def renew(self, consumer_id: str) -> None:
        """Press Renew at the consumer's final token."""
        self._bench.call(self.itself.renew_final_token, consumer_id)

    def diagnosis(self) -> str:
        """What its signature debugger says of the latest refused request; "" when there is none."""
        kept = self.itself.web_services.refusals
        found = kept[-1].diagnosis if len(kept) else None
        return "" if found is None else found.says

    # Service configuration

    @property
    def icps(self) -> list[Icp]:
        """Its ICPs; the first is the `pbx`."""
        return list(self.itself.store.icps.values())

    @property
    def devices(self) -> list[Device]:
        """Its SIP devices, with what its page shows of each (`shown_status`)."""
        return list(self.itself.store.devices.values())

    def add_icp(self, name: str, address: str) -> Icp:
        """Add one."""
        return self._bench.call(self.itself.add_icp, name, address)

    def add_device(self, **fields: object) -> Device:
        """Add one by hand: `icp_id`, `set_username`, `set_password`, `icp_username` ..."""
        return self._bench.call(self.itself.add_device, **fields)

    def account(self, device: Device) -> Account:
        """What a phone has to know to register as this device."""
        name = device.set_username
        return Account(name, name, device.set_password, self.sip)

    # Bad days

    def misbehave(self, fault: str, **parameters: object) -> None:
        """Switch a fault on, by its name in simulators/README.md: `misbehave("busy", times=1)`."""
        self._bench.call(self.itself.faults.switch_on, made(fault, parameters))

    def behave(self) -> None:
        """Switch all faults off."""
        self._bench.call(self.itself.faults.calm)

    def restart(self, *, keep_state: bool = True) -> None:
        """Stop and start, with all records or with none."""
        self._bench.run(self.itself.restart(keep_state=keep_state))

    def wait(self, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Let time pass, for everything in this test: `wait(days=366)` takes no time of yours."""
        self._bench.run(self._running.clock.advance(minutes=minutes, hours=hours, days=days))
