"""Firmware: what a phone asks for, and what it does with the image that comes (PHN-1, PHN-3).

SIP firmware asks the configuration server, or the one that `firmware server` names, for
`<model>.st`. MiNET firmware and the boot loader know TFTP alone: MiNET asks for `<model>.boot.st`,
and what was flashed of it asks for `<model>.st`, again and again until there is one. A phone whose
network offers no TFTP server never gets further.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from simulators.errors import LocalProtocolError
from simulators.phone.files import firmware as images
from simulators.phone.files import server as servers
from simulators.phone.life import actions as do
from simulators.phone.life.download import FOUND
from simulators.phone.life.situation import Situation, Trouble
from simulators.phone.life.states import SIP_FIRMWARE_ABSENT, Event
from simulators.phone.local.dhcp import NO_OFFER, Offer, server_url

AGAIN = "firmware"
"""The name of the `Wake` after which TFTP is asked once more."""


class Upgrading:
    """The firmware of one boot.

    Args:
        restarted: called when an image was flashed.
    """

    def __init__(self, situation: Situation, restarted: Callable[[], None]) -> None:
        self._situation = situation
        self._restarted = restarted
        self._flashing: images.FirmwareImage | None = None
        self._tftp: servers.Server | None = None
        self._awaited = ""

    @property
    def awaited(self) -> str:
        """The image that was asked for; empty when none is awaited."""
        return self._awaited

    # SIP firmware

    def ask(self, server: servers.Server | None) -> None:
        """Ask for the image at the configuration server, or where the configuration says.

        Raises:
            LocalProtocolError: there is no server.
        """
        named = self._situation.configuration.get("firmware server", "")
        if named and (other := servers.offered(named)) is not None:
            server = other
        elif named:
            self._situation.note("firmware server not usable", server=named)
        if server is None:
            raise LocalProtocolError("there is no server to ask for firmware")
        self._fetch(server, self._situation.model.firmware_file)

    def answered(self, result: do.Fetched | do.FetchFailed) -> bool:
        """Take the image, or that there is none; returns whether it is being flashed."""
        image = self._image(result)
        if image is None:
            self._situation.move(Event.FIRMWARE_KEPT)
            return False
        self._install(image)
        return True

    def differs(self, result: do.Fetched | do.FetchFailed) -> bool:
        """Like `answered` in the background: only says whether a restart would flash it."""
        self._situation.move(Event.BACKGROUND)
        return self._image(result) is not None

    def flashed(self) -> None:
        """The image is in place.

        Raises:
            LocalProtocolError: nothing was being flashed.
        """
        situation, image = self._situation, self._flashing
        situation.move(Event.FLASHED)
        if image is None:
            raise LocalProtocolError("nothing was being flashed")
        before, situation.running = situation.running.version, situation.running.with_image(image)
        facts = {"version": image.version, "kind": image.kind, "before": before}
        situation.note("firmware installed", **facts)
        self._restarted()

    # MiNET firmware and the boot loader

    def tftp_server(self, offer: Offer | None) -> None:
        """The network is up: from now on, ask the TFTP server that it offers, if it does."""
        self._situation.move(Event.TFTP)
        url = server_url(offer or NO_OFFER, {})
        self._tftp = servers.offered(url) if urlsplit(url).scheme == "tftp" else None
        if self._tftp is None:
            self._situation.trouble = Trouble.NO_FIRMWARE
            self._situation.note("no TFTP server", firmware=self._situation.running.kind)
        else:
            self.ask_tftp()

    def ask_tftp(self) -> None:
        """Ask for what leads on to SIP firmware, unless that is under way."""
        if self._tftp is None or self._awaited or self._situation.state not in SIP_FIRMWARE_ABSENT:
            return
        model = self._situation.model
        minet = self._situation.running.kind == "minet"
        self._fetch(self._tftp, model.boot_loader_file if minet else model.firmware_file)

    def tftp_answered(self, result: do.Fetched | do.FetchFailed) -> None:
        """Flash it, or ask again later."""
        asked = self._awaited
        image = self._image(result)
        if image is not None:
            self._install(image)
            return
        if isinstance(result, do.Fetched) and result.status != FOUND:
            self._situation.note("firmware not available", reason=f"the server has no {asked}")
        self._situation.move(Event.TFTP)
        self._situation.trouble = Trouble.NO_FIRMWARE
        self._situation.want(do.Wake(AGAIN, self._situation.settings.tftp_firmware_retry_s))

    # Inside

    def _fetch(self, server: servers.Server, file: str) -> None:
        self._awaited = file
        validate = servers.validates(self._situation.configuration)
        self._situation.want(do.Fetch(file, server.url(file), validate))

    def _image(self, result: do.Fetched | do.FetchFailed) -> images.FirmwareImage | None:
        """An image that is to be flashed; notes why another one is not."""
        self._awaited = ""
        situation = self._situation
        if isinstance(result, do.FetchFailed):
            situation.note("firmware not available", reason=result.reason)
        elif result.status == FOUND:
            image = images.read_image(result.body)
            decision = images.decide(situation.running, image, situation.model.name)
            if decision is images.Decision.INSTALL and isinstance(image, images.FirmwareImage):
                return image
            if decision is not images.Decision.SAME_VERSION:
                facts = {"reason": decision.value, "detail": images.describe(image)}
                situation.note("firmware refused", **facts)
        return None

    def _install(self, image: images.FirmwareImage) -> None:
        self._situation.move(Event.FIRMWARE_NEW)
        self._flashing = image
        self._situation.want(do.Install(image, self._situation.settings.flash_s))
