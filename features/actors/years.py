"""What happens to a site in the course of months: certificates, firmware, people come and go."""

from features.actors.installer import Installer
from features.actors.teleworker import Teleworker
from simulators.estate.estate import Estate

MONTH_DAYS = 30.6
WAVE_FIRMWARE = "5.2.0.1077"


class Years:
    """The site's calendar, and who changes what at which month of it.

    Args:
        installer: does what is done at the sites.
    """

    def __init__(self, estate: Estate, installer: Installer) -> None:
        self.estate = estate
        self.installer = installer
        self._begun = estate.clock.now()

    async def comes_to(self, month: int) -> None:
        """Let time pass until so many months after the beginning."""
        left = self._begun + month * MONTH_DAYS * 86400 - self.estate.clock.now()
        assert left > 0, f"month {month} is over"
        await self.estate.clock.advance(left)

    async def renews_certificate(self) -> None:
        """The MBG gets another certificate of the same authority, and restarts with it."""
        self.estate.mbg.renew_certificate(self.estate.authority)
        await self.estate.mbg.restart()

    async def deploys(self, person: Teleworker) -> None:
        """Stages 5 and 6 for one person."""
        await self.installer.provisions_and_assigns(person.person)
        await person.plugs_in()
        assert await person.points_phone_at_mcs()
        await person.waits_for_registration()

    async def brings_firmware(self, *people: Teleworker) -> None:
        """Upload new firmware for their models, and let MCS resync each phone."""
        for each in people:
            await self.installer.uploads_firmware(each.person.model, WAVE_FIRMWARE)
        for each in people:
            await self.installer.mcs.post(f"/phones/{each.person.mac}/resync")
        await self.estate.clock.advance(minutes=10)
        for each in people:
            await each.waits_for_registration()
            assert each.phone.firmware_version == WAVE_FIRMWARE, each.phone.role

    async def leaves(self, person: Teleworker) -> None:
        """The box unchecked, the phone taken away in MCS, the extension at the PBX."""
        extension, mcs = person.person.extension, self.installer.mcs
        await self.installer.unchecks_remote_credentials(extension)
        await self.installer.sees_provisioning(extension, "off")
        await person.phone.power_off()
        await mcs.delete(f"/phones/{person.person.mac}")
        self.estate.node.remove_extension(extension)
        await self.installer.reads_extensions()

    async def is_in_service(self, person: Teleworker) -> None:
        """Registered now, and still after its next registrations."""
        await self.estate.clock.advance(minutes=15)
        assert person.phone.registered, f"{person.phone.role} is {person.phone.state.value}"
        assert person.is_registered_at_pbx()
