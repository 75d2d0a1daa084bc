"""Steps about the MBG itself: its faults, its warnings, what it shows of devices."""

from pytest_bdd import given, parsers, then, when

from features.actors.gateway import Gateway
from features.actors.installer import Installer
from features.actors.teleworker import Teleworker
from features.portal import Bench
from simulators.phone.life.states import State


@given("the answer to the next new SIP user gets lost")
def _(bench: Bench, gateway: Gateway) -> None:
    bench.call(gateway.spoils_next_creation, "lost-answer")


@given(parsers.parse("the answer to the next new SIP user is {fault}"))
def _(bench: Bench, gateway: Gateway, fault: str) -> None:
    bench.call(gateway.spoils_next_creation, fault)


@given(parsers.parse("the MBG is busy for one call and answers {status:d}"))
def _(bench: Bench, gateway: Gateway, status: int) -> None:
    bench.call(gateway.has, "busy", times=1, status=status, retry_after_s=2)


@then("the MBG was busy once")
def _(gateway: Gateway) -> None:
    assert gateway.struck("busy") == 1


@given("the MBG's licence server is away")
def _(bench: Bench, gateway: Gateway) -> None:
    bench.call(gateway.has, "licence-server-away")


@given("every third SIP message outside gets lost")
def _(bench: Bench, gateway: Gateway) -> None:
    bench.call(gateway.has, "sip-loss", probability=0.33, side="outside")


@then("SIP messages were lost on the way")
def _(gateway: Gateway) -> None:
    assert gateway.struck("sip-loss") > 0


@when("the MBG restarts")
def _(bench: Bench, gateway: Gateway) -> None:
    bench.run(gateway.restarts())


@when("the MBG restarts with its records lost")
def _(bench: Bench, gateway: Gateway) -> None:
    bench.run(gateway.restarts(keep_state=False))


@when("the installer deactivates the consumer on the MBG")
def _(bench: Bench, gateway: Gateway) -> None:
    bench.call(gateway.deactivates_consumer)


@when("the installer activates the consumer on the MBG")
def _(bench: Bench, gateway: Gateway) -> None:
    bench.call(gateway.activates_consumer)


@when(parsers.parse("the installer enters a shared secret that is {secret}"))
def _(bench: Bench, installer: Installer, gateway: Gateway, secret: str) -> None:
    bench.run(installer.enables_rest_api())
    typed = bench.call(gateway.wrong_secret, secret)
    bench.run(installer.tries(installer.requests_token(secret=typed)))


@then(parsers.parse('the MBG\'s signature debugger says "{words}"'))
def _(gateway: Gateway, words: str) -> None:
    assert words in gateway.diagnosis(), gateway.diagnosis()


@when(parsers.parse("somebody adds a port forwarding rule {mistake}"))
def _(bench: Bench, gateway: Gateway, mistake: str) -> None:
    bench.run(gateway.forwards_by_mistake(mistake))


@then(parsers.parse('the MBG\'s page Port Forwarding warns with "{words}"'))
def _(gateway: Gateway, words: str) -> None:
    assert any(words in warning for warning in gateway.warnings()), gateway.warnings()


@then("the MBG's page Port Forwarding shows no warning")
def _(gateway: Gateway) -> None:
    assert gateway.warnings() == []


@then("the MBG has exactly one SIP user")
def _(gateway: Gateway) -> None:
    assert len(gateway.mbg.store.devices) == 1


@then("the teleworker's phone is not registered")
def _(teleworker: Teleworker) -> None:
    assert not teleworker.phone.registered
    assert teleworker.phone.state is State.REFUSED


@when(parsers.parse("the phone is {case}"))
def _(bench: Bench, gateway: Gateway, teleworker: Teleworker, case: str) -> None:
    bench.run(gateway.brings_about(case, teleworker))


@then(parsers.parse('the MBG shows its SIP device as "{status}"'))
def _(gateway: Gateway, teleworker: Teleworker, status: str) -> None:
    shown = gateway.status_of(teleworker.person.extension)
    assert shown == status, shown
