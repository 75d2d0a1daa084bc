"""Whether the host of the client location Remote fits into what a phone calls (ADR-6).

A phone calls action URIs of a limited length, and all of a remote one's are built on that host: one
that is too long lets phones register and then never poll. It is refused where it is entered. One
that is stored already (by an older MCS, or before the port grew) is told of, not dropped: phones
that have their configuration from there must find it there again.
"""

from system.clock import Clock
from system.domain.addresses import host_in_uri
from system.mbg.notices import give
from system.phones.configuration import LONGEST_ACTION_URI, longest_action_uri
from system.storage.database import Database
from system.storage.models import ClientLocation

NOTICE = "remote host"


def problem(host: str | None, port: int) -> str | None:
    """Why it cannot be used, for people; ``None`` where it can."""
    if host is None:
        return None
    too_many = longest_action_uri(f"https://{host_in_uri(host)}:{port}") - LONGEST_ACTION_URI
    if too_many <= 0:
        return None
    return (
        f"It has {len(host)} characters and may have {len(host) - too_many}: phones call action "
        f"URIs of at most {LONGEST_ACTION_URI} characters, and theirs are built on it. Give a "
        "shorter name for the MBG in the DNS, or its IP address."
    )


async def warn_of_stored(database: Database, port: int, clock: Clock) -> None:
    """At the start: a notice, once, where the stored one is too long."""
    async with database.write() as session:
        remote = await session.get_one(ClientLocation, "remote")
        host = remote.nat_ip_address_or_hostname
        found = problem(host, port)
        if found is None:
            return
        text = (
            "The NAT IP Address / Full Hostname under Site Settings -> Client Locations -> Remote "
            f"is too long: phones outside do not poll, so no change reaches them. {found}"
        )
        key = f"remote-host:{host}"[:128]
        await give(session, key, NOTICE, "warning", text, clock.now())
