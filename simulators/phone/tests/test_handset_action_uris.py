"""Action URIs of calls on real phones, and screens that servers show for them."""

from collections.abc import AsyncIterator

import pytest

from simulators.addresses import claim_private
from simulators.journal import Entry, HttpEntry
from simulators.phone.calls.line_table import Activity
from simulators.phone.handset import Handset
from simulators.phone.tests.xml_site import XmlSite
from simulators.phone.xml import objects as xml

ADA, BEN = "2101", "2102"
EVENTS = ("incoming", "outgoing", "offhook", "onhook", "connected", "disconnected")
TOLD = "l=$$LINESTATE$$&r=$$REMOTENUMBER$$&n=$$INCOMINGNAME$$&w=$$CALLDIRECTION$$"


@pytest.fixture
async def site() -> AsyncIterator[XmlSite]:
    claimed = claim_private()
    try:
        async with XmlSite(claimed.plan).open() as opened:
            yield opened
    finally:
        claimed.release()


def uris(site: XmlSite, who: str) -> dict[str, str]:
    return {f"action uri {event}": site.url(f"{who}/{event}?{TOLD}") for event in EVENTS}


async def told(site: XmlSite, *paths: str) -> None:
    """Wait until each of these was answered, in any order: each has a connection of its own."""
    for path in paths:

        def answered(entry: Entry, path: str = path) -> bool:
            if not isinstance(entry, HttpEntry) or entry.status is None:
                return False
            return entry.path.startswith(path)

        await site.journal.wait_for(answered, what=path)


async def both(site: XmlSite) -> tuple[Handset, Handset]:
    ada = await site.in_service(ADA, more=uris(site, "ada"))
    return ada, await site.in_service(BEN, more=uris(site, "ben"))


async def test_both_ends_of_a_call_tell_their_server(site: XmlSite) -> None:
    ada, ben = await both(site)
    ada.dial(BEN)
    await ben.until_call(Activity.INCOMING)
    ben.answer()
    await ada.until_call(Activity.CONNECTED)
    ada.hang_up()
    for phone in (ada, ben):
        await phone.until_call(Activity.IDLE)
    out, into = f"r={BEN}&n=&w=Outgoing", f"r={ADA}&n=Ada&w=Incoming"
    await told(
        site,
        "/ada/offhook?l=DIALING&r=",
        f"/ada/outgoing?l=CALLING&{out}",
        f"/ada/connected?l=CONNECTED&{out}",
        f"/ada/disconnected?l=CONNECTED&{out}",
        f"/ada/onhook?l=CONNECTED&{out}",
        f"/ben/incoming?l=INCOMING&{into}",
        f"/ben/offhook?l=CONNECTED&{into}",
        f"/ben/connected?l=CONNECTED&{into}",
        f"/ben/disconnected?l=CONNECTED&{into}",
        f"/ben/onhook?l=CONNECTED&{into}",
    )
    paths = [path.partition("?")[0] for path in site.asked if path.startswith(("/ada/", "/ben/"))]
    assert len(paths) == len(set(paths)) == 10, "each once"


async def test_a_server_s_screen_comes_over_the_call_and_can_answer_it(site: XmlSite) -> None:
    ada, ben = await both(site)
    head = xml.Head("Caller", allow_answer=True)
    site.answers["/ben/incoming"] = xml.TextScreen(head, "Ada, since 1815")
    ada.dial(BEN)
    await ben.until_call(Activity.INCOMING)
    await site.journaled("XML object", ben)
    assert ben.screen.lines == ("Ada, since 1815",)
    ben.press("Answer")
    await ada.until_call(Activity.CONNECTED)
    ben.press("Done")
    assert ben.screen.title == "Connected"
    ben.press("Goodbye")
    await ada.until_call(Activity.IDLE)


async def test_a_screen_that_does_not_allow_it_answers_no_call(site: XmlSite) -> None:
    ada, ben = await both(site)
    site.answers["/ben/incoming"] = xml.TextScreen(xml.Head("Advert"), "Buy now")
    ada.dial(BEN)
    await ben.until_call(Activity.INCOMING)
    await site.journaled("XML object", ben)
    ben.press("Done")
    assert ben.screen.title == "Incoming call"
    ben.refuse()
    await ada.until_call(Activity.IDLE)
    assert ada.calls[1].message == "Declined"
