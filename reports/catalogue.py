"""The requirement catalogue: ``requirements.toml`` as typed, checked values.

In: a TOML file. Out: a ``Catalogue`` in the order of the file. A bad row is an error that names it,
because a requirement lost here would vanish from every report unseen.
"""

import re
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path

from reports.errors import ReportError
from reports.fields import Row

CATALOGUE_FILE = Path(__file__).with_name("requirements.toml")

_ID = re.compile(r"[A-Z]{3}-[1-9][0-9]*")
_LAST_STAGE = 6


class Level(StrEnum):
    """How binding a requirement is (RFC 2119)."""

    MUST = "MUST"
    SHOULD = "SHOULD"


class Asked(StrEnum):
    """A role whose behaviour answers a requirement."""

    MCS = "MCS"
    MBG = "MBG"
    PBX = "PBX"
    CT_GATEWAY = "CT Gateway"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One rule that a run can prove; ``stage`` is 0 (before anything) to 6."""

    id: str
    stage: int
    level: Level
    sentence: str
    source: str
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All requirements in the order of the file, stage titles by number, extra tags by name."""

    requirements: tuple[Requirement, ...]
    stages: dict[int, str]
    extra_tags: dict[str, str]

    @property
    def ids(self) -> frozenset[str]:
        """Every requirement id."""
        return frozenset(requirement.id for requirement in self.requirements)

    def knows(self, tag: str) -> bool:
        """Whether a scenario may carry this tag."""
        return tag in self.extra_tags or tag in self.ids

    def nearest(self, tag: str) -> str:
        """Return the known tags that look like an unknown one, for an error message."""
        close = get_close_matches(tag, [*self.ids, *self.extra_tags], n=3, cutoff=0.5)
        return ", ".join(close) or "none that looks like it"


def load_catalogue(path: Path = CATALOGUE_FILE) -> Catalogue:
    """Read a catalogue file.

    Raises:
        ReportError: The file is missing or no TOML, a row is wrong, an id appears twice.
    """
    remedy = f"correct {path.name}"
    try:
        document: object = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(
            str(path), expected="a readable catalogue", got=str(error), remedy=remedy
        ) from error
    except ValueError as error:
        raise ReportError(str(path), expected="TOML", got=str(error), remedy=remedy) from error
    root = Row(document, path.name)
    stages = _stages(root.row("stages"))
    found: dict[str, Requirement] = {}
    for at, row in enumerate(root.rows("requirement"), start=1):
        requirement = _requirement(row, f"{path.name}, requirement {at}", remedy)
        if requirement.id in found:
            row.refuse("id", "an id that no other row has", requirement.id, remedy)
        if requirement.stage not in stages:
            row.refuse("stage", f"a stage of [stages]: {sorted(stages)}", requirement.stage, remedy)
        found[requirement.id] = requirement
    return Catalogue(tuple(found.values()), stages, dict(root.row("extra_tags").shown()))


def _stages(row: Row) -> dict[int, str]:
    """Return stage titles by number, 0 to 6."""
    titles: dict[int, str] = {}
    for name, title in row.shown():
        if not (name.isascii() and name.isdigit() and int(name) <= _LAST_STAGE):
            row.refuse(name, f"a stage number from 0 to {_LAST_STAGE} as the name", name)
        titles[int(name)] = title
    return dict(sorted(titles.items()))


def _requirement(row: Row, where: str, remedy: str) -> Requirement:
    """Return one row as a Requirement; ``where`` becomes precise once the id is known."""
    row.where = where
    identity = row.text("id", blank=False)
    row.where = f"{where} ({identity})"
    if not _ID.fullmatch(identity):
        row.refuse(
            "id", "three capital letters, a hyphen and a number, such as TOK-6", identity, remedy
        )
    asked = row.texts("asked")
    roles = {member.value: member for member in Asked}
    if not asked or any(name not in roles for name in asked):
        row.refuse("asked", "at least one of " + ", ".join(roles), list(asked), remedy)
    return Requirement(
        id=identity,
        stage=row.integer("stage"),
        level=row.choice("level", Level),
        sentence=row.text("sentence", blank=False),
        source=row.text("source", blank=False),
        asked=tuple(roles[name] for name in asked),
    )
