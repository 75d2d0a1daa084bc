"""Action URIs: which event calls which, and what their variables say (domain reference 3.2).

A configured URI of more than 128 characters is not called, as on the real phone, which can't keep
it; what its variables make of it may be longer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from simulators.phone.calls.line_table import ALERTING, TALKING, Activity
from simulators.phone.files.lines import Line

LONGEST = 128
PREFIX = "action uri "
_STATES = {Activity.HELD: "CONNECTED"}
"""`$$LINESTATE$$` where it isn't the activity's own name."""


@dataclass(frozen=True, slots=True)
class CallFacts:
    """A line and its call: how the line is used now, with whom, which way, for how many seconds."""

    line: int = 0
    activity: Activity = Activity.IDLE
    number: str = ""
    name: str = ""
    incoming: bool = False
    talked_s: int = 0


IDLE = CallFacts()


def events(before: Activity, after: Activity) -> tuple[str, ...]:
    """Names, without `PREFIX`, of the action URIs that a change of a line's activity calls."""
    called: list[str] = []
    taken_up = (Activity.DIALING, Activity.CONNECTED)
    if before in (Activity.IDLE, Activity.INCOMING) and after in taken_up:
        called.append("offhook")
    if before is not after and after is Activity.INCOMING:
        called.append("incoming")
    if before is not after and after is Activity.CALLING:
        called.append("outgoing")
    if after is Activity.CONNECTED and before in (*ALERTING, Activity.INCOMING):
        called.append("connected")
    if before in (*ALERTING, *TALKING, Activity.INCOMING) and after in (
        Activity.CLEARING,
        Activity.IDLE,
    ):
        called.append("disconnected")
    # a call that was never taken up is not put down
    if before in (*ALERTING, *TALKING, Activity.DIALING) and after in (
        Activity.CLEARING,
        Activity.IDLE,
    ):
        called.append("onhook")
    return tuple(called)


def line_values(line: Line, proxy: str = "") -> dict[str, str]:
    """What variables say of a line; `proxy` is the host that is used now, if another."""
    return {
        "SIPUSERNAME": line.account.username,
        "SIPAUTHNAME": line.account.auth_username,
        "DISPLAYNAME": line.display_name,
        "PROXYURL": line.proxy[0],
        "ACTIVEPROXY": proxy or line.proxy[0],
    }


def call_values(call: CallFacts) -> dict[str, str]:
    """What variables say of a call; without one only the line's state, IDLE, means something."""
    talks = call.activity is not Activity.IDLE or bool(call.number)
    direction = "Incoming" if call.incoming else "Outgoing"
    return {
        "LINESTATE": _STATES.get(call.activity, call.activity.name),
        "REMOTENUMBER": call.number,
        "INCOMINGNAME": call.name if call.incoming else "",
        "CALLDURATION": str(call.talked_s) if talks else "",
        "CALLDIRECTION": direction if talks else "",
    }


def fill_in(uri: str, values: Mapping[str, str]) -> str:
    """A URI with its variables replaced, percent-encoded; unknown ones become empty."""
    parts = uri.split("$$")
    # even places are text, odd ones names; a lone $$ at the end stays as it is
    if len(parts) % 2 == 0:
        parts[-2:] = [f"{parts[-2]}$${parts[-1]}"]
    return "".join(
        part if index % 2 == 0 else quote(values.get(part, ""), safe="")
        for index, part in enumerate(parts)
    )


def too_long(configuration: Mapping[str, str]) -> tuple[str, ...]:
    """Names of action URIs that are too long to be kept."""
    return tuple(
        name
        for name, value in configuration.items()
        if name.startswith(PREFIX) and len(value) > LONGEST
    )
