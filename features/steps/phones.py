"""Steps about phones at home and in the office (stages 1, 2 and 6)."""

import pytest
from pytest_bdd import given, parsers, then, when

from features.actors.installer import Installer
from features.actors.office import Office
from features.actors.teleworker import Teleworker
from features.portal import Bench
from simulators.estate.estate import Estate
from simulators.journal import HttpEntry, LostEntry, SipEntry
from simulators.phone.life.states import State
from simulators.phone.people import Person

FIRMWARE = "5.1.0.6044"


@pytest.fixture
def office(estate: Estate, bench: Bench, people: list[Person]) -> Office:
    """The third of the people, in the office with a phone on the LAN."""
    return bench.call(Office, estate, people[2])


# What people do


@given("the teleworker has connected the phone at home")
@when("the teleworker connects the phone at home")
def _(bench: Bench, teleworker: Teleworker) -> None:
    bench.run(teleworker.plugs_in())
    assert bench.run(teleworker.points_phone_at_mcs())


@when("a colleague connects a phone in the office")
def _(bench: Bench, office: Office) -> None:
    bench.run(office.plugs_in())


@given("the installer has provisioned and assigned the teleworker")
@when("the installer provisions and assigns the teleworker")
def _(bench: Bench, installer: Installer, teleworker: Teleworker) -> None:
    bench.run(installer.uploads_firmware(teleworker.person.model, FIRMWARE))
    bench.run(installer.provisions_and_assigns(teleworker.person))


@when("the installer goes through stage 5: the teleworker's extension")
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    bench.run(installer.uploads_firmware(people[0].model, FIRMWARE))
    bench.run(installer.provisions_and_assigns(people[0]))


@when("the teleworker goes through stage 6: the phone")
def _(bench: Bench, teleworker: Teleworker) -> None:
    bench.run(teleworker.plugs_in())
    assert bench.run(teleworker.points_phone_at_mcs())


@given("the teleworker's phone is deployed and registered")
def _(bench: Bench, installer: Installer, teleworker: Teleworker) -> None:
    bench.run(installer.uploads_firmware(teleworker.person.model, FIRMWARE))
    bench.run(installer.provisions_and_assigns(teleworker.person))
    bench.run(teleworker.plugs_in())
    assert bench.run(teleworker.points_phone_at_mcs())
    bench.run(teleworker.waits_for_registration())


@when("the teleworker's phone is deployed")
def _(bench: Bench, installer: Installer, teleworker: Teleworker) -> None:
    bench.run(installer.uploads_firmware(teleworker.person.model, FIRMWARE))
    bench.run(installer.provisions_and_assigns(teleworker.person))
    bench.run(teleworker.plugs_in())
    assert bench.run(teleworker.points_phone_at_mcs())


@given("the colleague's phone is deployed at home")
@when("the colleague's phone is deployed at home")
def _(bench: Bench, installer: Installer, colleague: Teleworker) -> None:
    bench.run(installer.provisions_and_assigns(colleague.person))
    bench.run(colleague.plugs_in())
    assert bench.run(colleague.points_phone_at_mcs())


@given("a colleague's phone is deployed in the office")
@when("a colleague's phone is deployed in the office")
def _(bench: Bench, installer: Installer, office: Office) -> None:
    bench.run(installer.assigns(office.person))
    bench.run(office.plugs_in())


@when("the colleague in the office calls the teleworker")
def _(bench: Bench, office: Office, teleworker: Teleworker) -> None:
    bench.run(office.calls(teleworker))


@when("the teleworker calls the colleague in the office")
def _(bench: Bench, office: Office, teleworker: Teleworker) -> None:
    bench.run(teleworker.calls(office))


@when("the teleworker answers")
def _(bench: Bench, teleworker: Teleworker) -> None:
    bench.run(teleworker.answers())


@when("the colleague in the office answers")
def _(bench: Bench, office: Office) -> None:
    bench.run(office.answers())


@when(parsers.parse('the teleworker points the phone at MCS with the password "{password}"'))
def _(bench: Bench, teleworker: Teleworker, password: str) -> None:
    bench.run(teleworker.plugs_in())
    assert bench.run(teleworker.points_phone_at_mcs(password)) == (password == "22222")


@when("the teleworker points the phone at MCS with Cert Validation on")
def _(bench: Bench, teleworker: Teleworker) -> None:
    bench.run(teleworker.plugs_in())
    bench.run(teleworker.points_phone_at_mcs_with_validation())


@then("the phone says that the certificate was refused")
def _(bench: Bench, teleworker: Teleworker) -> None:
    bench.run(teleworker.sees_certificate_refused())
    assert "ertificate" in teleworker.phone.screen.message


@when("the teleworker plugs in a phone with MiNET firmware at home")
def _(bench: Bench, teleworker: Teleworker) -> None:
    bench.run(teleworker.plugs_in_minet_phone())


@when(parsers.parse("the teleworker's phone loses power for {minutes:d} minutes"))
def _(bench: Bench, teleworker: Teleworker, estate: Estate, minutes: int) -> None:
    bench.run(teleworker.phone.power_off())
    bench.run(estate.clock.advance(minutes=minutes))


@when("the colleague's phone tries again")
def _(bench: Bench, colleague: Teleworker) -> None:
    bench.run(colleague.restarts_phone())


@when("the password of the teleworker's SIP user is changed on the MBG")
def _(bench: Bench, installer: Installer, teleworker: Teleworker) -> None:
    bench.call(installer.changes_device_password, teleworker.person.extension)


# What is to be seen of them


@then("the teleworker's extension is registered at the PBX")
def _(bench: Bench, teleworker: Teleworker) -> None:
    bench.run(teleworker.waits_for_registration())
    assert teleworker.is_registered_at_pbx()


@then("the colleague's extension is registered at the PBX")
def _(bench: Bench, colleague: Teleworker) -> None:
    bench.run(colleague.waits_for_registration())
    assert colleague.is_registered_at_pbx()


@then("10 minutes later the teleworker's phone still works")
def _(bench: Bench, teleworker: Teleworker, estate: Estate) -> None:
    bench.run(estate.clock.advance(minutes=10))  # it has registered again twice
    assert teleworker.phone.registered
    assert teleworker.is_registered_at_pbx()


@then("the teleworker's phone still works")
def _(teleworker: Teleworker) -> None:
    assert teleworker.phone.registered
    assert teleworker.is_registered_at_pbx()


@then("the phone registers at the MBG's external address and SIP port")
def _(bench: Bench, teleworker: Teleworker, estate: Estate) -> None:
    bench.run(teleworker.waits_for_registration())
    assert teleworker.registers_at() == estate.mbg_place.sip_outside


@then("the colleague's phone registers at the PBX itself")
def _(bench: Bench, office: Office, estate: Estate) -> None:
    bench.run(office.waits_for_registration())
    assert office.registers_at() == estate.node.address


@then("nobody answers the phone's registration")
def _(bench: Bench, teleworker: Teleworker) -> None:
    bench.run(teleworker.gives_up())
    assert teleworker.phone.state is State.TIMED_OUT
    assert teleworker.tried_to_register() > 1, "the journal should show each try"


@then(parsers.parse("the phone's next registration is refused with {status}"))
def _(bench: Bench, teleworker: Teleworker, status: str) -> None:
    assert teleworker.set_username, "the phone never had an account"
    assert bench.run(teleworker.is_refused_by_mbg()).facts["status"] == status
    assert not teleworker.phone.registered
    assert not teleworker.is_registered_at_pbx()


@then("the PBX no longer has the teleworker's extension registered")
def _(bench: Bench, teleworker: Teleworker) -> None:
    bench.run(teleworker.waits_for_unregistration())
    assert teleworker.estate.mbg.licences.in_use == 0


@given("the colleague's phone at home was refused for want of a licence")
def _(bench: Bench, installer: Installer, colleague: Teleworker) -> None:
    bench.run(installer.provisions_and_assigns(colleague.person))
    bench.run(colleague.plugs_in())
    assert bench.run(colleague.points_phone_at_mcs())
    assert bench.run(colleague.hears_refusal()).status == 403


@then("the colleague's phone is refused for want of a licence")
def _(bench: Bench, colleague: Teleworker) -> None:
    refusal = bench.run(colleague.hears_refusal())
    assert (refusal.status, "licence" in refusal.warning) == (403, True), refusal


@then(parsers.parse('the phone is refused because "{reason}"'))
def _(bench: Bench, teleworker: Teleworker, reason: str) -> None:
    refusal = bench.run(teleworker.hears_refusal())
    assert reason in refusal.warning, refusal


@then("the phone has no configuration")
def _(teleworker: Teleworker) -> None:
    assert teleworker.phone.layers.server == {}


@then("the phone took its files and its firmware through the MBG")
def _(bench: Bench, teleworker: Teleworker, estate: Estate) -> None:
    bench.run(teleworker.waits_for_registration())
    model, mac = teleworker.phone.model.name, teleworker.phone.identity.mac
    taken = [entry.path for entry in asked_by(estate, teleworker)]
    assert taken[:3] == ["/startup.cfg", f"/{model}.cfg", f"/{mac}.cfg"], taken
    assert f"{model}.st" in [path.rpartition("/")[2] for path in taken], taken
    place, port = estate.mbg_place, estate.config.mbg.forwarded_port
    sources = {e.source for e in asked_by(estate, teleworker)}
    assert sources == {(place.outside, port)}, f"asked elsewhere than at the MBG: {sources}"
    if estate.mbgs:
        assert sum(f.octets_out for f in estate.mbg.forwards.values()) > 16_384


def asked_by(estate: Estate, user: Teleworker) -> list[HttpEntry]:
    """What the phone was answered by HTTP."""
    entries = estate.journal.entries
    return [e for e in entries if isinstance(e, HttpEntry) and e.to == user.phone.role]


@then("the phone took new firmware and restarted")
def _(bench: Bench, teleworker: Teleworker) -> None:
    bench.run(teleworker.waits_for_registration())
    assert teleworker.phone.firmware_version == FIRMWARE
    assert teleworker.phone.reboots >= 2, "one for the menu, one for the firmware"


@then(parsers.parse("the journal names the cause: {reason}"))
def _(estate: Estate, reason: str) -> None:
    lost = [entry for entry in estate.journal.entries if isinstance(entry, LostEntry)]
    assert reason in {entry.reason for entry in lost}


@then("every URI in the phone's configuration begins at the MBG's external address")
def _(teleworker: Teleworker, estate: Estate) -> None:
    assert teleworker.uris() == {f"https://{estate.mbg_place.outside}:8202"}


@then("every URI in the colleague's phone begins at MCS's own address")
def _(office: Office, estate: Estate) -> None:
    assert office.uris() == {f"https://{estate.claim.plan.mcs}:8202"}


@then("the phone is told to register at the MBG's external address, not at the remote address")
def _(teleworker: Teleworker, estate: Estate) -> None:
    assert teleworker.registers_at() == estate.mbg_place.sip_outside
    assert teleworker.uris() == {f"https://{estate.claim.plan.node(9)}:8202"}


@then("the phone is told to register at the NAT address, not at the remote address")
def _(teleworker: Teleworker, estate: Estate) -> None:
    assert teleworker.registers_at()[0] == estate.claim.plan.node(9)
    assert teleworker.uris() == {f"https://{estate.mbg_place.outside}:8202"}


@then("the phone does not let anybody in")
def _(teleworker: Teleworker) -> None:
    assert teleworker.phone.local_configuration == {}
    assert teleworker.phone.reboots == 0


@then("the phone stays a MiNET phone")
def _(bench: Bench, teleworker: Teleworker, estate: Estate) -> None:
    assert not bench.run(teleworker.points_phone_at_mcs()), "its menu has no Configuration Server"
    bench.run(estate.clock.advance(minutes=10))
    assert teleworker.phone.state is State.MINET
    assert teleworker.phone.firmware_kind == "minet"


@then(parsers.parse('the phone\'s top softkeys show "{first}" and "{second}"'))
def _(teleworker: Teleworker, first: str, second: str) -> None:
    keys = [key for key in teleworker.phone.keys if key.kind == "topsoftkey"]
    assert [(key.type, key.label, key.line) for key in keys] == [
        ("line", first, 1),
        ("line", second, 2),
    ]


@when(parsers.parse('the phone offers no "{label}" key'))
@then(parsers.parse('the phone offers no "{label}" key'))
def _(teleworker: Teleworker, label: str) -> None:
    assert label not in teleworker.labels("topsoftkey") + teleworker.labels("softkey")


@then(parsers.parse('the colleague\'s phone offers no "{label}" key'))
def _(office: Office, label: str) -> None:
    assert office.phone.registered
    assert label not in office.labels("topsoftkey") + office.labels("softkey")


@then(parsers.parse('the colleague\'s phone offers a "{label}" key'))
def _(office: Office, label: str) -> None:
    assert label in office.labels("softkey")


@then(parsers.parse("the phone has renewed its registration at least {times:d} times"))
def _(teleworker: Teleworker, estate: Estate, times: int) -> None:
    accepted = [
        entry
        for entry in estate.journal.entries
        if isinstance(entry, SipEntry) and entry.to == teleworker.phone.role and entry.status == 200
    ]
    assert len(accepted) > times


@then("the registration was never lost")
def _(estate: Estate) -> None:
    losses = {"device unregistered", "extension unregistered", "registration expired"}
    assert [e.summary for e in estate.journal.entries if e.summary in losses] == []


@then("both hear each other")
def _(bench: Bench, teleworker: Teleworker, office: Office) -> None:
    bench.run(teleworker.hears(office))
    bench.run(office.hears(teleworker))


@then("the teleworker's voice comes through the MBG alone")
def _(teleworker: Teleworker, office: Office, estate: Estate) -> None:
    ends = {phone: phone.audio[1].heard_from for phone in (teleworker.phone, office.phone)}
    hosts = [None if at is None else at[0] for at in ends.values()]
    assert hosts == [estate.mbg_place.outside, estate.mbg_place.inside]


@then("the colleague in the office is told that nobody is there")
def _(bench: Bench, office: Office) -> None:
    assert bench.run(office.hears_why_not()) == "Not available"


@then("the PBX reaches the extension at the MBG's internal address")
def _(teleworker: Teleworker, estate: Estate) -> None:
    binding = estate.node.binding(teleworker.person.extension)
    assert binding is not None
    host, port = estate.mbg_place.sip_inside
    assert f"@{host}:{port}" in binding.contact


@when("the teleworker's SIP user gets another ICP-side password than the PBX's")
def _(bench: Bench, estate: Estate, teleworker: Teleworker) -> None:
    bench.run(teleworker.phone.power_off())
    bench.call(estate.mbg.store.patch, "1", {"icp_password": "none-of-the-pbx-1"})
    bench.run(teleworker.plugs_in())


@then("the phone is refused by the ICP")
def _(bench: Bench, teleworker: Teleworker) -> None:
    assert bench.run(teleworker.hears_refusal()).status == 403


@then("6 minutes later the registration is over")
def _(bench: Bench, teleworker: Teleworker, estate: Estate) -> None:
    bench.run(estate.clock.advance(minutes=6))
    assert not teleworker.phone.registered


@then("every teleworker licence is free")
def _(estate: Estate) -> None:
    assert estate.mbg.licences.in_use == 0
