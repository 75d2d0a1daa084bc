"""Steps about the token between MCS and MBG (stage 4)."""

from pytest_bdd import given, parsers, then, when

from features.actors import token_mistakes
from features.actors.installer import Installer
from features.portal import Bench
from simulators.estate.estate import Estate
from simulators.journal import Happened

YEAR_S = 365 * 86400
HOUR_S = 3600
MISTAKES = (
    "wrong Consumer ID",
    "wrong Shared Secret",
    "temporary token not approved",
    "wrong verifier",
    "web services stopped meanwhile",
)


@given("web services on the MBG are stopped")
def _(bench: Bench, estate: Estate) -> None:
    bench.call(estate.mbg.stop_web_services)


@when("the installer completes the token exchange")
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.completes_token_exchange())


@when("the installer goes through stage 4: consumer, temporary token, verifier, final token")
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.adds_consumer())
    bench.run(installer.completes_token_exchange())


@when('the installer presses "Save & Test API Credentials"')
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.enables_rest_api())
    bench.run(installer.tries(installer.requests_token()))


@when("the installer requests a token without enabling the Rest API")
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.tries(installer.requests_token()))


@when("the installer approves the temporary token")
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.approves_token())


@when('the installer presses "Retrieve Final Access Token" with the verifier')
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.retrieves_token())


@when(parsers.parse("the installer makes the mistake: {mistake}"))
def _(bench: Bench, installer: Installer, mistake: str) -> None:
    bench.run(token_mistakes.makes(installer, mistake))


@when('the installer presses "Renew" on the MBG')
def _(bench: Bench, installer: Installer) -> None:
    bench.run(installer.renews_token())


@then("MCS has a valid token for 12 months")
def _(bench: Bench, installer: Installer) -> None:
    left = bench.run(installer.token_life_s())
    assert YEAR_S - HOUR_S <= left <= YEAR_S, f"{left} s are left, a year has {YEAR_S}"


@then("MCS has no valid token")
def _(bench: Bench, installer: Installer) -> None:
    assert bench.run(installer.mbg_page())["token"]["state"] != "valid"


@then(parsers.parse('MCS refuses with the code {code} and says "{words}"'))
def _(installer: Installer, code: str, words: str) -> None:
    assert installer.refusal is not None, "expected a refusal, MCS was content"
    assert (installer.refusal.code, words in installer.refusal.message) == (code, True)


@then(parsers.parse('MCS shows the token as "{state}" and says "{words}"'))
def _(bench: Bench, installer: Installer, state: str, words: str) -> None:
    token = bench.run(installer.sees_token(state))
    assert words in token["message"], token


@then("every other mistake would have been told in other words")
def _(bench: Bench, installer: Installer) -> None:
    told = [bench.run(token_mistakes.is_told(installer, mistake)) for mistake in MISTAKES]
    assert len(set(told)) == len(MISTAKES), told


@then(parsers.parse('MCS refuses and says "{words}"'))
def _(installer: Installer, words: str) -> None:
    assert installer.refusal is not None, "expected a refusal, MCS was content"
    assert words in installer.refusal.message, installer.refusal


@then("MCS says that the MBG can not be reached")
def _(installer: Installer, estate: Estate) -> None:
    assert installer.refusal is not None, "expected a refusal, MCS was content"
    assert estate.claim.plan.node(9) in installer.refusal.message, installer.refusal


@then("there was no new handshake")
def _(estate: Estate) -> None:
    issued = [
        entry
        for entry in estate.journal.entries
        if isinstance(entry, Happened) and entry.name == "final token issued"
    ]
    assert len(issued) == 1
