"""The figure `hold`: 50,000 registered phones in one process, and what one of them costs."""

import tempfile
from dataclasses import replace
from pathlib import Path

from loadtests.bench import kamailio
from loadtests.bench.aims import AIMS
from loadtests.bench.figures import Figure, Of
from loadtests.bench.processes import generated
from loadtests.bench.registering import PASSWORD, WINDOW, made_up_accounts
from loadtests.bench.rounds import Say, Size

PHONES = 50
"""Times those of a registrar's round: 50,000 of 1,000."""
EXPIRES_S = 60
"""Asked for, so that each phone refreshes every 45 s."""
WATCH_S = 60.0


async def hold(size: Size, say: Say) -> list[Figure]:
    """Register them at Kamailio, watch them refresh."""
    phones = size.phones * PHONES
    name = f"hold: {phones:,} registered phones refreshing in one process"
    figure = Figure(name, "octets", "", aim=AIMS["hold"], of=Of.VALUE)
    with tempfile.TemporaryDirectory(prefix="bench-accounts-") as folder:
        accounts = Path(folder) / "accounts.jsonl"
        accounts.write_text(made_up_accounts(phones))
        try:
            async with kamailio.running(PASSWORD) as (_, place):
                held = await generated(
                    "hold_load",
                    {
                        "registrar": list(place),
                        "accounts": str(accounts),
                        "phones": phones,
                        "expires_s": EXPIRES_S,
                        "watch_s": WATCH_S,
                        "window": WINDOW,
                    },
                )
        except kamailio.Unavailable as why:
            return [replace(figure, skipped=str(why))]
    say(f"{held['registered']:,} registered in {held['registering_s']:.1f} s")
    watched_s = held["watched_s"]
    facts = {
        "registered": held["registered"],
        "refused or unanswered": held["failed"],
        "refreshes a second": held["refreshed"] / watched_s,
        "registrations lost": held["lost"],
        "answers dropped for want of room": held["drops"],
        "percent of a core while refreshing": 100 * held["cpu_s"] / watched_s,
        "latest refresh, ms after its moment": held["late_ms"],
    }
    octets = held["octets"] / held["registered"] if held["registered"] else None
    lost = held["failed"] + held["lost"]
    return [replace(figure, value=octets, lost=lost, facts=facts)]
