"""What a phone fetches beside configuration and firmware: user certificates, then directories.

Certificates (`https user certificates`) come before the configuration is applied, directories
(`directory 1`, `directory 2`) in the background, anew every 24 h (domain reference 3.3). This is
also where the auto resync waits for its hour.
"""

from simulators.phone.files import server as servers
from simulators.phone.life import actions as do
from simulators.phone.life.download import FOUND
from simulators.phone.life.routine import DIRECTORIES, RESYNC, Resync, resync
from simulators.phone.life.situation import Situation
from simulators.phone.life.states import Event
from simulators.phone.local.directory import Directory, read_directory

CERTIFICATES = "https user certificates"
DIRECTORY_PARAMETERS = ("directory 1", "directory 2")
BEGIN = b"-----BEGIN CERTIFICATE-----"


class Extras:
    """Belongs to one boot.

    `contacts` are those of all directories; `firmware_after` says that a resync of the
    configuration is to be followed by one of the firmware.
    """

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self.awaited = ""
        self.contacts = Directory()
        self.firmware_after = False
        self._resync: Resync | None = None
        self._fetched: dict[str, Directory] = {}

    # User certificates

    def ask_certificates(self, server: servers.Server | None) -> bool:
        """Ask for the file that the configuration names; returns whether it is awaited now."""
        name = self._situation.configuration.get(CERTIFICATES, "")
        if name and server is not None:
            self.awaited = CERTIFICATES
            self._fetch(CERTIFICATES, server, name)
        return bool(self.awaited)

    def certificates(self, result: do.Fetched | do.FetchFailed) -> None:
        """Store what came; without an answer that can be used, what is stored stays."""
        self._situation.move(Event.CERTIFICATES)
        self.awaited = ""
        if isinstance(result, do.FetchFailed):
            self._situation.note("user certificates not available", reason=result.reason)
        elif result.status != FOUND or BEGIN not in result.body:
            facts = {"status": result.status, "octets": len(result.body)}
            self._situation.note("user certificates not usable", **facts)
        else:
            self._situation.certificates = result.body
            count = result.body.count(BEGIN)
            self._situation.note("user certificates stored", certificates=count)

    # In service

    def start(self, server: servers.Server | None) -> None:
        """The boot has ended: fetch the directories, and wait for the resync's hour."""
        self._ask_directories(server)
        self._resync = resync(self._situation.configuration)
        self._wait_for_resync()

    def woken(self, name: str, server: servers.Server | None) -> bool:
        """A wait has ended; returns whether a resync is due."""
        if name == DIRECTORIES:
            self._ask_directories(server)
        if name != RESYNC or self._resync is None or server is None:
            return False
        self._wait_for_resync()
        self.firmware_after = self._resync.firmware and self._resync.configuration
        self._situation.note("auto resync")
        return True

    @property
    def firmware_only(self) -> bool:
        """Whether the resync leaves the configuration alone."""
        return self._resync is not None and not self._resync.configuration

    def is_directory(self, path: str) -> bool:
        """Whether an answer is about a directory."""
        return path in DIRECTORY_PARAMETERS

    def directory(self, result: do.Fetched | do.FetchFailed) -> None:
        """Take a directory; without an answer that can be used, the one before stays."""
        situation, name = self._situation, result.path
        if isinstance(result, do.FetchFailed):
            situation.note("directory not available", directory=name, reason=result.reason)
            return
        if result.status != FOUND:
            situation.note("directory not available", directory=name, reason=str(result.status))
            return
        found = self._fetched[name] = read_directory(result.body)
        self.contacts = Directory.joined(self._fetched.values())
        facts = {"contacts": len(found.contacts), "problems": len(found.problems)}
        situation.note("directory fetched", directory=name, **facts)

    # Inside

    def _ask_directories(self, server: servers.Server | None) -> None:
        asked = False
        for parameter in DIRECTORY_PARAMETERS:
            name = self._situation.configuration.get(parameter, "")
            usable = server or servers.offered(name)
            if name and usable is not None:
                self._fetch(parameter, usable, name)
                asked = True
        if asked:
            wait_s = self._situation.settings.directory_refresh_s
            self._situation.want(do.Wake(DIRECTORIES, wait_s, repeats=True))

    def _wait_for_resync(self) -> None:
        if self._resync is not None:
            now, chance = self._situation.calendar(), self._situation.chance()
            self._situation.want(do.Wake(RESYNC, self._resync.wait_s(now, chance)))

    def _fetch(self, path: str, server: servers.Server, name: str) -> None:
        validate = servers.validates(self._situation.configuration)
        self._situation.want(do.Fetch(path, server.url(name), validate))
