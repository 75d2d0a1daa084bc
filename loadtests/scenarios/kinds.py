"""The scenarios of a burst, as one table: what an item is, and in which words it is told. Pure.

A scenario is a population of items, each started at its moment, each ending well or for a reason.
"""

from dataclasses import dataclass
from enum import StrEnum


class Scenario(StrEnum):
    """What the items of a burst do."""

    REGISTER = "register"
    BOOT = "boot"
    PROVISION = "provision"
    TOKENS = "tokens"
    HOTDESK = "hotdesk"
    REFRESH = "refresh"
    STORM_POWER = "storm-power"
    STORM_FAILOVER = "storm-failover"
    STORM_TOKENS = "storm-tokens"
    STORM_FIRMWARE = "storm-firmware"


@dataclass(frozen=True, slots=True)
class Kind:
    """How a scenario is spoken of.

    Args:
        noun: its items, in the plural.
        done: what has become of one that ended well: `500 of 500 phones registered`.
        word: the same, short, as levels have it: `99 % booted within 10 s`.
        to_do: the same as a verb: `3 phones failed to register`.
        request: the name that Locust's statistics give to an item.
        method: and its method.
        title: of the run.
        latency: between which moments; the first is always that of the schedule.
        before: what is done before the first moment; "" for nothing.
        most: items at the embedded estate, which has to be set up for each.
        user: the class of `loadtests/locustfile.py` for it.
    """

    noun: str
    done: str
    word: str
    to_do: str
    request: str
    method: str
    title: str
    latency: str
    before: str
    most: int
    user: str

    @property
    def needs_mcs(self) -> bool:
        """Whether an MCS has a part in it."""
        return self.method not in ("REGISTER", "POST")

    @property
    def keeps_time_lines(self) -> bool:
        """Whether what happened to each item can be written down: of phones that only register."""
        return self.method == "REGISTER"

    @property
    def item(self) -> str:
        """One of them."""
        return self.noun.removesuffix("s")

    def counted(self, count: int) -> str:
        """So many of them: `1 phone`, `3 phones`."""
        return f"{count} {self.item if count == 1 else self.noun}"

    @property
    def words(self) -> tuple[str, ...]:
        """What a level may call an item that ended well; phones are registered at the end."""
        phones = self.noun == "phones" and self.word != "registered"
        return (self.word, "registered") if phones else (self.word,)


KINDS: dict[Scenario, Kind] = {
    Scenario.REGISTER: Kind(
        "phones", "registered", "registered", "register", "registration", "REGISTER",
        "Registration burst", "from a phone's scheduled start to its final 200", "", 60_000,
        "Register",
    ),
    Scenario.BOOT: Kind(
        "phones", "booted and registered", "booted", "come up", "boot", "BOOT",
        "Boot burst", "from power to the final 200: TLS, files, firmware check, REGISTER", "",
        2000, "Boot",
    ),
    Scenario.PROVISION: Kind(
        "extensions", "provisioned", "provisioned", "be provisioned", "provisioning", "PUT",
        "Provisioning burst", "from the tick at the MCS to the SIP device on the MBG", "", 20_000,
        "Provision",
    ),
    Scenario.TOKENS: Kind(
        "consumers", "given a final token", "given a token", "get a final token",
        "token handshake", "POST", "Burst of token handshakes",
        "from the request for a temporary token to the first call with the final one", "", 20_000,
        "Tokens",
    ),
    Scenario.HOTDESK: Kind(
        "phones", "used as a hot desk and left", "logged in and out", "be used as a hot desk",
        "hot desk", "LOG IN", "Hot desk burst",
        "from the Hot Desk key to the phone's own extension registered again after the log-out",
        "all phones are booted and registered", 500, "HotDesk",
    ),
    Scenario.REFRESH: Kind(
        "phones", "refreshed", "refreshed", "refresh", "re-registration", "REGISTER",
        "Steady state of re-registrations", "from a phone's scheduled refresh to its final 200",
        "all phones are registered", 60_000, "Refresh",
    ),
    Scenario.STORM_POWER: Kind(
        "phones", "back", "back", "come back", "boot", "BOOT",
        "Storm: the power returns",
        "from the moment at which a phone has power again to the final 200",
        "all phones are booted and registered, then their power fails, which tells nobody", 2000,
        "StormPower",
    ),
    Scenario.STORM_FAILOVER: Kind(
        "phones", "back", "back", "come back", "re-registration", "REGISTER",
        "Storm: the MBG fails over", "from a phone's next refresh after it to the final 200",
        "all phones are registered, then the MBG starts anew and has forgotten them", 60_000,
        "StormFailover",
    ),
    Scenario.STORM_TOKENS: Kind(
        "consumers", "let in again", "let in", "be let in again", "token handshake", "POST",
        "Storm: tokens expire at midnight",
        "from the call that is refused to the first call with the new token",
        "all consumers have a final token, then all of these expire", 20_000, "StormTokens",
    ),
    Scenario.STORM_FIRMWARE: Kind(
        "phones", "back with new firmware", "back", "come back with new firmware",
        "firmware update", "BOOT", "Storm: a firmware wave",
        "from a phone's restart to the final 200 with the new firmware, the image in between",
        "all phones are booted and registered, then the MCS is given newer firmware", 500,
        "StormFirmware",
    ),
}  # fmt: skip

OF_PHONES = frozenset(scenario for scenario, kind in KINDS.items() if kind.noun == "phones")
"""At the end of these, MBG and PBX count who is registered."""
STRUCK = frozenset({Scenario.STORM_FAILOVER, Scenario.STORM_TOKENS, Scenario.STORM_FIRMWARE})
"""Before the first moment of these, something happens to the target."""
STRICKEN = STRUCK | {Scenario.STORM_POWER}
"""The items of these come because something happened to all of them, whatever their shape."""
ON_ONE_MACHINE = frozenset({Scenario.PROVISION, Scenario.TOKENS, Scenario.STORM_TOKENS})
"""These need what a simulated target has on its own machine alone: its steady time, which tells
when a device was made, or its control API, which presses approve."""
