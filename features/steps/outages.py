"""Steps about roles that are away for a while."""

import pytest
from pytest_bdd import given, parsers, then, when

from features.actors.installer import Installer
from features.actors.outage import Outage
from features.actors.teleworker import Teleworker
from features.portal import Bench
from simulators.estate.estate import Estate
from simulators.phone.life.states import State
from simulators.phone.people import Person


@pytest.fixture
def outage(estate: Estate) -> Outage:
    """The power of each role."""
    return Outage(estate)


@given(parsers.re(r"the (?P<role>MBG|PBX|CT Gateway|MCS) is away"))
def _(bench: Bench, installer: Installer, outage: Outage, role: str) -> None:
    bench.run(outage.begins(role))


@when(
    parsers.re(
        r"the (?P<role>MBG|PBX|CT Gateway|MCS) comes back, and (?P<minutes>\d+) minutes pass"
    )
)
def _(bench: Bench, outage: Outage, estate: Estate, role: str, minutes: str) -> None:
    bench.run(outage.ends(role))
    bench.run(estate.clock.advance(minutes=float(minutes)))


@when(parsers.re(r"the (?P<role>MBG|PBX|CT Gateway|MCS) is away for (?P<minutes>\d+) minutes"))
def _(bench: Bench, outage: Outage, role: str, minutes: str) -> None:
    bench.run(outage.lasts(role, float(minutes)))


@then("the phone system's page says that the CT Gateway can not be reached")
def _(bench: Bench, installer: Installer) -> None:
    assert "cannot be reached" in bench.run(installer.phone_system_message())


@then("once the CT Gateway is back the page lists the teleworker's extension")
def _(bench: Bench, installer: Installer, outage: Outage, people: list[Person]) -> None:
    bench.run(outage.ends("CT Gateway"))
    bench.run(installer.estate.clock.advance(minutes=10))
    bench.run(installer.sees_extension(people[0].extension))


@given("the teleworker has entered the Configuration Server")
def _(bench: Bench, teleworker: Teleworker) -> None:
    bench.run(teleworker.plugs_in())
    assert bench.run(teleworker.points_phone_at_mcs())
    bench.run(teleworker.waits_for_registration())
    bench.run(teleworker.phone.power_off())
    bench.run(teleworker.estate.clock.advance(minutes=10))
    assert not teleworker.is_registered_at_pbx()


@when("the teleworker's phone is switched on")
def _(bench: Bench, teleworker: Teleworker, estate: Estate) -> None:
    bench.run(teleworker.phone.power_on())
    bench.run(estate.clock.advance(minutes=2))
    assert teleworker.phone.state is not State.OFF


@then("MCS has removed the SIP user from the MBG")
def _(bench: Bench, installer: Installer, estate: Estate, people: list[Person]) -> None:
    bench.run(installer.sees_provisioning(people[0].extension, "off"))
    assert estate.mbg.store.devices == {}


@when("the installer wants the teleworker's SIP user removed")
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    bench.run(installer.unchecks_remote_credentials(people[0].extension))
    bench.run(installer.sees_provisioning(people[0].extension, "removing"))
