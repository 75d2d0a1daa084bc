"""Steps about Phone Manager's softphone (ADR-5, ADR-7)."""

import pytest
from pytest_bdd import given, then, when

from features.actors.computer_user import ComputerUser, makes_user
from features.actors.installer import Installer
from features.portal import Bench
from simulators.estate.estate import Estate
from simulators.phone.people import Person
from simulators.softphone.states import State


@pytest.fixture
def computer(estate: Estate, people: list[Person]) -> ComputerUser:
    """The first of the people, with a computer."""
    return ComputerUser(estate, people[0])


@given("a site ready for teleworkers and for Phone Manager")
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.prepares_site())
    bench.run(installer.forwards_phone_manager_port())
    bench.run(installer.completes_token_exchange())


@given("the teleworker may use Phone Manager")
def _(bench: Bench, installer: Installer, computer: ComputerUser) -> None:
    bench.run(makes_user(installer, computer))


@given("the teleworker may use Phone Manager and has a provisioned extension")
def _(bench: Bench, installer: Installer, computer: ComputerUser) -> None:
    bench.run(makes_user(installer, computer))
    bench.run(installer.checks_remote_credentials(computer.person.extension))
    bench.run(installer.sees_provisioned_device(computer.person.extension))


@when("the installer enters a remote address that nobody has")
def _(bench: Bench, installer: Installer, estate: Estate) -> None:
    bench.run(installer.enters_remote_address(estate.claim.plan.outside_of_mbg(9)))


@when("the teleworker opens Phone Manager at home")
def _(bench: Bench, computer: ComputerUser) -> None:
    bench.run(computer.opens_at_home())


@when("the teleworker opens Phone Manager in the office")
def _(bench: Bench, computer: ComputerUser) -> None:
    bench.run(computer.opens_in_office())


@when("takes the computer home")
def _(bench: Bench, computer: ComputerUser) -> None:
    bench.run(computer.takes_computer_home())


@then("the softphone is registered through the MBG")
def _(bench: Bench, computer: ComputerUser, estate: Estate) -> None:
    bench.run(computer.is_registered())
    assert computer.phone.account is not None
    assert computer.phone.account.registrar == estate.mbg_place.outside
    assert computer.phone.location == "remote"
    assert estate.node.is_registered(computer.person.extension)


@then("the softphone is registered with the node")
def _(bench: Bench, computer: ComputerUser, estate: Estate) -> None:
    bench.run(computer.is_registered())
    assert computer.phone.account is not None
    assert computer.phone.account.registrar == estate.node.address[0]
    assert computer.phone.location == "local"
    assert estate.node.is_registered(computer.person.extension)


@then("MCS saw Phone Manager at the MBG's internal address")
def _(bench: Bench, installer: Installer, computer: ComputerUser, estate: Estate) -> None:
    assert computer.spoke_with_mcs(), "nothing was said to MCS"
    sources = bench.run(installer.sees_log_ins_from(computer.name))
    assert sources == {estate.mbg_place.inside}


@then("the MBG has not heard of the softphone")
def _(computer: ComputerUser) -> None:
    assert not computer.was_heard_by_mbg()


@then("Phone Manager says that MCS was not found")
def _(bench: Bench, computer: ComputerUser) -> None:
    assert "MCS not found" in bench.run(computer.says(State.NOT_FOUND))


@then("Phone Manager says that the extension is not provisioned")
def _(bench: Bench, computer: ComputerUser) -> None:
    assert "emote" in bench.run(computer.says(State.NO_SOFTPHONE))


@then("the softphone is told that no teleworker licence is free")
def _(bench: Bench, computer: ComputerUser, estate: Estate) -> None:
    assert "teleworker licence" in bench.run(computer.says(State.REFUSED))
    assert not estate.node.is_registered(computer.person.extension)
