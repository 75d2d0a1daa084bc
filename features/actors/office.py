"""Somebody in the office: a phone on the LAN, which finds MCS by what DHCP says."""

from features.actors.teleworker import PhoneUser
from simulators.estate.estate import Estate
from simulators.journal import Happened
from simulators.phone.life.states import State
from simulators.phone.people import Person

PHONES_HTTP_PORT = 8203


class Office(PhoneUser):
    """One person with a local phone."""

    def __init__(self, estate: Estate, person: Person) -> None:
        assert estate.mcs is not None
        host = estate.mcs.phones_address[0]
        server = f"http://{host}:{PHONES_HTTP_PORT}"
        super().__init__(estate, person, estate.handset(person, local=True, dhcp_server=server))

    async def plugs_in_new_phone(self) -> None:
        """A phone out of the box: MiNET firmware, and DHCP names the TFTP server (PHN-1)."""
        assert self.estate.mcs is not None
        host, port = self.estate.mcs.tftp_address
        self.phone = self.estate.handset(
            self.person, local=True, firmware_kind="minet", dhcp_server=f"tftp://{host}:{port}"
        )
        await self.phone.power_on()
        await self.estate.journal.wait_for(
            lambda e: (
                isinstance(e, Happened)
                and e.frm == self.phone.role
                and e.name in ("firmware installed", "firmware not available")
            ),
            what="the new phone to ask for firmware",
        )

    async def runs_sip_firmware(self, version: str) -> None:
        """Wait until the phone has started with this SIP firmware and taken its files."""
        await self.phone.until(State.IDLE, State.REGISTERED)
        assert (self.phone.firmware_kind, self.phone.firmware_version) == ("sip", version)

    def events(self, name: str) -> list[Happened]:
        """What the phone said of itself under this name, in order."""
        entries = self.estate.journal.entries
        found = [e for e in entries if isinstance(e, Happened) and e.frm == self.phone.role]
        return [entry for entry in found if entry.name == name]
