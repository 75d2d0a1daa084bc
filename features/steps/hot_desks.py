"""Steps about hot desks (stage 5, EXT-7)."""

import pytest
from pytest_bdd import given, then, when

from features.actors.desk_sharer import EXTENSION, PASSCODE, WRONG_PASSCODE, DeskSharer
from features.actors.installer import Installer
from features.actors.office import Office
from features.actors.teleworker import PhoneUser, Teleworker
from features.portal import Bench
from simulators.estate.estate import Estate
from simulators.phone.life.states import State


@pytest.fixture
def sharer(estate: Estate) -> DeskSharer:
    """Somebody whose extension is a hot desk."""
    return DeskSharer(estate)


@given("the PBX has a SIP Hot Desk extension")
def _(bench: Bench, estate: Estate) -> None:
    bench.call(estate.node.add_extension, EXTENSION, "Hot Desk", hot_desk=True, passcode=PASSCODE)


@given("the hot desk is provisioned for remote use")
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.checks_remote_credentials(EXTENSION))
    bench.run(installer.sees_provisioned_device(EXTENSION))


@given("somebody has logged in as the hot desk on the teleworker's phone")
@when("somebody logs in as the hot desk on the teleworker's phone")
def _(bench: Bench, sharer: DeskSharer, teleworker: Teleworker, estate: Estate) -> None:
    assert bench.run(sharer.logs_in_at(teleworker)), teleworker.phone.screen
    bench.run(sharer.is_registered(estate.mbg_place.inside))


@when("somebody logs in as the hot desk on the colleague's phone")
def _(bench: Bench, sharer: DeskSharer, office: Office) -> None:
    bench.run(office.waits_for_registration())
    assert bench.run(sharer.logs_in_at(office)), office.phone.screen


@when("somebody dials the hot desk's feature code at the colleague's phone")
def _(bench: Bench, sharer: DeskSharer, office: Office) -> None:
    bench.run(sharer.dials_feature_code(office))


@when("somebody tries to log in as the hot desk on the teleworker's phone")
def _(bench: Bench, sharer: DeskSharer, teleworker: Teleworker) -> None:
    assert not bench.run(sharer.logs_in_at(teleworker))


@when("somebody tries to log in as the hot desk with a wrong passcode")
def _(bench: Bench, sharer: DeskSharer, teleworker: Teleworker) -> None:
    assert not bench.run(sharer.logs_in_at(teleworker, WRONG_PASSCODE))


@when("the power fails at the teleworker's home and comes back")
def _(bench: Bench, sharer: DeskSharer, teleworker: Teleworker, estate: Estate) -> None:
    bench.run(teleworker.phone.power_off())
    bench.run(estate.clock.advance(minutes=10))
    sharer.mark = estate.journal.mark()
    bench.run(teleworker.plugs_in())


@when("the colleague in the office calls the hot desk")
def _(bench: Bench, office: Office, sharer: DeskSharer) -> None:
    bench.run(office.waits_for_registration())
    bench.call(office.phone.dial, sharer.extension)


@then("the hot desk is registered at the PBX through the MBG")
def _(
    bench: Bench,
    sharer: DeskSharer,
    installer: Installer,
    teleworker: Teleworker,
    estate: Estate,
) -> None:
    bench.run(sharer.is_registered(estate.mbg_place.inside))
    bench.run(teleworker.phone.until(State.REGISTERED))
    device = installer.device_of(sharer.extension)
    assert device is not None
    account = teleworker.phone.accounts[1]
    assert account.auth_username == device.set_username, "the phone has another account"
    assert account.registrar[0] == estate.mbg_place.outside


@then("the hot desk is registered at the PBX from the office")
def _(bench: Bench, sharer: DeskSharer, office: Office, estate: Estate) -> None:
    bench.run(sharer.is_registered(office.phone.home_address))
    assert office.registers_at() == estate.node.address


@then("after the log-out the teleworker's extension is registered at the PBX")
def _(bench: Bench, sharer: DeskSharer, teleworker: Teleworker) -> None:
    _has_its_own_extension_again(bench, sharer, teleworker)


@then("after the log-out the colleague's extension is registered at the PBX")
def _(bench: Bench, sharer: DeskSharer, office: Office) -> None:
    _has_its_own_extension_again(bench, sharer, office)


def _has_its_own_extension_again(bench: Bench, sharer: DeskSharer, user: PhoneUser) -> None:
    assert not user.is_registered_at_pbx(), "the phone had two extensions"
    assert bench.run(sharer.logs_out())
    bench.run(user.waits_for_registration())
    assert "Hot Desk" in user.labels("softkey"), "the key offers a log-in again"


@then("3 minutes later the teleworker's phone has its own extension again")
def _(bench: Bench, teleworker: Teleworker, estate: Estate) -> None:
    bench.run(estate.clock.advance(minutes=3))
    bench.run(teleworker.waits_for_registration())
    assert "Hot Desk" in teleworker.labels("softkey")


@then("the phone's screen says that the hot desk has no remote credentials")
def _(teleworker: Teleworker) -> None:
    shown = teleworker.phone.screen
    assert "emote" in f"{shown.title} {' '.join(shown.lines)} {shown.message}", shown


@then("the phone's screen says that extension and passcode do not match")
def _(teleworker: Teleworker) -> None:
    shown = teleworker.phone.screen
    assert "match" in f"{shown.title} {' '.join(shown.lines)} {shown.message}", shown


@then("the phone kept its own extension all the time")
def _(bench: Bench, sharer: DeskSharer, teleworker: Teleworker, estate: Estate) -> None:
    bench.run(estate.clock.advance(minutes=10))
    assert teleworker.is_registered_at_pbx()
    assert sharer.lost_by(teleworker) == []
    assert not estate.node.is_registered(sharer.extension)
