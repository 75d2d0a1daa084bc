"""Registrars that are silent, or known by name, for a handset on real sockets."""

from collections.abc import AsyncIterator

import pytest

from simulators.addresses import claim_private
from simulators.phone.life.states import State
from simulators.phone.tests.xml_site import XmlSite

ADA = "2101"


@pytest.fixture
async def site() -> AsyncIterator[XmlSite]:
    claimed = claim_private()
    try:
        async with XmlSite(claimed.plan).open() as opened:
            yield opened
    finally:
        claimed.release()


async def test_the_backup_registrar_serves_while_the_first_is_silent(site: XmlSite) -> None:
    more = {
        "sip line1 registrar ip": site.plan.node(2),
        "sip line1 backup registrar ip": site.plan.node(1),
        "action uri registered": site.url("registered?p=$$PROXYURL$$&a=$$ACTIVEPROXY$$"),
    }
    phone = site.handset(ADA, home=False, more=more)
    await phone.power_on()
    await phone.until(State.REGISTERING)
    await site.clock.advance(33)
    await phone.until(State.REGISTERED)
    assert phone.registered_as == [ADA]
    assert phone.backup_used == (1,) and site.node.binding(ADA) is not None
    first, spare = site.plan.node(2), site.plan.node(1)
    await site.journal.wait_for(lambda e: f"/registered?p={first}&a={spare}" in e.detail)


async def test_without_a_backup_registrar_it_times_out(site: XmlSite) -> None:
    more = {"sip line1 registrar ip": site.plan.node(2)}
    phone = site.handset(ADA, home=False, more=more)
    await phone.power_on()
    await phone.until(State.REGISTERING)
    assert phone.registered_as is None, "its registrar is being asked"
    await site.clock.advance(33)
    await phone.until(State.TIMED_OUT)
    assert phone.registered_as == [] and phone.requests_sent_again == 10, "timer E, till F"
    await phone.power_off()
    assert phone.registered_as == [] and phone.requests_sent_again == 10
    await phone.power_on()
    await phone.until(State.REGISTERING)
    await site.clock.advance(1)
    assert phone.requests_sent_again == 11
    await site.clock.advance(32)
    await phone.until(State.TIMED_OUT)
    assert phone.backup_used == () and phone.screen.message == "No service"


async def test_a_registrar_by_name_is_found_by_who_is_asked(site: XmlSite) -> None:
    more = {"sip line1 registrar ip": "pbx.test"}
    known = {"pbx.test": site.plan.node(1)}
    phone = await site.in_service(ADA, home=False, more=more, resolve=known.get)
    assert phone.accounts[1].domain == "pbx.test"
    stranger = site.handset("2102", home=False, more=more)
    await stranger.power_on()
    await stranger.until(State.IDLE)
    assert site.said("configuration problem") and stranger.accounts == {}
