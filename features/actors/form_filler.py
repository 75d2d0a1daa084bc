"""The installer with a mouse where forms go wrong: what the pages say then, and what they keep."""

from typing import TYPE_CHECKING

from features.actors.clicker import Clicker, field, fills, follows, presses
from simulators.phone.people import Person

if TYPE_CHECKING:
    from playwright.async_api import Page

REFUSED = r"Failed to load resource: the server responded with a status of [45]"
"""What chromium's console says of a form that is answered with what is wrong."""

TWICE = r"request failed: POST .*ERR_ABORTED"
"""And of the first of two requests of one button."""

NO_VERIFIER = "123456"
NO_PORT = "80802"
NO_SECRET = "bm90IHRoZSBzZWNyZXQhIQ=="
NEW_MAC = "1400E9D0B1E2"
NEW_ICP = "Branch Office"


class FormFiller:
    """Mistakes, one thing wrong in each.

    Args:
        clicker: who does the rest right.
    """

    def __init__(self, clicker: Clicker) -> None:
        self.clicker = clicker
        self.estate, self.windows = clicker.estate, clicker.windows
        self._typed: dict[str, str] = {}

    # Stage 4

    def makes_mistake(self, mistake: str) -> None:
        """Go through stage 4 with one thing wrong; the MCS's page then says so."""
        clicker = self.clicker
        self.windows.mcs.expects(REFUSED)
        self._typed = {"Consumer ID": "MiVOAppSuite", "Verifier": NO_VERIFIER}
        if mistake == "wrong Shared Secret":
            clicker.requests_token("refuses the signature", secret=NO_SECRET)
            return
        if mistake == "web services stopped":
            self._web_services("Stop", "stopped")
            clicker.requests_token("Web services")
            self._web_services("Start", "started")
            return
        clicker.requests_token()
        if mistake == "temporary token not approved":
            clicker.retrieves_token("not approved yet", verifier=NO_VERIFIER)
            return
        assert mistake == "wrong verifier", f"nobody knows the mistake {mistake!r}"
        clicker.approves_token()
        wrong = f"{(int(clicker.verifier) + 1) % 1_000_000:06d}"
        self._typed["Verifier"] = wrong
        clicker.retrieves_token("verifier is wrong", verifier=wrong)

    def reads_problem(self, words: str) -> None:
        """The page's alert says it, and its title begins with Error."""

        async def act(page: "Page") -> None:
            await page.get_by_role("alert").get_by_text(words).first.wait_for()
            title = await page.title()
            assert title.startswith("Error: "), title

        self.windows.mcs.does(act)

    def finds_typed(self, label: str) -> None:
        """The field holds what was typed; the one for the secret is empty."""

        async def act(page: "Page") -> None:
            value = await field(page, label).input_value()
            assert value == self._typed[label], f"{label} holds {value!r}"
            assert not await page.get_by_label("Shared Secret").input_value()

        self.windows.mcs.does(act)

    def _web_services(self, press: str, state: str) -> None:
        async def act(page: "Page") -> None:
            await follows(page, "Web services")
            await presses(page, f"{press} web services", f"Web services are {state}")

        self.windows.mbg.does(act)

    # Stages 3 and 5

    def reads_icp_mismatch(self) -> None:
        """The extension's page names the node, its address, and each ICP with its address."""
        node, icps = self.estate.node, self.estate.mbg.store.icps.values()

        async def act(page: "Page") -> str:
            note = page.get_by_role("main").locator(".note", has_text=node.address[0])
            return await note.inner_text()

        said = self.windows.mcs.does(act)
        for named in (node.name, node.address[0], *(n for i in icps for n in (i.name, i.address))):
            assert named in said, f"expected {named!r} in: {said}"

    def finds_no_device(self) -> None:
        """SIP devices: nothing half-made stays."""

        async def act(page: "Page") -> None:
            await follows(page, "SIP devices")
            assert await page.get_by_role("row").count() == 0

        self.windows.mbg.does(act)

    def puts_icp_right(self) -> None:
        """ICPs: the node's, its Hostname or IP Address."""
        node = self.estate.node

        async def act(page: "Page") -> None:
            await follows(page, "ICPs", node.name)
            await fills(page, {"Hostname or IP Address": node.address[0]})
            await page.get_by_role("button", name="Save").click()
            await page.get_by_role("row", name=node.name).get_by_text(node.address[0]).wait_for()

        self.windows.mbg.does(act)

    def retries(self, person: Person) -> None:
        """Provisioning: Retry all; then back to the extension's page."""

        async def act(page: "Page") -> None:
            await follows(page, "Provisioning")
            async with page.expect_navigation():
                await page.get_by_role("button", name="Retry all").click()
            await follows(page, "Phone Systems", self.estate.node.name, person.extension)

        self.windows.mcs.does(act)

    # What was typed stays

    def types_wrong_ports(self) -> None:
        """A node's NAT SIP Port and a forwarding rule's port, both above 65535."""
        node = self.estate.node
        self._typed = {"NAT IP Address": self.estate.claim.plan.node(9), "NAT SIP Port": NO_PORT}
        for window in (self.windows.mcs, self.windows.mbg):
            window.expects(REFUSED)

        async def at_mcs(page: "Page") -> None:
            await follows(page, "Phone Systems", node.name, f"1, {node.name}")
            await fills(page, self._typed)
            await page.get_by_role("button", name="Save").click()

        async def at_mbg(page: "Page") -> None:
            await follows(page, "Port Forwarding", "Add a rule")
            await fills(page, self._rule)
            await page.get_by_role("button", name="Save").click()

        self.windows.mcs.does(at_mcs)
        self.windows.mbg.does(at_mbg)

    def finds_wrong_ports(self) -> None:
        """Both pages say which field is wrong; every field holds what was typed."""

        async def act(page: "Page", typed: dict[str, str], wrong: str) -> None:
            await page.get_by_role("alert").get_by_text("Nothing was saved.").wait_for()
            for label, text in typed.items():
                one = field(page, label)
                assert await one.input_value() == text, label
                invalid = await one.get_attribute("aria-invalid") == "true"
                assert invalid == (label == wrong), f"{label} is invalid: {invalid}"

        self.windows.mcs.does(act, self._typed, "NAT SIP Port")
        self.windows.mbg.does(act, self._rule, "Destination port")

    @property
    def _rule(self) -> dict[str, str]:
        mcs = self.estate.claim.plan.mcs
        return {
            "Destination Host IP Address": mcs,
            "Destination port": NO_PORT,
            "Allowed sources": mcs,
        }

    # Sessions

    def leaves_live_pages(self) -> None:
        """Go to a page of the MCS that is not live: a live one goes to the log-in by itself."""
        self._follows("Local")

    def follows_link_after_the_end(self) -> None:
        """A link in each window, as if nothing had happened."""

        async def act(page: "Page", link: str) -> None:
            await follows(page, link)

        self._follows("Remote")
        self.windows.mbg.does(act, "Port Forwarding")

    def _follows(self, link: str) -> None:
        async def act(page: "Page") -> None:
            await follows(page, link)

        self.windows.mcs.does(act)

    def is_led_back(self) -> None:
        """Both ask for a log-in first; then there is the page that the link leads to."""

        async def asked(page: "Page") -> None:
            await page.get_by_role("heading", name="Log in", level=1).wait_for()

        async def there(page: "Page", heading: str) -> None:
            await page.get_by_role("heading", name=heading, level=1).wait_for()

        for window, heading in (
            (self.windows.mcs, "Remote"),
            (self.windows.mbg, "Port Forwarding"),
        ):
            window.does(asked)
            self.clicker.logs_in(window)
            window.does(there, heading)

    # Twice

    def double_clicks(self) -> None:
        """Two quick clicks on Add for a phone, and on Save for an ICP."""
        for window in (self.windows.mcs, self.windows.mbg):
            window.allows(TWICE)

        async def at_mcs(page: "Page") -> None:
            await follows(page, "Phones", "Add a phone")
            await fills(page, {"MAC": NEW_MAC})
            await twice(page, "Add")
            await page.get_by_role("heading", name=f"Phone {NEW_MAC}").wait_for()

        async def at_mbg(page: "Page") -> None:
            await follows(page, "ICPs", "Add an ICP")
            address = self.estate.claim.plan.node(9)
            await fills(page, {"Name": NEW_ICP, "Hostname or IP Address": address})
            await twice(page, "Save")
            await page.get_by_role("row", name=NEW_ICP).first.wait_for()

        self.windows.mcs.does(at_mcs)
        self.windows.mbg.does(at_mbg)

    def finds_one_of_each(self) -> None:
        """The lists hold one of each, and say of no trouble."""

        async def act(page: "Page", link: str, what: str) -> None:
            await follows(page, link)
            assert await page.get_by_role("row", name=what).count() == 1
            assert await page.get_by_role("alert").count() == 0

        self.windows.mcs.does(act, "Phones", NEW_MAC)
        self.windows.mbg.does(act, "ICPs", NEW_ICP)


async def twice(page: "Page", button: str) -> None:
    """Press a button twice, as quickly as a hand can."""
    await page.get_by_role("button", name=button, exact=True).dblclick()
