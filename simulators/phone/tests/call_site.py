"""Two homes and an office telephone, an MBG and a PBX node on real sockets."""

from dataclasses import dataclass, field

from simulators.addresses import AddressPlan
from simulators.clock import Clock
from simulators.core import TLS, UDP
from simulators.entropy import Seed
from simulators.journal import Entry, Happened, Journal, SipEntry
from simulators.mbg.mbg import Mbg
from simulators.mbg.settings import MbgSettings
from simulators.network import Network
from simulators.pbx.node import PbxNode
from simulators.phone.handset import Handset
from simulators.phone.identity import Identity
from simulators.phone.life.states import State
from simulators.phone.models import model
from simulators.tls import Authority

SETTING = {UDP: "1", "TCP": "2", TLS: "4"}
ADA, BEN, OFFICE = "2101", "2102", "2200"


@dataclass
class CallSite:
    """`phones` by extension: Ada and Ben at home, somebody in the office."""

    plan: AddressPlan
    clock: Clock = field(default_factory=lambda: Clock(start=1_700_000_000))
    phones: dict[str, Handset] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.journal = Journal(self.clock.now)
        self.network = Network(self.plan, self.journal, self.clock)
        self.authority = Authority()
        self.node = PbxNode(
            1,
            "Head Office",
            "6.3 SP1",
            clock=self.clock,
            network=self.network,
            journal=self.journal,
            entropy=Seed(1).stream("pbx").randbytes,
        )
        self.mbg = Mbg(
            self.plan.mbg_outside,
            self.plan.mbg_inside,
            tls=self.authority.server_context(self.plan.mbg_outside),
            entropy=Seed(1).stream("mbg").randbytes,
            settings=MbgSettings(rest_port=0),
            clock=self.clock,
            network=self.network,
            journal=self.journal,
        )

    async def start(self) -> None:
        await self.node.start((self.plan.node(1), 5060))
        try:
            await self.mbg.start()
        except BaseException:
            await self.node.stop()
            raise
        self.mbg.add_icp("Head Office", self.plan.node(1))
        for number, name in ((ADA, "Ada"), (BEN, "Ben"), (OFFICE, "Olga")):
            self.node.add_extension(number, name)

    async def stop(self) -> None:
        for phone in self.phones.values():
            await phone.power_off()
        await self.mbg.stop()
        await self.node.stop()

    async def at_home(
        self, number: str, transport: str = UDP, *, validate: bool = False, known: bool = False
    ) -> Handset:
        """A phone at home, registered through the MBG when this returns.

        Args:
            validate: Cert Validation; known: whether the phone trusts the MBG's authority.
        """
        phone = self.home_phone(number, transport, validate=validate, known=known)
        await phone.power_on()
        await phone.until(State.REGISTERED)
        return phone

    def home_phone(
        self, number: str, transport: str = UDP, *, validate: bool = False, known: bool = False
    ) -> Handset:
        """The same, still switched off."""
        index = len(self.phones)
        extension = self.node.extensions[number]
        self.mbg.add_device(
            icp_id=next(iter(self.mbg.store.icps)),
            set_username=f"tw{number}",
            set_password="set-side-1",
            icp_username=extension.auth_name,
            icp_password=extension.auth_password,
        )
        at = self.mbg.sip_outside_tls if transport == TLS else self.mbg.sip_outside
        local = {
            "https validate certificates": "1" if validate else "0",
            "sip transport protocol": SETTING[transport],
            "sip line1 registrar port": str(at[1]),
            **self._line(number, f"tw{number}", "set-side-1", at[0]),
        }
        return self._phone(number, self.plan.home(index), local, known=known)

    async def in_office(self, number: str = OFFICE) -> Handset:
        """A phone on the LAN, registered at the PBX itself when this returns."""
        extension = self.node.extensions[number]
        local = self._line(number, extension.auth_name, extension.auth_password, self.plan.node(1))
        phone = self._phone(number, self.plan.local_phone(0), local)
        await phone.power_on()
        await phone.until(State.REGISTERED)
        return phone

    async def journaled(self, name: str, by: Handset | None = None, since: int = 0) -> Happened:
        """Wait until a role has said this of itself."""

        def wanted(entry: Entry) -> bool:
            named = isinstance(entry, Happened) and entry.name == name
            return named and (by is None or entry.frm == by.role)

        who = "somebody" if by is None else by.role
        found = await self.journal.wait_for(wanted, since=since, what=f"{who}: {name}")
        assert isinstance(found, Happened)
        return found

    def said(self, name: str) -> list[str]:
        """Who has said this of himself."""
        entries = self.journal.entries
        return [e.frm for e in entries if isinstance(e, Happened) and e.name == name]

    async def answered(self, method: str, status: int, by: Handset) -> None:
        """Wait until a phone's answer has arrived."""

        def wanted(entry: Entry) -> bool:
            answer = isinstance(entry, SipEntry) and (entry.method, entry.status)
            return answer == (method, status) and entry.frm == by.role

        await self.journal.wait_for(wanted, what=f"{status} to {method} from {by.role}")

    def _line(self, number: str, user: str, password: str, host: str) -> dict[str, str]:
        return {
            "sip line1 screen name": number,
            "sip line1 display name": self.node.extensions[number].name,
            "sip line1 user name": user,
            "sip line1 auth name": user,
            "sip line1 password": password,
            "sip line1 registrar ip": host,
            "topsoftkey1 type": "line",
        }

    def _phone(
        self, number: str, address: str, local: dict[str, str], *, known: bool = False
    ) -> Handset:
        phone = Handset(
            Identity(f"1400E900{number}"),
            model("6930"),
            address,
            clock=self.clock,
            network=self.network,
            journal=self.journal,
            entropy=Seed(1).stream(f"phone {number}").randbytes,
            firmware_version="5.1.0.6044",
            trusted=self.authority.client_context() if known else None,
            local=local,
        )
        self.phones[number] = phone
        return phone
