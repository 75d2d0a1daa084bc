"""The MBG as the bench can make it misbehave, and as its administrator sees it."""

from dataclasses import replace

from features.actors.installer import CONSUMER_ID
from features.actors.teleworker import Teleworker
from features.offered import Offered
from features.verdicts.applicability import Capability
from simulators.estate.estate import Estate
from simulators.faults.catalogue import made
from simulators.journal import Happened
from simulators.mbg.forwarding.forward import ForwardRule
from simulators.mbg.mbg import Mbg
from simulators.mbg.records.devices import Device

NEW_DEVICE = {"method": "POST", "path": "/mslrest/mbg/v1/devices/", "times": 1}
RULES = {"for LDAP": ("TCP", 8205), "for syslog": ("UDP", 514), "for TFTP": ("UDP", 69)}
QUIET_MINUTES = 10


class Gateway:
    """One MBG of the estate.

    Args:
        offered: what the run offers; None: all of it.
    """

    def __init__(self, estate: Estate, offered: Offered | None = None) -> None:
        self.estate = estate
        self._offered = offered

    @property
    def mbg(self) -> Mbg:
        """The MBG."""
        return self.estate.mbg

    # Faults

    def has(self, fault: str, **parameters: object) -> None:
        """Switch a fault on."""
        if self._offered is not None:
            self._offered.needs(Capability.FAULTS)
        self.mbg.faults.switch_on(made(fault, parameters))

    def spoils_next_creation(self, fault: str) -> None:
        """The SIP user is made, and then its answer goes wrong."""
        self.has(fault, **NEW_DEVICE)

    def struck(self, fault: str) -> int:
        """How often a fault struck."""
        return sum(s.struck for s in self.mbg.faults.listed() if s.fault.name == fault)

    async def restarts(self, *, keep_state: bool = True) -> None:
        """Stop and start."""
        await self.mbg.restart(keep_state=keep_state)

    # Administration

    def deactivates_consumer(self) -> None:
        """Web services: edit the consumer, Active off."""
        self.mbg.deactivate(CONSUMER_ID)

    def activates_consumer(self) -> None:
        """Web services: edit the consumer, Active on."""
        self.mbg.activate(CONSUMER_ID)

    def knows_other_sites(self, number: int) -> None:
        """Service configuration -> ICPs: so many that are not of this site."""
        for site in range(number):
            self.mbg.add_icp(f"Site {site}", f"10.{site // 250}.{site % 250}.2")

    def wrong_secret(self, kind: str) -> str:
        """A shared secret as people get it wrong."""
        if kind == "another consumer's":
            return self.mbg.add_consumer("MiCollab", "MiCollab").shared_secret
        assert kind == "not known to anybody", f"nobody knows the mistake {kind!r}"
        return "bm90IHRoZSBzZWNyZXQhIQ=="

    def diagnosis(self) -> str:
        """What the signature debugger says of the latest refused request."""
        kept = self.mbg.web_services.refusals[-1]
        assert kept.diagnosis is not None, kept
        return kept.diagnosis.says

    async def forwards_by_mistake(self, mistake: str) -> None:
        """MBG Security -> Port Forwarding: a rule that should not be."""
        assert self.estate.mcs is not None
        host, port = self.estate.mcs.phones_address
        if mistake == "without SNAT":
            await self.mbg.remove_forward(port)
            await self.mbg.add_forward(ForwardRule(port, (host, port), snat=False))
            return
        protocol, port = RULES[mistake]
        await self.mbg.add_forward(ForwardRule(port, (host, port), protocol=protocol))

    def warnings(self) -> list[str]:
        """What the page Port Forwarding warns of."""
        return [w for forward in self.mbg.forwards.values() for w in forward.rule.warnings]

    def renames_icp(self, icp_id: str, name: str) -> None:
        """Service configuration -> ICPs: another Name (ICP-1)."""
        icps = self.mbg.store.icps
        icps[icp_id] = replace(icps[icp_id], name=name)

    # SIP devices

    async def brings_about(self, case: str, teleworker: Teleworker) -> None:
        """Bring the phone into a state that an administrator should recognise."""
        await teleworker.waits_for_registration()
        clock, extension = self.estate.clock, teleworker.person.extension
        if case == "without power for 10 minutes":
            await teleworker.phone.power_off()
            await clock.advance(minutes=QUIET_MINUTES)
        elif case == "using another password than the MBG":
            await self._registers_anew(teleworker, set_password="typed-by-hand-1")
        elif case == "disabled on the MBG":
            await self._changes(extension, enabled=False)
        elif case == "unknown to the PBX after a restart":
            self.estate.node.remove_extension(extension)
            await self._registers_anew(teleworker)
        else:
            assert case == "in service", f"nobody knows the case {case!r}"

    def status_of(self, extension: str) -> str:
        """What the page SIP devices shows of a device."""
        return self._device(extension).shown_status.value

    async def _registers_anew(self, teleworker: Teleworker, **changed: object) -> None:
        """The MBG starts anew with a changed device, and the phone with it."""
        begun = self.estate.journal.mark()
        if changed:
            await self._changes(teleworker.person.extension, **changed)
        await self.restarts()
        await teleworker.restarts_phone()
        await self.estate.journal.wait_for(
            lambda e: isinstance(e, Happened) and e.name == "device refused",
            since=begun,
            what="the MBG to refuse the phone",
        )

    async def _changes(self, extension: str, **values: object) -> None:
        self.mbg.change_device(self._device(extension).id, **values)

    def _device(self, extension: str) -> Device:
        return next(d for d in self.mbg.store.devices.values() if d.icp_username == extension)
