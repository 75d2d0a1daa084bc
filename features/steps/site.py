"""Steps about the site: how far it is set up, what stands on its admin pages, time."""

from typing import Any

from pytest_bdd import given, parsers, then, when

from features.actors.gateway import Gateway
from features.actors.installer import Installer
from features.actors.office import Office
from features.actors.passerby import Passerby
from features.actors.teleworker import Teleworker
from features.portal import Bench
from simulators.errors import ConfigurationError
from simulators.estate.estate import Estate
from simulators.journal import HttpEntry

SitePlan = dict[str, dict[str, Any]]


# What the estate is made of; before it starts


@given(parsers.parse("the MBG runs release {release}"))
def _(site_plan: SitePlan, release: str) -> None:
    site_plan["mbg"] = {"release": release}


@given("the MBG is deployed in server-only mode")
def _(site_plan: SitePlan) -> None:
    site_plan["mbg"] = {"mode": "server-only"}


@given("the MBG has 1 teleworker licence")
def _(site_plan: SitePlan) -> None:
    site_plan["mbg"] = {"licences": 1}


@given(parsers.parse("the PBX runs release {release}"))
def _(site_plan: SitePlan, release: str) -> None:
    site_plan["pbx"] = {"release": release}


@given(parsers.parse("the CT Gateway runs release {release}"))
def _(site_plan: SitePlan, release: str) -> None:
    site_plan["ct_gateway"] = {"release": release}


# How far the site is set up


@given("a bare site")
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.finds_no_token())
    bench.run(installer.mbg_page())


@given("a site with addresses and ICP in place")
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.prepares_site(forward=False))


@given("a site with addresses, port forwarding and ICP in place")
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.prepares_site())


@given("a site ready for teleworkers")
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.prepares_site(with_token=True))
    bench.run(installer.completes_token_exchange())


@given("a site ready for teleworkers, but with SNAT off")
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.prepares_site(snat=False))
    bench.run(installer.completes_token_exchange())


@given("a site ready for teleworkers, but with another ICP address")
def _(bench: Bench, installer: Installer, estate: Estate) -> None:
    bench.run(installer.prepares_site(icp_address=estate.claim.plan.node(7)))
    bench.run(installer.completes_token_exchange())


@when("the installer goes through stage 1: addresses in MCS")
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.enters_all_addresses())


@when("the installer goes through stages 2 and 3: port forwarding and ICP on the MBG")
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.forwards_phone_port())
    bench.run(installer.adds_icp())


@given(parsers.parse("the MBG has ICPs of {number:d} other sites"))
def _(bench: Bench, estate: Estate, number: int) -> None:
    bench.call(Gateway(estate).knows_other_sites, number)


@given(parsers.parse("the consumer has {permission} at the level {level}"))
def _(bench: Bench, installer: Installer, permission: str, level: str) -> None:
    bench.run(installer.lowers_permission(permission, level))


@given("the MBG takes SIP at port 5070")
def _(site_plan: SitePlan) -> None:
    site_plan["mbg"] = {"sip_port": 5070}


@given("the installer has entered another remote address")
def _(bench: Bench, installer: Installer, estate: Estate) -> None:
    bench.run(installer.enters_remote_address(estate.claim.plan.node(9)))


@given("the installer has entered another NAT IP Address")
def _(bench: Bench, installer: Installer, estate: Estate) -> None:
    bench.run(installer.enters_nat_address(estate.claim.plan.node(9)))


@when("the installer enters another internal address than the MBG's")
def _(bench: Bench, installer: Installer, estate: Estate) -> None:
    bench.run(installer.enters_mbg_address(estate.claim.plan.node(9)))


@given("the installer has entered another internal address than the MBG's")
def _(bench: Bench, installer: Installer, estate: Estate) -> None:
    bench.run(installer.enters_mbg_address(estate.claim.plan.node(9)))


@given(parsers.parse("the installer has entered {port:d} as NAT SIP Port"))
def _(bench: Bench, installer: Installer, port: int) -> None:
    bench.run(installer.enters_nat_address(port=port))


# What the installer does


@when("the installer enters the MBG's internal address")
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.enters_mbg_address())


@when(parsers.parse('the installer tries to enter "{address}" as the MBG\'s internal address'))
def _(bench: Bench, installer: Installer, address: str) -> None:
    bench.run(installer.tries(installer.enters_mbg_address(address)))


@when("the installer connects the PBX")
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.tries(installer.connects_pbx()))


@when("the installer tries to forward the phones' port", target_fixture="mbg_refusal")
def _(bench: Bench, installer: Installer) -> str:
    try:
        bench.run(installer.forwards_phone_port())
    except ConfigurationError as error:
        return str(error)
    return ""


@given("the installer has forwarded LDAP as well")
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.forwards_by_mistake(8205))


@when("somebody outside probes the MBG", target_fixture="doors")
def _(bench: Bench, estate: Estate) -> dict[str, str]:
    return bench.run(Passerby(estate).probes())


@then("only the phones' port is open")
def _(doors: dict[str, str]) -> None:
    assert doors.pop("the phones' port") == "open"
    assert set(doors.values()) == {"closed"}, doors


@then("LDAP is found open")
def _(doors: dict[str, str]) -> None:
    assert doors["LDAP"] == "open"


@when("the installer puts the ICP's address right")
def _(bench: Bench, estate: Estate) -> None:
    bench.call(estate.mbg.store.change_icp, "2", address=estate.node.address[0])


@when(parsers.re(r"(?P<number>\d+) (?P<unit>minutes|days) pass"))
def _(bench: Bench, estate: Estate, number: str, unit: str) -> None:
    bench.run(estate.clock.advance(**{unit: float(number)}))


# What is to be seen


@then("the MiVoice Border Gateway page shows that address")
def _(bench: Bench, installer: Installer, estate: Estate) -> None:
    assert bench.run(installer.mbg_page())["internal_address"] == estate.mbg_place.inside


@then("the node's page shows the MBG's external address and SIP port")
def _(bench: Bench, installer: Installer, estate: Estate) -> None:
    node = bench.run(installer.node_page())
    assert (node["nat_ip_address"], node["nat_sip_port"]) == estate.mbg_place.sip_outside


@then(parsers.parse('MCS refuses it and names the field "{field}"'))
def _(installer: Installer, field: str) -> None:
    assert installer.refusal is not None, "expected a refusal, MCS took it"
    assert installer.refusal.field == field, installer.refusal


@then("the MBG says that it has no port forwarding")
def _(mbg_refusal: str) -> None:
    assert "no port forwarding" in mbg_refusal


@then(parsers.parse('the phone system\'s page says that it found "{release}"'))
def _(bench: Bench, installer: Installer, release: str) -> None:
    assert f"release {release};" in bench.run(installer.phone_system_message())


@then("the MBG was called at its internal address")
def _(estate: Estate) -> None:
    address = estate.mbg.rest_address
    calls = [e for e in estate.journal.entries if isinstance(e, HttpEntry) and e.to == "MBG"]
    assert calls, "MCS never called the MBG"
    assert {e.destination for e in calls} == {address}


@then(parsers.parse('the Phones page shows the phone as "{location}"'))
def _(bench: Bench, installer: Installer, teleworker: Teleworker, location: str) -> None:
    assert bench.run(installer.sees_phone(teleworker.person.mac))["location"] == location


@then(parsers.parse('the Phones page shows the colleague\'s phone as "{location}"'))
def _(bench: Bench, installer: Installer, office: Office, location: str) -> None:
    assert bench.run(installer.sees_phone(office.person.mac))["location"] == location


@then("MCS saw the phone at the MBG's internal address")
def _(bench: Bench, installer: Installer, teleworker: Teleworker, estate: Estate) -> None:
    phone = bench.run(installer.sees_phone(teleworker.person.mac))
    assert phone["address"] == estate.mbg_place.inside


@then("MCS does not know the phone")
def _(bench: Bench, installer: Installer, teleworker: Teleworker, estate: Estate) -> None:
    bench.run(estate.clock.advance(minutes=3))  # it must not come to know it later either
    refusal = bench.run(installer.tries(installer.sees_phone(teleworker.person.mac)))
    assert refusal is not None, "MCS knows the phone"
    assert refusal.status == 404


@then("the Phones page shows the phone's MAC address, model and firmware")
def _(bench: Bench, installer: Installer, teleworker: Teleworker) -> None:
    phone = teleworker.phone
    (shown,) = bench.run(installer.mcs.get("/phones"))["items"]
    assert (shown["mac"], shown["model"]) == (phone.identity.mac, phone.model.name)
    assert shown["firmware"] == phone.firmware_version


@then("the Phones page shows the phone as registered, with its new firmware")
def _(bench: Bench, installer: Installer, teleworker: Teleworker) -> None:
    phone = bench.run(installer.sees_registered_phone(teleworker.person.mac))
    assert phone["firmware"] == teleworker.phone.firmware_version


@then(
    parsers.re(
        r"MCS's page Licences shows (?P<used>\d+) teleworker licence in use "
        r"and (?P<wanting>\d+) wanting"
    )
)
def _(bench: Bench, installer: Installer, used: str, wanting: str) -> None:
    shown = bench.run(installer.sees_licences(wanting=int(wanting)))
    assert shown["in_use"] == int(used)


@then("the phone system's page has nothing to complain of")
def _(bench: Bench, installer: Installer) -> None:
    assert not bench.run(installer.phone_system_message())
