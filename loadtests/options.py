"""Options that several commands of `python -m loadtests` have, and how their texts are read."""

from pathlib import Path
from typing import Annotated

import typer

from loadtests.scenarios.kinds import KINDS, Scenario
from loadtests.verdict.levels import Level, examples, parse_level
from simulators.core import Address
from simulators.entropy import Seed
from simulators.errors import ConfigurationError

ScenarioOption = Annotated[
    Scenario, typer.Option("--scenario", help="What the items do; see loadtests/README.md.")
]
Workers = Annotated[int, typer.Option(help="Load engines; each uses up to one core.")]
SeedText = Annotated[str, typer.Option(help="The same seed makes the same run.")]
RunDir = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Run folder; else a new one below runs/.")
]
Mbg = Annotated[
    str | None, typer.Option(metavar="ADDRESS:PORT", help="A target that runs already.")
]
Accounts = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Its set-side credentials, one JSON object a line."),
]
HomesOctet = Annotated[int, typer.Option(help="With --mbg: second octet of the homes' addresses.")]
Site = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="A whole target that runs already, as it says itself."),
]
Network = Annotated[
    str,
    typer.Option(
        metavar="NETWORK",
        help="Of a laboratory, private or for benchmarks: load may go there, too.",
    ),
]
Source = Annotated[
    str,
    typer.Option(
        metavar="NETWORK",
        help="Addresses of this machine, or one, for homes; else 127.homes.x.y.",
    ),
]
Outside = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help="Of this machine, for the target's MBG: phones elsewhere reach it.",
    ),
]
LevelTexts = Annotated[
    list[str] | None,
    typer.Option(metavar="TEXT", help=f"A service level, such as {examples()}; repeatable."),
]


def levels_of(texts: list[str] | None, scenario: Scenario) -> tuple[Level, ...]:
    """The levels that are asked for, in the scenario's words; make passes an empty one on.

    Raises:
        ConfigurationError: a text is none.
    """
    well = KINDS[scenario].words
    return tuple(parse_level(text, well) for text in texts or () if text.strip())


def seed_of(text: str) -> int:
    """The number; make passes an empty text on."""
    return Seed.parse(text or "1").number


def address_of(text: str | None, option: str = "--mbg") -> Address | None:
    """What an option says.

    Raises:
        ConfigurationError: it is no address with a port.
    """
    if text is None:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit():
        raise ConfigurationError(
            f"expected ADDRESS:PORT for {option}, such as 127.20.0.10:5060, got {text!r}"
        )
    return host, int(port)
