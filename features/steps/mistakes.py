"""Steps about people's mistakes, and about phones, people and nodes that are mixed up or moved."""

from pytest_bdd import given, parsers, then, when

from features.actors import mix_ups
from features.actors.answers import McsRefused
from features.actors.installer import CONSUMER_ID, Installer
from features.actors.teleworker import Teleworker
from features.actors.wrong_clock import put_right, wrong
from features.portal import Bench
from simulators.estate.estate import Estate
from simulators.phone.handset import Handset
from simulators.phone.life.states import State
from simulators.phone.people import Person

HOUR_S = 3600.0
BLANKS = {"a blank behind": "{} ", "a blank before": " {}", "a new line": "{}\r\n"}
OWN_PASSWORD = "an-Own-password-1"


# The token exchange


@when(parsers.parse("the installer pastes the Shared Secret with {blank}"))
def _(bench: Bench, installer: Installer, blank: str) -> None:
    assert installer.consumer is not None
    pasted = BLANKS[blank].format(installer.consumer.shared_secret)
    bench.run(installer.enables_rest_api())
    bench.run(installer.requests_token(secret=pasted))


@given("the MBG's clock is an hour ahead")
def _(bench: Bench, estate: Estate) -> None:
    bench.call(setattr, estate.mbg, "clock", wrong(estate.mbg.clock, HOUR_S))


@when("the MBG's clock is put right")
def _(bench: Bench, estate: Estate) -> None:
    bench.call(setattr, estate.mbg, "clock", put_right(estate.mbg.clock))


@when("the installer deletes the consumer on the MBG")
def _(bench: Bench, estate: Estate) -> None:
    bench.call(estate.mbg.delete_consumer, CONSUMER_ID)


@when("the installer adds the consumer again and completes the token exchange")
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.adds_consumer())
    bench.run(installer.completes_token_exchange())


# Addresses, and two administrators


@given("the installer has swapped the MBG's internal and external address")
def _(bench: Bench, installer: Installer, estate: Estate) -> None:
    bench.run(installer.enters_mbg_address(estate.mbg.outside))
    bench.run(installer.enters_nat_address(estate.mbg.inside))


@then("the phone is not registered")
def _(bench: Bench, teleworker: Teleworker, estate: Estate) -> None:
    bench.run(estate.clock.advance(minutes=10))
    assert not teleworker.phone.registered
    assert not teleworker.is_registered_at_pbx()


@given("another administrator has the node's page open", target_fixture="open_page")
def _(bench: Bench, installer: Installer) -> tuple[str, str]:
    path = f"/phone-systems/{installer.phone_system}/nodes/1"
    return path, bench.run(installer.mcs.tag(path))


@given("another administrator has the extension's page open", target_fixture="open_page")
def _(bench: Bench, installer: Installer, people: list[Person]) -> tuple[str, str]:
    path = f"/phone-systems/{installer.phone_system}/extensions/{people[0].extension}"
    return path, bench.run(installer.mcs.tag(path))


@when(parsers.parse("the installer enters {port:d} as NAT SIP Port"))
def _(bench: Bench, installer: Installer, port: int) -> None:
    bench.run(installer.enters_nat_address(port=port))


@when(
    parsers.parse("the other administrator saves the page with {port:d} as NAT SIP Port"),
    target_fixture="late",
)
def _(
    bench: Bench, installer: Installer, estate: Estate, open_page: tuple[str, str], port: int
) -> McsRefused | None:
    path, tag = open_page
    body = {"nat_ip_address": estate.mbg.outside, "nat_sip_port": port}
    return bench.run(installer.tries(installer.mcs.put_as_of(tag, path, body)))


@when("the other administrator saves the page with a password of their own", target_fixture="late")
def _(bench: Bench, installer: Installer, open_page: tuple[str, str]) -> McsRefused | None:
    path, tag = open_page
    body = {"use_remote_credentials": True, "remote_password": OWN_PASSWORD}
    return bench.run(installer.tries(installer.mcs.put_as_of(tag, path, body)))


@then("the other administrator is told that somebody else has changed it")
def _(late: McsRefused | None) -> None:
    assert late is not None, "the old page was saved over the new one"
    assert (late.status, "changed" in late.message) == (412, True), late


@then(parsers.parse("the node's page shows {port:d} as NAT SIP Port"))
def _(bench: Bench, installer: Installer, port: int) -> None:
    assert bench.run(installer.node_page())["nat_sip_port"] == port


# Phones


@when("the installer gives the teleworker's phone to the colleague")
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    bench.run(mix_ups.gives_phone(installer, people[0], people[1]))


@then("the phone is registered with the colleague's extension")
def _(bench: Bench, teleworker: Teleworker, people: list[Person]) -> None:
    bench.run(teleworker.phone.until(State.REGISTERED))
    assert teleworker.estate.node.is_registered(people[1].extension)
    assert teleworker.phone.line_names == [people[1].extension]


@then("nobody is registered with the teleworker's extension")
def _(bench: Bench, teleworker: Teleworker) -> None:
    bench.run(teleworker.waits_for_unregistration())
    assert not teleworker.is_registered_at_pbx()


@given("the installer has assigned the teleworker's extension to a MAC address with a wrong digit")
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    bench.run(installer.provisions_and_assigns(mix_ups.mistyped(people[0])))


@then("the Phones page shows the phone without an extension")
def _(bench: Bench, installer: Installer, people: list[Person]) -> None:
    assert bench.run(installer.sees_phone(people[0].mac))["extension"] is None


@then("the phone registers once the installer has put the MAC address right")
def _(bench: Bench, installer: Installer, teleworker: Teleworker) -> None:
    assert not teleworker.is_registered_at_pbx()
    bench.run(mix_ups.puts_mac_right(installer, teleworker.person))
    bench.run(installer.estate.clock.advance(minutes=3))
    bench.run(teleworker.waits_for_registration())


@when(
    parsers.parse(
        'the installer tries to assign the teleworker\'s extension to the MAC address "{mac}"'
    )
)
def _(bench: Bench, installer: Installer, people: list[Person], mac: str) -> None:
    body = {"extension": people[0].extension}
    bench.run(installer.tries(installer.mcs.put(f"/phones/{mac}", body)))


@when("somebody connects a phone with the same MAC address at another home", target_fixture="copy")
def _(bench: Bench, estate: Estate, people: list[Person]) -> Handset:
    return bench.run(mix_ups.connects_copy(estate, people[0]))


@then("that phone gets no account")
def _(bench: Bench, estate: Estate, copy: Handset) -> None:
    bench.run(estate.clock.advance(minutes=10))
    accounts, password = copy.accounts, copy.configuration.get("sip line1 password", "")
    bench.run(copy.power_off())
    assert (accounts, password) == ({}, "")


# Nodes


@given("the PBX has a second node")
def _(site_plan: dict[str, object]) -> None:
    site_plan["more_pbx_nodes"] = [{"name": "Branch Office"}]


@given("a site ready for teleworkers, with both nodes as ICPs")
def _(bench: Bench, installer: Installer, estate: Estate) -> None:
    bench.run(installer.prepares_site())
    bench.run(mix_ups.prepares_second_node(installer, estate.nodes[1]))
    bench.run(installer.completes_token_exchange())


@when("the teleworker's extension is moved to the second node")
def _(bench: Bench, installer: Installer, estate: Estate, people: list[Person]) -> None:
    bench.run(mix_ups.moves_extension(installer, people[0], estate.nodes[1]))


@then("the SIP device belongs to the second node's ICP, and there is no other")
def _(installer: Installer, estate: Estate) -> None:
    (device,) = estate.mbg.store.devices.values()
    assert estate.mbg.store.icps[device.icp_id].address == estate.nodes[1].address[0]


@then("the teleworker's extension is registered at the second node")
def _(estate: Estate, people: list[Person]) -> None:
    assert estate.nodes[1].is_registered(people[0].extension)
