"""Steps about what the manual warns of."""

from pytest_bdd import given, parsers, then, when

from features.actors.firewall import REASON, phone_behind
from features.actors.installer import Installer
from features.actors.office import Office
from features.actors.passerby import Passerby
from features.actors.teleworker import Teleworker
from features.portal import Bench
from simulators.estate.estate import Estate
from simulators.journal import Happened, LostEntry
from simulators.phone.calls.line_table import Activity
from simulators.phone.life.states import State
from simulators.phone.people import Person

UNHEARD_MINUTES = 1.0


@given("the PBX has SIP UDP Listening Port switched off")
def _(site_plan: dict[str, dict[str, object]]) -> None:
    site_plan["pbx"] = {"udp_listening": False}


@when("the installer switches SIP UDP Listening Port on")
def _(bench: Bench, estate: Estate) -> None:
    bench.call(setattr, estate.node, "udp_listening", True)
    bench.run(estate.clock.advance(minutes=10))


@then("nobody answers the colleague's phone yet, and the PBX says that it needs a reboot")
def _(office: Office, estate: Estate) -> None:
    assert office.phone.state is State.TIMED_OUT
    assert estate.node.reboot_needed


@then("after a reboot of the PBX the colleague's phone registers")
def _(bench: Bench, office: Office, estate: Estate) -> None:
    bench.run(estate.pbx.reboot(estate.node))
    bench.run(estate.clock.advance(minutes=10))
    bench.run(office.waits_for_registration())


@given("the teleworker's home has a firewall that lets no audio out")
def _(bench: Bench, estate: Estate, teleworker: Teleworker) -> None:
    teleworker.phone = bench.call(phone_behind, estate, teleworker.person)


@then("the colleague in the office hears nothing, and the journal names the firewall")
def _(bench: Bench, office: Office, teleworker: Teleworker, estate: Estate) -> None:
    bench.run(teleworker.hears(office))
    bench.run(estate.clock.advance(minutes=UNHEARD_MINUTES))
    assert office.phone.call is not None and office.phone.call.activity is Activity.CONNECTED
    said = [e for e in estate.journal.entries if isinstance(e, Happened)]
    told = {(e.frm, e.name) for e in said if e.name.startswith("audio")}
    assert (office.phone.role, "audio heard") not in told
    lost = [e for e in estate.journal.entries if isinstance(e, LostEntry)]
    assert REASON in {entry.reason for entry in lost}


@given("the installer has assigned the teleworker's extension without remote credentials")
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    bench.run(installer.assigns(people[0]))


@then("the phone has files, but no account")
def _(teleworker: Teleworker) -> None:
    assert teleworker.phone.layers.server, "it has no files"
    assert not teleworker.phone.accounts


@then(parsers.parse('the phone\'s history in MCS says "{words}"'))
def _(bench: Bench, installer: Installer, teleworker: Teleworker, words: str) -> None:
    told = bench.run(installer.phone_history(teleworker.person.mac))
    assert words in told, told


@then('the phone registers once the installer has checked "Use remote authorization credentials"')
def _(bench: Bench, installer: Installer, teleworker: Teleworker, estate: Estate) -> None:
    bench.run(installer.checks_remote_credentials(teleworker.person.extension))
    bench.run(installer.sees_provisioned_device(teleworker.person.extension))
    bench.run(estate.clock.advance(minutes=3))
    bench.run(teleworker.waits_for_registration())


@when("somebody outside asks for the phone's file with a browser", target_fixture="given_out")
def _(bench: Bench, estate: Estate, people: list[Person]) -> tuple[int, str]:
    return bench.run(Passerby(estate).asks_for(f"/{people[0].mac}.cfg"))


@then("MCS gives no file and no hint")
def _(given_out: tuple[int, str], people: list[Person]) -> None:
    status, text = given_out
    assert status in (403, 404), given_out
    assert people[0].extension not in text and "sip line" not in text


@then("the teleworker's phone gets its extension all the same")
def _(bench: Bench, teleworker: Teleworker) -> None:
    bench.run(teleworker.plugs_in())
    assert bench.run(teleworker.points_phone_at_mcs())
    bench.run(teleworker.waits_for_registration())


@given("somebody once typed another SIP password on the teleworker's phone")
def _(bench: Bench, teleworker: Teleworker) -> None:
    bench.call(teleworker.phone.enter, {"sip line1 password": "typed-long-ago-1"})


@given(
    parsers.parse(
        'somebody once typed "{text}" as administrator password on the teleworker\'s phone'
    )
)
def _(bench: Bench, teleworker: Teleworker, text: str) -> None:
    bench.call(teleworker.phone.enter, {"admin password": text})


@then("the phone registers once its own settings are erased")
def _(bench: Bench, teleworker: Teleworker) -> None:
    bench.call(teleworker.phone.erase_local_configuration)
    bench.run(teleworker.restarts_phone())
    assert bench.run(teleworker.points_phone_at_mcs())
    bench.run(teleworker.waits_for_registration())
