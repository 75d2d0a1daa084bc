"""The requirement catalogue as far as verdicts need it: id, level, whether the manual has it."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from features.verdicts.core import Level, Rule

CATALOGUE = Path(__file__).parents[2] / "reports" / "requirements.toml"
MANUAL = "6900 Handset Teleworker"
"""How the `source` of a requirement begins that the manual page has."""


def read_rules(path: Path = CATALOGUE) -> dict[str, Rule]:
    """All requirements by id."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        each["id"]: Rule(each["id"], Level(each["level"]), each["source"].startswith(MANUAL))
        for each in tables["requirement"]
    }


def checked_by(rules: Mapping[str, Rule], tags: Iterable[str]) -> list[Rule]:
    """The requirements among a scenario's tags."""
    return [rules[tag] for tag in sorted(tags) if tag in rules]
