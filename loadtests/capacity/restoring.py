"""Between the bursts at a target that runs already: their marks on it are taken away.

The items do that themselves, in this process and at a gentle pace, by what people could do: phones
take their registration back, extensions are unticked. What that is in a scenario is in its play.
"""

import resource
from dataclasses import replace
from pathlib import Path

from loadtests.asked import Asked, plan_of
from loadtests.machines.sources import parse_sources
from loadtests.plan import read_accounts
from loadtests.target import Ready


class NoBooks:
    """Nothing that happens between bursts is written down."""

    def ended(self, index: int, at: float, reason: str = "") -> None:
        """See `Books`."""

    def refreshed(self) -> None:
        """See `Books`."""

    def lost(self) -> None:
        """See `Books`."""


async def restore(burst: Asked, ready: Ready) -> None:
    """Bring the items of a burst back to where its scenario begins.

    Raises:
        BenchError: it can't be done; one sentence says why.
    """
    # handsets take a second to import, which no other command needs to wait for
    from loadtests.scenarios.choice import play_of

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # The same homes as in the burst, so that each contact binding meets its own; one engine.
    plan = plan_of(replace(burst, limit_s=None), ready, Path(), ())
    accounts = read_accounts(Path(plan.accounts), plan.phones)
    sources = parse_sources(burst.source) if burst.source else None
    phones = list(range(plan.phones))
    play = play_of(plan, 0, accounts, phones, NoBooks(), sources=sources)
    try:
        await play.restore()
    finally:
        await play.close()
