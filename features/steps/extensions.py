"""Steps about extensions, their provisioning and the SIP devices on the MBG (stages 3 to 5)."""

from pathlib import Path

import pytest
from pytest_bdd import given, parsers, then, when

from features.actors.gateway import Gateway
from features.actors.installer import Installer
from features.offered import Offered
from features.portal import Bench
from features.verdicts.applicability import Capability
from simulators.estate.estate import Estate
from simulators.mbg.records.devices import Device, weak
from simulators.phone.people import Person

HAND_MADE = "made-by-hand-1"
NAME = "ada.home-2101"


@given("the MBG has a SIP user for the teleworker's extension", target_fixture="hand_made")
@when("the MBG has a SIP user for the teleworker's extension", target_fixture="hand_made")
def _(bench: Bench, estate: Estate, people: list[Person]) -> Device:
    return bench.call(_made_by_hand, estate, people[0])


def _made_by_hand(estate: Estate, person: Person) -> Device:
    return estate.mbg.add_device(
        icp_id="2",
        set_username="hand-made",
        set_password=HAND_MADE,
        icp_username=person.extension,
        icp_password=HAND_MADE,
    )


@given(parsers.parse('the node\'s ICP is called "{name}" on the MBG'))
def _(bench: Bench, gateway: Gateway, name: str) -> None:
    bench.call(gateway.renames_icp, "2", name)


@given(parsers.parse('the PBX has "{name}" as authorization name of the teleworker\'s extension'))
def _(bench: Bench, estate: Estate, people: list[Person], name: str) -> None:
    bench.call(estate.node.set_auth_name, people[0].extension, name)


@when("the PBX gives the teleworker's extension new credentials")
def _(bench: Bench, estate: Estate, people: list[Person]) -> None:
    bench.call(estate.node.renew_credentials, people[0].extension)


@then("the extension's SIP user gets the PBX's new password")
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    # no clock is advanced: only the CT Gateway can have told MCS
    bench.run(installer.sees_password_of_pbx(people[0].extension))


@given(
    'the installer has checked "Use remote authorization credentials" for the teleworker in vain'
)
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    bench.run(installer.checks_remote_credentials(people[0].extension))
    bench.run(installer.sees_provisioning(people[0].extension, "failed"))


@when("somebody removes the SIP user on the MBG and makes one by hand", target_fixture="hand_made")
def _(bench: Bench, installer: Installer, estate: Estate, people: list[Person]) -> Device:
    device = installer.device_of(people[0].extension)
    assert device is not None
    bench.call(estate.mbg.remove_device, device.id)
    return bench.call(_made_by_hand, estate, people[0])


@when('the installer checks "Use remote authorization credentials" for the teleworker')
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    bench.run(installer.checks_remote_credentials(people[0].extension))


@when('the installer checks "Use remote authorization credentials" for the colleague')
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    bench.run(installer.checks_remote_credentials(people[1].extension))


@when('the installer unchecks "Use remote authorization credentials" for the teleworker')
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    bench.run(installer.unchecks_remote_credentials(people[0].extension))
    bench.run(installer.sees_provisioning(people[0].extension, "off"))


@when(parsers.parse('the installer tries to enter "{password}" as the remote password'))
def _(bench: Bench, installer: Installer, people: list[Person], password: str) -> None:
    bench.run(installer.tries(installer.enters_password(people[0].extension, password)))


@when("the installer tries to enter the remote name as the remote password")
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    bench.run(installer.tries(installer.enters_password(people[0].extension, NAME, NAME)))


@then("the extension is provisioned on the MBG")
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    bench.run(installer.sees_provisioned_device(people[0].extension))


@then("the colleague's extension is provisioned on the MBG")
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    bench.run(installer.sees_provisioned_device(people[1].extension))


@then("provisioning still works")
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    bench.run(installer.checks_remote_credentials(people[0].extension))
    bench.run(installer.sees_provisioned_device(people[0].extension))


@then("the MBG has no SIP device")
def _(bench: Bench, estate: Estate) -> None:
    bench.run(estate.clock.advance(minutes=3))  # retries must not make one either
    assert estate.mbg.store.devices == {}


@then("the SIP user is removed from the MBG")
def _(estate: Estate) -> None:
    assert estate.mbg.store.devices == {}


@given("the MBG has a SIP user of the same name at another ICP", target_fixture="elsewhere")
def _(bench: Bench, estate: Estate, people: list[Person]) -> Device:
    return bench.call(
        estate.mbg.add_device,
        icp_id="1",
        set_username="elsewhere",
        set_password=HAND_MADE,
        icp_username=people[0].extension,
        icp_password=HAND_MADE,
    )


@then("the SIP user at the other ICP is as it was")
def _(estate: Estate, elsewhere: Device) -> None:
    assert estate.mbg.store.devices[elsewhere.id] == elsewhere


@then("the SIP device belongs to the node's ICP")
def _(bench: Bench, installer: Installer, estate: Estate, people: list[Person]) -> None:
    device = bench.run(installer.sees_provisioned_device(people[0].extension))
    assert device.icp_address == estate.node.address[0]


@then("the SIP user has MCS's credentials")
def _(installer: Installer, people: list[Person], hand_made: Device) -> None:
    device = installer.device_of(people[0].extension, hand_made.icp_id)
    assert device is not None
    assert device.id == hand_made.id
    assert device.set_username != hand_made.set_username
    assert device.set_password != HAND_MADE


@then("the SIP user made by hand is still there")
def _(bench: Bench, installer: Installer, people: list[Person], hand_made: Device) -> None:
    bench.run(installer.estate.clock.advance(minutes=3))
    assert installer.device_of(people[0].extension, hand_made.icp_id) == hand_made


@then(parsers.parse('MCS says of the extension that it found "{words}"'))
def _(bench: Bench, installer: Installer, people: list[Person], words: str) -> None:
    bench.run(installer.sees_message(people[0].extension, words))


@then("MCS names the node, its address and the ICPs that the MBG has")
def _(bench: Bench, installer: Installer, estate: Estate, people: list[Person]) -> None:
    message = bench.run(installer.sees_message(people[0].extension, estate.node.address[0]))
    icp = estate.mbg.store.icps["1"]
    other = estate.mbg.store.icps["2"]
    for named in (estate.node.name, icp.name, icp.address, other.name, other.address):
        assert named in message, f"expected {named!r} in: {message}"


@when(parsers.parse('provisioning of the colleague waits, and MCS says "{words}"'))
@then(parsers.parse('provisioning of the colleague waits, and MCS says "{words}"'))
def _(bench: Bench, installer: Installer, people: list[Person], words: str) -> None:
    bench.run(installer.sees_message(people[1].extension, words))
    form = bench.run(installer.authorization_form(people[1].extension))
    assert form["provisioning"]["state"] == "waiting"


@given(parsers.parse("{days:d} days have passed, and provisioning of the colleague waits"))
def _(bench: Bench, installer: Installer, people: list[Person], days: int) -> None:
    bench.run(installer.estate.clock.advance(days=days))
    bench.run(installer.checks_remote_credentials(people[1].extension))
    bench.run(installer.sees_message(people[1].extension, "Renew"))


@when(parsers.parse('provisioning of the teleworker waits, and MCS says "{words}"'))
@then(parsers.parse('provisioning of the teleworker waits, and MCS says "{words}"'))
def _(bench: Bench, installer: Installer, people: list[Person], words: str) -> None:
    bench.run(installer.sees_message(people[0].extension, words))


@then("the SIP Authorization form shows a random remote name and the MBG's id")
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    form = bench.run(installer.authorization_form(people[0].extension))
    device = installer.device_of(people[0].extension)
    assert device is not None
    assert (form["remote_name"], form["mbg_device_id"]) == (device.set_username, device.id)
    assert len(form["remote_name"]) >= 8


@then("the SIP Authorization form shows no id of the MBG")
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    form = bench.run(installer.authorization_form(people[0].extension))
    assert form["mbg_device_id"] is None


@then("saving again changes no credential")
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    before = installer.device_of(people[0].extension)
    bench.run(installer.checks_remote_credentials(people[0].extension))
    bench.run(installer.sees_provisioned_device(people[0].extension))
    assert installer.device_of(people[0].extension) == before


@then("the colleague gets other credentials, just as strong")
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    bench.run(installer.checks_remote_credentials(people[1].extension))
    bench.run(installer.sees_provisioned_device(people[1].extension))
    made = [installer.device_of(person.extension) for person in people[:2]]
    values = [v for d in made if d for v in (d.set_username, d.set_password)]
    assert len(set(values)) == 4, "two names and two passwords"
    assert all(len(d.set_password) >= 16 and not weak("", d.set_password) for d in made if d)


@then("the SIP Authorization form warns of the authorization name")
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    form = bench.run(installer.authorization_form(people[0].extension))
    names = (form["internal_auth_name"], people[0].extension)
    assert any(all(name in w for name in names) for w in form["warnings"]), form["warnings"]


@then("no credential shows on any page, in the log, in the journal or in the run's folder")
def _(
    bench: Bench,
    installer: Installer,
    estate: Estate,
    offered: Offered,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    offered.needs(Capability.LOG, Capability.RECORDS)
    estate.journal.write(tmp_path / "journal.jsonl")
    shown = {
        "the pages": bench.run(installer.sees_everything()),
        "the log": caplog.text,
        "the journal": (tmp_path / "journal.jsonl").read_text(),
    }
    wire = "\n".join(entry.detail for entry in estate.journal.entries)
    secrets = installer.all_secrets()
    assert [s for s in secrets if s in wire], "none was on the wire: hiding would mean nothing"
    for place, text in shown.items():
        assert len(text) > 100, f"{place}: {text!r} holds too little to have been looked at"
        found = [what for secret, what in secrets.items() if secret in text]
        assert found == [], f"{place} shows {found}"
