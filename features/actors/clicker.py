"""The installer with a mouse: both admin sites, stages 1 to 5, page by page as in the manual.

Each verb does in browser windows what the installer's verb of that name does by the API.
"""

from typing import TYPE_CHECKING

from features.actors.installer import CONSUMER_ID, CONSUMER_NAME, FIRMWARE_OCTETS, PHONES_PORT
from features.actors.windows import Window, Windows
from simulators.estate.estate import Estate
from simulators.phone.files.firmware import build_image
from simulators.phone.people import Person

if TYPE_CHECKING:
    from playwright.async_api import FilePayload, Locator, Page

PERMISSIONS = {
    "Base/managetoken": "Read/Write",
    "MBG/v1/icps": "Read",
    "MBG/v1/devices": "Read/Write",
}
"""As the manual has them (TOK-2)."""


async def follows(page: "Page", *links: str) -> None:
    """Click on links, one after the other, each on the page that the one before has opened."""
    for name in links:
        async with page.expect_navigation():
            await page.get_by_role("link", name=name, exact=True).first.click()


def field(page: "Page", label: str) -> "Locator":
    """A text field, by its label; sites may mark it as needed."""
    needed = page.get_by_role("textbox", name=f"{label} (needed)", exact=True)
    return page.get_by_role("textbox", name=label, exact=True).or_(needed)


async def fills(page: "Page", fields: dict[str, str]) -> None:
    """Type into fields, by their labels."""
    for label, text in fields.items():
        await field(page, label).fill(text)


async def presses(page: "Page", button: str, says: str) -> None:
    """Press a button and wait for what the page says then."""
    await page.get_by_role("button", name=button, exact=True).first.click()
    await page.get_by_role("main").get_by_text(says).first.wait_for()


class Clicker:
    """The installer at two windows side by side; types what a person types, and reads the rest.

    Args:
        estate: whose addresses the installer knows.
    """

    def __init__(self, estate: Estate, windows: Windows) -> None:
        self.estate = estate
        self.windows = windows
        self.shared_secret = ""
        self.verifier = ""

    def logs_in(self, window: Window) -> None:
        """Log in where the window stands, or at the site's beginning."""
        user, password = window.face.account(self.estate)

        async def act(page: "Page") -> None:
            await fills(page, {"User name": user})
            await page.get_by_label("Password").fill(password)
            await page.get_by_role("button", name="Log in").click()
            await page.get_by_role("button", name="Log out").wait_for()

        window.does(act)

    def opens_windows(self) -> None:
        """Both sites, side by side, logged in."""
        for window in (self.windows.mcs, self.windows.mbg):
            window.opens(window.face.log_in)
            self.logs_in(window)

    # Stage 1

    def enters_addresses(self) -> None:
        """The MBG's address, the PBX by its CT Gateway, Sync, the node, Client Locations."""
        estate = self.estate
        mbg, node, gateway = estate.mbg, estate.node, estate.ct_gateway

        async def act(page: "Page") -> None:
            await follows(page, "MiVoice Border Gateway")
            port = str(mbg.rest_address[1])
            await fills(page, {"Internal IP address": mbg.inside, "Port": port})
            await presses(page, "Save", "were saved")
            await follows(page, "Phone Systems", "Add a phone system")
            host, port = gateway.address[0], str(gateway.address[1])
            known = {"Name": node.name, "CT Gateway address": host, "CT Gateway port": port}
            await fills(page, known)
            await page.get_by_label("CT Gateway password").fill(estate.ct_gateway_password)
            await page.get_by_role("button", name="Add", exact=True).click()
            await presses(page, "Sync", "Synchronized: nodes 1")
            await follows(page, f"1, {node.name}")
            nat = {"NAT IP Address": mbg.outside, "NAT SIP Port": str(mbg.sip_outside[1])}
            await fills(page, nat)
            await presses(page, "Save", "was saved")
            await follows(page, "Remote")
            await fills(page, {"NAT IP Address / Full Hostname": mbg.outside})
            await presses(page, "Save", "saved")

        self.windows.mcs.does(act)

    # Stages 2 and 3

    def forwards_phone_port(self) -> None:
        """MBG Security -> Port Forwarding: TCP 8202 to the MCS, with SNAT."""
        assert self.estate.mcs is not None
        host, port = self.estate.mcs.phones_address

        async def act(page: "Page") -> None:
            await follows(page, "Port Forwarding", "Add a rule")
            places = {"Destination Host IP Address": host, "Destination port": str(port)}
            await fills(page, {"Port": str(PHONES_PORT)} | places)
            await page.get_by_label("SNAT").check()
            await page.get_by_role("button", name="Save").click()
            await page.get_by_role("row", name=f"TCP {PHONES_PORT}").wait_for()

        self.windows.mbg.does(act)

    def adds_icp(self) -> None:
        """Service configuration -> ICPs: the node."""
        node = self.estate.node

        async def act(page: "Page") -> None:
            await follows(page, "ICPs", "Add an ICP")
            await fills(page, {"Name": node.name, "Hostname or IP Address": node.address[0]})
            await page.get_by_role("button", name="Save").click()
            await page.get_by_role("row", name=node.name).wait_for()

        self.windows.mbg.does(act)

    # Stage 4

    def adds_consumer(self) -> None:
        """Web services: Start, Add a new consumer; note the shared secret."""

        async def act(page: "Page") -> str:
            await follows(page, "Web services")
            await presses(page, "Start web services", "Web services are started")
            await follows(page, "Add a new consumer")
            await page.get_by_label("Active").select_option(label="Yes")
            await fills(page, {"Name": CONSUMER_NAME, "ConsumerID": CONSUMER_ID})
            for permission, level in PERMISSIONS.items():
                await page.get_by_label(permission).select_option(label=level)
            await presses(page, "Save", "Make a note of the shared secret")
            return await page.locator("code.verifier").inner_text()

        async def done(page: "Page") -> None:
            await follows(page, "I have noted it")
            await page.get_by_role("row", name=CONSUMER_ID).wait_for()

        self.shared_secret = self.windows.mbg.does(act)
        self.windows.mbg.does(done)

    def enables_rest_api(self) -> None:
        """MiVoice Border Gateway: Enable Rest API."""

        async def act(page: "Page") -> None:
            await follows(page, "MiVoice Border Gateway")
            await page.get_by_label("Enable Rest API").check()
            await presses(page, "Save", "were saved")

        self.windows.mcs.does(act)

    def requests_token(self, says: str = "The credentials work", *, secret: str = "") -> None:
        """Request Access Token, Save & Test API Credentials; the page then says so."""

        async def act(page: "Page") -> None:
            await follows(page, "MiVoice Border Gateway")
            await page.get_by_role("button", name="Request Access Token").click()
            await fills(page, {"Name": CONSUMER_NAME, "Consumer ID": CONSUMER_ID})
            await page.get_by_label("Shared Secret").fill(secret or self.shared_secret)
            await presses(page, "Save & Test API Credentials", says)

        self.windows.mcs.does(act)

    def approves_token(self) -> None:
        """Temporary tokens: approve, and note the Verifier."""

        async def act(page: "Page") -> str:
            await follows(page, "Web services")
            tokens = page.get_by_role("region", name="Temporary tokens")
            await tokens.get_by_role("button", name="approve").click()
            return await tokens.locator("code.verifier").inner_text()

        self.verifier = self.windows.mbg.does(act)

    def retrieves_token(
        self, says: str = "The final access token was retrieved", *, verifier: str = ""
    ) -> None:
        """Retrieve Final Access Token, on the page where it was requested."""

        async def act(page: "Page") -> None:
            await fills(page, {"Verifier": verifier or self.verifier})
            await presses(page, "Retrieve Final Access Token", says)

        self.windows.mcs.does(act)

    def sees_valid_token(self) -> None:
        """The token's state on the MCS's page, its row on the MBG's."""

        async def at_mcs(page: "Page") -> None:
            await page.locator("#token-state", has_text="valid").wait_for()

        async def at_mbg(page: "Page") -> None:
            await follows(page, "Web services")
            tokens = page.get_by_role("region", name="Final tokens")
            await tokens.get_by_role("row", name=CONSUMER_ID).get_by_text("valid").wait_for()

        self.windows.mcs.does(at_mcs)
        self.windows.mbg.does(at_mbg)

    # Stage 5, and the phone's extension

    def checks_remote_credentials(self, person: Person) -> None:
        """[PBX name] -> the extension: Use remote authorization credentials, Save (EXT-1)."""

        async def act(page: "Page") -> None:
            await follows(page, "Phone Systems", self.estate.node.name, person.extension)
            await page.get_by_label("Use remote authorization credentials").check()
            await presses(page, "Save", f"Extension {person.extension} was saved.")

        self.windows.mcs.does(act)

    def sees_provisioned(self, person: Person) -> None:
        """The form says provisioned by itself; its id is that of a device on the MBG's page."""

        async def at_mcs(page: "Page") -> str:
            await page.locator("#provisioning-state", has_text="provisioned").wait_for()
            return await page.locator("#mbg-device-id").inner_text()

        async def at_mbg(page: "Page") -> None:
            await follows(page, "SIP devices")
            device = page.locator(f"a[href$='/sip-devices/{number}']")
            await page.get_by_role("row", name=person.extension).filter(has=device).wait_for()

        number = self.windows.mcs.does(at_mcs)
        self.windows.mbg.does(at_mbg)

    def uploads_firmware(self, model: str, version: str) -> None:
        """Features -> Firmware: an image for a model."""
        entropy = self.estate.seed.stream(f"firmware {model} {version}").randbytes
        image = build_image(model, version, "sip", FIRMWARE_OCTETS, entropy)

        async def act(page: "Page") -> None:
            await follows(page, "Firmware")
            await fills(page, {"Model": model})
            file: FilePayload = {
                "name": f"{model}.st",
                "mimeType": "application/octet-stream",
                "buffer": image,
            }
            await page.get_by_label("Image (needed)").set_input_files(file)
            await page.get_by_role("button", name="Upload").click()
            await page.get_by_role("main").get_by_text(version).first.wait_for()

        self.windows.mcs.does(act)

    def assigns(self, person: Person) -> None:
        """Phones: add the phone by its MAC, and assign the extension (PHN-6)."""

        async def act(page: "Page") -> None:
            await follows(page, "Phones", "Add a phone")
            await fills(page, {"MAC": person.mac})
            await page.get_by_role("button", name="Add", exact=True).click()
            await page.get_by_role("heading", name=f"Phone {person.mac}").wait_for()
            await fills(page, {"Extension": person.extension})
            await presses(page, "Assign", f"Extension {person.extension} was assigned.")

        self.windows.mcs.does(act)

    def sees_registered(self, person: Person) -> None:
        """Phones: the phone's row says registered, with its extension (PHN-4)."""

        async def act(page: "Page") -> None:
            await follows(page, "Phones")
            row = page.get_by_role("row", name=person.mac).filter(has_text=person.extension)
            await row.locator(".mark.good", has_text="registered").first.wait_for()

        self.windows.mcs.does(act)
