"""Steps about phones on the local network, and about credentials typed by hand (PHN-1, PRV-4)."""

from pytest_bdd import given, then, when

from features.actors.installer import Installer
from features.actors.office import Office
from features.actors.teleworker import Teleworker
from features.portal import Bench
from simulators.estate.estate import Estate
from simulators.journal import HttpEntry
from simulators.mbg.records.devices import Device
from simulators.phone.people import Person

SIP_VERSION, BOOT_VERSION = "5.1.0.6044", "2.0.0.1"
TYPED_NAME, TYPED_PASSWORD = "ada.home", "typed-On-both-1"


@given("MCS has boot loader and SIP firmware for the colleague's phone")
def _(bench: Bench, installer: Installer, office: Office) -> None:
    model = office.person.model
    bench.run(installer.uploads_firmware(model, SIP_VERSION))
    bench.run(installer.uploads_firmware(model, BOOT_VERSION, kind="boot"))


@when("a colleague plugs in a new phone in the office")
def _(bench: Bench, office: Office) -> None:
    bench.run(office.plugs_in_new_phone())


@given("a colleague has connected a phone in the office")
def _(bench: Bench, office: Office) -> None:
    bench.run(office.plugs_in())


@when("the colleague presses Setup and chooses the own extension")
def _(bench: Bench, office: Office) -> None:
    assert bench.run(office.phone.choose_extension(office.person.extension)), office.phone.screen


@when("the colleague presses Setup and looks for the teleworker's extension")
def _(bench: Bench, office: Office, teleworker: Teleworker) -> None:
    assert not bench.run(office.phone.choose_extension(teleworker.person.extension))


@when("the installer assigns the colleague's extension")
def _(bench: Bench, installer: Installer, office: Office) -> None:
    bench.run(installer.assigns(office.person))


@then("it is not offered")
def _(office: Office, teleworker: Teleworker, people: list[Person]) -> None:
    shown = " ".join(office.phone.screen.lines)
    assert office.person.extension in shown, f"the list is not on the screen: {shown!r}"
    assert teleworker.person.extension not in shown
    assert not office.phone.registered


@then("the phone took boot loader and SIP firmware by TFTP")
def _(bench: Bench, office: Office) -> None:
    bench.run(office.runs_sip_firmware(SIP_VERSION))
    installed = office.events("firmware installed")
    assert [e.facts["kind"] for e in installed] == ["boot", "sip"], installed
    assert [e.facts["version"] for e in installed] == [BOOT_VERSION, SIP_VERSION]
    assert not any(
        isinstance(e, HttpEntry) and e.frm == office.phone.role and e.path.endswith(".boot.st")
        for e in office.estate.journal.entries
    ), "a boot loader came by HTTP"


@then('the Phones page shows the colleague\'s phone as "local" with SIP firmware')
def _(bench: Bench, installer: Installer, office: Office) -> None:
    phone = bench.run(installer.sees_phone(office.person.mac))
    assert (phone["location"], phone["firmware"]) == ("local", SIP_VERSION)


@then("the colleague's phone has no SIP firmware")
def _(office: Office) -> None:
    assert office.phone.firmware_kind == "minet"
    assert not office.phone.registered


@then("MCS does not know the colleague's phone")
def _(bench: Bench, installer: Installer, office: Office) -> None:
    refusal = bench.run(installer.tries(installer.sees_phone(office.person.mac)))
    assert refusal is not None and refusal.status == 404


@then("the colleague's phone registers at the PBX itself without waiting for its poll")
def _(bench: Bench, office: Office, estate: Estate) -> None:
    # no clock is advanced: only a push can have told the phone
    bench.run(office.waits_for_registration())
    assert office.registers_at() == estate.node.address


# Typed on both sides


@given("a site ready for teleworkers, without the Rest API")
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.prepares_site())


@given(
    "the MBG has a SIP user for the teleworker's extension with the PBX's credentials",
    target_fixture="hand_made",
)
def _(bench: Bench, estate: Estate, people: list[Person]) -> Device:
    at_pbx = estate.node.extensions[people[0].extension]
    return bench.call(
        estate.mbg.add_device,
        icp_id="2",
        set_username=TYPED_NAME,
        set_password=TYPED_PASSWORD,
        icp_username=at_pbx.auth_name,
        icp_password=at_pbx.auth_password,
    )


@when("the installer types the same remote name and password into MCS")
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    bench.run(installer.enters_password(people[0].extension, TYPED_PASSWORD, TYPED_NAME))
    bench.run(installer.assigns(people[0]))


@when("the installer types another remote password into MCS")
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    bench.run(installer.enters_password(people[0].extension, "mistyped-On-one-2", TYPED_NAME))
    bench.run(installer.assigns(people[0]))


@when("the teleworker's phone is pointed at MCS")
def _(bench: Bench, teleworker: Teleworker) -> None:
    bench.run(teleworker.plugs_in())
    assert bench.run(teleworker.points_phone_at_mcs())


@then("the SIP user typed by hand is as it was, and the only one")
def _(bench: Bench, estate: Estate, hand_made: Device) -> None:
    bench.run(estate.clock.advance(minutes=3))
    (device,) = estate.mbg.store.devices.values()
    assert (device.id, device.set_username, device.set_password) == (
        hand_made.id,
        TYPED_NAME,
        TYPED_PASSWORD,
    )
    assert device.created_by == hand_made.created_by


@then("the phone's registration is refused with 401")
def _(bench: Bench, teleworker: Teleworker) -> None:
    assert bench.run(teleworker.hears_refusal()).status == 401
    assert not teleworker.is_registered_at_pbx()
