"""Steps about the variants of phones: models and transports."""

from dataclasses import replace

import pytest
from pytest_bdd import given, parsers, then

from features.actors.installer import Installer
from features.actors.teleworker import Teleworker
from features.portal import Bench
from simulators.estate.estate import Estate
from simulators.journal import SipEntry
from simulators.phone.people import Person

SETTINGS = {"UDP": "1", "TCP": "2", "TLS": "4"}
"""Transport -> `sip transport protocol` of a 69xx."""


@given(parsers.parse("the teleworker has a {model} that uses {transport}"))
def _(
    bench: Bench,
    installer: Installer,
    estate: Estate,
    people: list[Person],
    request: pytest.FixtureRequest,
    model: str,
    transport: str,
) -> None:
    people[0] = replace(people[0], model=model)
    teleworker: Teleworker = request.getfixturevalue("teleworker")
    entered = {"sip transport protocol": SETTINGS[transport]}
    bench.call(teleworker.phone.enter, entered)
    if transport == "TLS":
        bench.run(installer.enters_nat_address(port=estate.mbg.sip_outside_tls[1]))


@then(parsers.parse("the phone registered over {transport}"))
def _(teleworker: Teleworker, estate: Estate, transport: str) -> None:
    sent = [
        entry
        for entry in estate.journal.entries
        if isinstance(entry, SipEntry)
        and (entry.frm, entry.method) == (teleworker.phone.role, "REGISTER")
    ]
    assert {entry.transport for entry in sent} == {transport}, sent
