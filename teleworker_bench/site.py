"""A whole estate as a plain test uses it: our MCS, the MBG, the PBX, and people with phones."""

from collections.abc import Iterator
from contextlib import contextmanager

from features.actors.installer import Installer
from features.actors.mcs_site import McsSite
from features.actors.speakers import at_mbg
from features.actors.teleworker import Teleworker
from simulators.estate.estate import Estate
from simulators.portal import Bench
from teleworker_bench.mbg import MbgHandle
from teleworker_bench.pbx import PbxHandle
from teleworker_bench.phone import PhoneHandle, Phones


class EstateHandle:
    """MCS, MBG, PBX and phones of one test. `itself` is the estate; use it with `call`."""

    def __init__(
        self, bench: Bench, running: Estate, mbg: MbgHandle, pbx: PbxHandle, phones: Phones
    ) -> None:
        self._bench = bench
        self.itself, self.mbg, self.pbx, self.phones = running, mbg, pbx, phones
        self.call = bench.call
        self.installer: Installer

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Stages 1 to 4 are done while the block runs; the installer stays logged in."""
        running = self.itself
        assert running.mcs is not None
        session = McsSite(running.mcs, running.claim.plan.administrator, running.journal)
        with self._bench.entered(session) as mcs:
            self.installer = Installer(running, mcs, at_mbg(running))
            self._bench.run(mcs.log_in())
            self._bench.run(self.installer.prepares_site())
            self._bench.run(self.installer.completes_token_exchange())
            yield

    @property
    def mcs_url(self) -> str:
        """Of the MCS's site and API; log-in `admin` with `mcs_password`."""
        assert self.itself.mcs is not None
        return self.itself.mcs.api_url

    @property
    def mcs_password(self) -> str:
        """Of the administrator `admin`."""
        assert self.itself.mcs is not None
        return self.itself.mcs.admin_password

    def deploys(self) -> PhoneHandle:
        """Stages 5 and 6 for one more person: returns the phone, at home and registered."""
        person = self.phones.next_person()
        phone = self.phones.of(person, local=False)
        self._bench.call(self.itself.node.add_extension, person.extension, person.name)
        self._bench.run(self._deploys(Teleworker(self.itself, person, phone.itself)))
        return phone

    async def _deploys(self, teleworker: Teleworker) -> None:
        await self.installer.reads_extensions()
        await self.installer.provisions_and_assigns(teleworker.person)
        await teleworker.plugs_in()
        assert await teleworker.points_phone_at_mcs(), "the phone's menu stayed shut"
        await teleworker.waits_for_registration()

    def wait(self, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Let time pass, for all roles."""
        self._bench.run(self.itself.clock.advance(minutes=minutes, hours=hours, days=days))
