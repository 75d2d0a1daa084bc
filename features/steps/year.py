"""Steps about what happens to a site in the course of months."""

import pytest
from pytest_bdd import given, parsers, then, when

from features.actors.installer import Installer
from features.actors.teleworker import Teleworker
from features.actors.years import Years
from features.portal import Bench
from simulators.estate.estate import Estate
from simulators.phone.people import Person


@pytest.fixture
def years(estate: Estate, installer: Installer) -> Years:
    """The site's calendar."""
    return Years(estate, installer)


@pytest.fixture
def newcomer(estate: Estate, bench: Bench, people: list[Person]) -> Teleworker:
    """The third of the people, who comes later."""
    return Teleworker(estate, people[2], bench.call(estate.handset, people[2]))


@given("a site with the teleworker and the colleague in service")
def _(
    bench: Bench, installer: Installer, years: Years, teleworker: Teleworker, colleague: Teleworker
) -> None:
    bench.run(installer.prepares_site())
    bench.run(installer.completes_token_exchange())
    bench.run(years.deploys(teleworker))
    bench.run(years.deploys(colleague))


@when(parsers.parse("in month {month:d} the MBG gets a new certificate"))
def _(bench: Bench, years: Years, month: int) -> None:
    bench.run(years.comes_to(month))
    bench.run(years.renews_certificate())


@when("the MBG gets a new certificate")
def _(bench: Bench, years: Years) -> None:
    bench.run(years.renews_certificate())


@when(parsers.parse("in month {month:d} new firmware is brought to every phone"))
def _(
    bench: Bench, years: Years, teleworker: Teleworker, colleague: Teleworker, month: int
) -> None:
    bench.run(years.comes_to(month))
    bench.run(years.brings_firmware(teleworker, colleague))


@when(parsers.parse("in month {month:d} the colleague leaves and a new person joins"))
def _(bench: Bench, years: Years, colleague: Teleworker, newcomer: Teleworker, month: int) -> None:
    bench.run(years.comes_to(month))
    bench.run(years.leaves(colleague))
    bench.run(years.deploys(newcomer))


@when(
    parsers.parse(
        'in month {month:d} MCS warns of the token\'s end and the installer presses "Renew"'
    )
)
def _(bench: Bench, years: Years, installer: Installer, month: int) -> None:
    bench.run(years.comes_to(month))
    assert "Renew" in bench.run(installer.sees_token("expiring"))["message"]
    bench.run(installer.renews_token())


@when(parsers.parse("month {month:d} has come"))
def _(bench: Bench, years: Years, month: int) -> None:
    bench.run(years.comes_to(month))


@then("the teleworker and the new person are in service, and the colleague is not")
def _(
    bench: Bench, years: Years, installer: Installer, teleworker: Teleworker,
    colleague: Teleworker, newcomer: Teleworker,
) -> None:  # fmt: skip
    bench.run(years.is_in_service(teleworker))
    bench.run(years.is_in_service(newcomer))
    assert not colleague.is_registered_at_pbx()
    assert installer.device_of(colleague.person.extension) is None
    bench.run(installer.token_life_s())  # it was renewed: valid still in month 14


@given("MCS is told to go by the certificate that the MBG has now")
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    bench.run(installer.pins_certificate())
    bench.run(installer.checks_remote_credentials(people[1].extension))
    bench.run(installer.sees_provisioned_device(people[1].extension))  # it has seen it


@when("the installer compares the new certificate and confirms it")
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.confirms_certificate())


@when("the teleworker leaves: box unchecked, phone and extension taken away")
def _(bench: Bench, years: Years, teleworker: Teleworker) -> None:
    bench.run(years.leaves(teleworker))


@then("the PBX and MCS know nothing of the teleworker")
def _(bench: Bench, installer: Installer, estate: Estate, people: list[Person]) -> None:
    assert people[0].extension not in estate.node.extensions
    assert installer.device_of(people[0].extension) is None
    refusal = bench.run(installer.tries(installer.sees_phone(people[0].mac)))
    assert refusal is not None and refusal.status == 404
