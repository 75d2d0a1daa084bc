"""Which play a scenario has in an engine."""

from loadtests.machines.sources import Sources
from loadtests.plan import PhoneAccount, Plan
from loadtests.scenarios.kinds import Scenario
from loadtests.scenarios.living import Living
from loadtests.scenarios.play import Books, Play
from loadtests.scenarios.provisioning import Provisioning
from loadtests.scenarios.registering import Registering
from loadtests.scenarios.tokens import Handshakes
from simulators.sip.transaction import Timers


def play_of(
    plan: Plan,
    worker: int,
    accounts: list[PhoneAccount],
    items: list[int],
    books: Books,
    timers: Timers | None = None,
    sources: Sources | None = None,
) -> Play:
    """The play of one engine.

    Args:
        accounts: of the whole plan, in order. items: the engine's share.
        timers: SIP timers; only tests give shorter ones.
        sources: addresses for its homes; None for 127.homes.x.y.
    """
    match plan.scenario:
        case Scenario.REGISTER:
            return Registering(plan, worker, accounts, items, books, timers, sources)
        case Scenario.REFRESH | Scenario.STORM_FAILOVER:
            return Registering(plan, worker, accounts, items, books, timers, sources, refresh=True)
        case Scenario.PROVISION:
            return Provisioning(plan, accounts, items, books)
        case Scenario.TOKENS | Scenario.STORM_TOKENS:
            return Handshakes(plan, accounts, items, books)
        case _:
            return Living(plan, worker, accounts, items, books, sources)
