"""How a scenario's capacity is searched for unless told otherwise, and how far. Pure."""

from dataclasses import dataclass

from loadtests.scenarios.kinds import KINDS, Scenario
from loadtests.verdict.levels import Level, parse_level
from simulators.errors import ConfigurationError

MOST_UNASKED = 20_000
"""Items of one burst, unless more are asked for."""


@dataclass(frozen=True, slots=True)
class Usual:
    """A search of one scenario.

    Args:
        lowest: rate per second at which it begins.
        within_s: the usual level gives an item so long.
        restored: what becomes of the marks that bursts leave on a target that runs already.
    """

    lowest: float
    within_s: float
    restored: str


_REGISTERED = (
    "before and after each burst its phones register, which shows that there is room "
    "for all, and take it back"
)
_BOOTED = (
    "before and after each burst its phones boot, take their registration back and go "
    "off, and an administrator opens their enrolment anew"
)
_USUAL = {
    Scenario.REGISTER: Usual(50.0, 2.0, _REGISTERED),
    Scenario.REFRESH: Usual(50.0, 2.0, _REGISTERED),
    Scenario.TOKENS: Usual(
        20.0, 2.0, "consumers ask anew in each burst, and the MBG keeps their old tokens"
    ),
    Scenario.PROVISION: Usual(
        10.0,
        5.0,
        "before and after each burst its extensions are unticked, until the MCS has "
        "taken their devices off the MBG",
    ),
    Scenario.BOOT: Usual(5.0, 10.0, _BOOTED),
    Scenario.HOTDESK: Usual(2.0, 10.0, _BOOTED),
}
_LIKE = {
    Scenario.STORM_POWER: Scenario.BOOT,
    Scenario.STORM_FAILOVER: Scenario.REGISTER,
    Scenario.STORM_TOKENS: Scenario.TOKENS,
    Scenario.STORM_FIRMWARE: Scenario.BOOT,
}
"""What the items of a storm do, as a scenario that goes on for as long as one likes."""


def usual(scenario: Scenario) -> Usual:
    """How its capacity is searched for.

    Raises:
        ConfigurationError: it is a storm, which has no rate to search for.
    """
    if scenario in _LIKE:
        raise ConfigurationError(
            f"in {scenario} the event decides how fast all come, so there is no rate to search "
            f"for: use --scenario {_LIKE[scenario]}, or play the storm with burst"
        )
    return _USUAL[scenario]


def usual_level(scenario: Scenario) -> Level:
    """The level, where none is asked for."""
    words = KINDS[scenario].words
    return parse_level(f"99.9 % {words[0]} within {usual(scenario).within_s:g} s", words)


def most_items(scenario: Scenario, asked: int | None, accounts: int | None) -> tuple[int, str]:
    """How many items one burst may have, and how one gets to higher rates than these allow.

    Args:
        accounts: that a target which runs already has; None where one is started for each burst.

    Raises:
        ConfigurationError: more are asked for than there can be.
    """
    kind = KINDS[scenario]
    if accounts is None:
        most, where = kind.most, "at the target that is started here"
        more = "shorter bursts (--seconds)"
        if scenario is not Scenario.REGISTER:
            more += ", or a target that runs already (--site FILE) with more"
    else:
        most, where = accounts, "in the accounts of the target"
        more = "a longer file of accounts, or shorter bursts (--seconds)"
    if asked is not None and asked > most:
        raise ConfigurationError(
            f"there are at most {most} {kind.noun} {where} for the scenario {scenario}, got "
            f"{asked} for --phones: ask for fewer"
        )
    items = min(most, MOST_UNASKED) if asked is None else asked
    return items, more if items == most else "more of them (--phones)"
