"""Steps of people at browser windows and at the keys of phones on pages."""

import pytest
from pytest_bdd import given, parsers, then, when

from features.actors.clicker import Clicker
from features.actors.form_filler import FormFiller
from features.actors.installer import Installer
from features.actors.keys import Keys
from features.actors.looker import Looker
from features.actors.teleworker import Teleworker
from features.actors.windows import Windows
from features.offered import Offered
from features.portal import Bench
from features.verdicts.applicability import Capability
from simulators.estate.estate import Estate
from simulators.phone.life.states import State
from simulators.phone.people import Person
from tests.browser import Browser

FIRMWARE = "5.1.0.6044"


@pytest.fixture
def windows(estate: Estate, offered: Offered, request: pytest.FixtureRequest) -> Windows:
    """Browser windows, closed before the estate is taken down."""
    offered.needs(Capability.PAGES)
    browser: Browser = request.getfixturevalue("browser")
    return Windows(estate, browser)


@pytest.fixture
def clicker(estate: Estate, people: list[Person], windows: Windows) -> Clicker:
    """The installer with a mouse; the people have extensions."""
    return Clicker(estate, windows)


@pytest.fixture
def filler(clicker: Clicker) -> FormFiller:
    """The same, where forms go wrong."""
    return FormFiller(clicker)


@pytest.fixture
def keys(teleworker: Teleworker, windows: Windows) -> Keys:
    """The teleworker at the phone's page."""
    return Keys(teleworker, windows.at("phones", "the teleworker"))


@given("two browser windows side by side, at the MCS's site and at the MBG's")
def _(clicker: Clicker) -> None:
    clicker.opens_windows()


# Stages 1 to 6


@when("the installer clicks through stages 1 to 3, each in its site's window")
def _(clicker: Clicker) -> None:
    clicker.enters_addresses()
    clicker.forwards_phone_port()
    clicker.adds_icp()


@when("the installer clicks through stage 4 between the two windows")
def _(clicker: Clicker) -> None:
    clicker.adds_consumer()
    clicker.enables_rest_api()
    clicker.requests_token()
    clicker.approves_token()
    clicker.retrieves_token()
    clicker.sees_valid_token()


@when("the installer clicks through stage 5 for the teleworker and the colleague")
def _(clicker: Clicker, people: list[Person]) -> None:
    for person in people[:2]:
        clicker.checks_remote_credentials(person)
        clicker.sees_provisioned(person)
        clicker.uploads_firmware(person.model, FIRMWARE)
        clicker.assigns(person)


@when("both press the keys of stage 6 on their phones")
def _(bench: Bench, clicker: Clicker, keys: Keys, colleague_keys: Keys) -> None:
    for at in (keys, colleague_keys):
        at.switches_on()
        at.enters_password("22222", then="Configuration Server")
        at.fills_in_configuration_server(clicker.estate.mbg_place.outside)
        bench.run(at.person.waits_for_registration())
        at.sees_lines()
        clicker.sees_registered(at.person.person)


@pytest.fixture
def colleague_keys(colleague: Teleworker, windows: Windows) -> Keys:
    """The colleague at another phone's page."""
    return Keys(colleague, windows.at("phones", "the colleague"))


@then("a call that the colleague dials finds the teleworker")
def _(bench: Bench, keys: Keys, colleague_keys: Keys) -> None:
    colleague_keys.dials(keys.person.person.extension)
    keys.answers()
    colleague_keys.reads("Connected")
    bench.run(keys.person.hears(colleague_keys.person))


@then("no page of any site or phone holds a secret")
def _(clicker: Clicker) -> None:
    looker = Looker(clicker)
    looker.opens_every_page()
    assert looker.secrets_seen() == []
    looker.sees_shared_secret_where_it_belongs()


# Mistakes


@when(parsers.parse("the installer makes the mistake on the pages: {mistake}"))
def _(filler: FormFiller, installer: Installer, mistake: str) -> None:
    filler.clicker.shared_secret = installer.shared_secret
    filler.makes_mistake(mistake)


@then(parsers.parse('the MCS\'s page says "{words}"'))
def _(filler: FormFiller, words: str) -> None:
    filler.reads_problem(words)


@then(parsers.parse("what was typed stands there still, but for secrets: {field}"))
def _(filler: FormFiller, field: str) -> None:
    filler.finds_typed(field)


@when('the installer checks "Use remote authorization credentials" on the extension\'s page')
def _(clicker: Clicker, people: list[Person]) -> None:
    clicker.checks_remote_credentials(people[0])


@then("the extension's page names the node, its address and the ICPs that the MBG has")
def _(filler: FormFiller) -> None:
    filler.reads_icp_mismatch()


@then("the MBG's page lists no SIP device")
def _(filler: FormFiller) -> None:
    filler.finds_no_device()


@then("the extension is provisioned once the ICP is put right and Retry is pressed")
def _(filler: FormFiller, people: list[Person]) -> None:
    filler.puts_icp_right()
    filler.retries(people[0])
    filler.clicker.sees_provisioned(people[0])


@when(parsers.parse('the teleworker presses the password "{password}" on the phone'))
def _(bench: Bench, keys: Keys, password: str) -> None:
    keys.switches_on()
    keys.enters_password(password, then="Wrong password")


@then(parsers.parse('the phone\'s screen says "{words}"'))
def _(keys: Keys, words: str) -> None:
    keys.reads(words)
    assert keys.person.phone.state is State.IDLE
    assert keys.person.phone.reboots == 0


# Forms


@when("the installer types a port that is none into a form of each site")
def _(filler: FormFiller) -> None:
    filler.types_wrong_ports()


@then("each page says what is wrong, and all that was typed stands there still")
def _(filler: FormFiller) -> None:
    filler.finds_wrong_ports()


@then("the node and the forwarding rules are as they were")
def _(bench: Bench, installer: Installer, estate: Estate) -> None:
    assert bench.run(installer.node_page())["nat_ip_address"] == estate.mbg_place.outside
    assert len(estate.mbg.forwards) == 1


@given("the installer reads Client Locations at the MCS")
def _(filler: FormFiller) -> None:
    filler.leaves_live_pages()


@when("the installer follows a link in each window")
def _(filler: FormFiller) -> None:
    filler.follows_link_after_the_end()


@then("each window asks for a log-in, and leads on to the page that was wanted")
def _(filler: FormFiller) -> None:
    filler.is_led_back()


@when("the installer double-clicks Add for a phone and Save for an ICP")
def _(filler: FormFiller) -> None:
    filler.double_clicks()


@then("there is one such phone in MCS and one such ICP on the MBG")
def _(filler: FormFiller) -> None:
    filler.finds_one_of_each()
