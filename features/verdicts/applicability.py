"""The applicability file: what the product under test does not support, and why (TOML).

    product = "MCS 6.3 of the Leeds site"

    [not_supported]              # requirement id = the reason
    EXT-7 = "this release has no hot desks"

    [capabilities]               # true, or false, or the reason why not
    clock = "the MBG is a real one"

A capability that is not named is as the run finds it. An id or a key that nobody knows is refused
by name, for a mistyped one would let a scenario be played that should not, or the other way round.
"""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import NoReturn

from simulators.errors import ConfigurationError


class Capability(StrEnum):
    """What a run can do beside the product's own business."""

    CLOCK = "clock"
    """Time can be moved, in all roles at once."""
    FAULTS = "faults"
    """The MBG can be told to misbehave."""
    RECORDS = "records"
    """What the MBG has stored and counted can be looked at and changed behind its back."""
    PAGES = "pages"
    """Both admin sites have our pages, which a browser can click through."""
    LOG = "log"
    """The MCS's log can be read."""


@dataclass(frozen=True, slots=True)
class Applicability:
    """What does not apply: requirement ids and capabilities, each with its reason."""

    product: str = ""
    not_supported: Mapping[str, str] = field(default_factory=dict)
    lacking: Mapping[Capability, str] = field(default_factory=dict)

    def against(self, ids: Collection[str]) -> str:
        """Why a scenario with these ids does not apply; "" when it does."""
        said = [f"{i} is not supported: {self.not_supported[i]}" for i in self.not_supported
                if i in ids]  # fmt: skip
        return "; ".join(said)


def load(path: Path, known_ids: Collection[str]) -> Applicability:
    """Read an applicability file.

    Raises:
        ConfigurationError: it can't be read, is not TOML, or names what nobody knows.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"can't read the applicability file {path} ({error.strerror}): give the path of one"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the applicability file {path} is not TOML: {error}") from error
    return parse(tables, str(path), known_ids)


def parse(tables: Mapping[str, object], where: str, known_ids: Collection[str]) -> Applicability:
    """Check the tables of a file; pure.

    Raises:
        ConfigurationError: as with `load`; the message names the key.
    """

    def refuse(what: str) -> NoReturn:
        raise ConfigurationError(f"the applicability file {where}: {what}")

    def table(name: str, known: Collection[str], kind: str) -> Mapping[str, object]:
        found = tables.get(name, {})
        if not isinstance(found, dict):
            refuse(f"'{name}' is no table: write [{name}] and a line for each {kind}")
        for key in found:
            if key not in known:
                near = ", ".join(get_close_matches(key, list(known), cutoff=0.5))
                refuse(f"unknown {kind} '{key}' in [{name}]; " + (f"near: {near}" if near else
                       f"known: {', '.join(known)}"))  # fmt: skip
        return found

    for key in tables:
        if key not in ("product", "not_supported", "capabilities"):
            refuse(f"unknown key '{key}'; known: product, not_supported, capabilities")
    product = tables.get("product", "")
    if not isinstance(product, str):
        refuse(f"'product' is a name in quotes, got {product!r}")
    not_supported = {}
    for key, reason in table("not_supported", sorted(known_ids), "requirement").items():
        if not isinstance(reason, str) or not reason.strip():
            refuse(f"'{key}' in [not_supported] needs its reason in quotes, got {reason!r}")
        not_supported[key] = reason
    lacking = {}
    for key, value in table("capabilities", [c.value for c in Capability], "capability").items():
        if not isinstance(value, bool | str) or value == "":
            refuse(f"'{key}' in [capabilities] is true, false or a reason in quotes, got {value!r}")
        if value is not True:
            lacking[Capability(key)] = value or f"the product under test has no {key}"
    return Applicability(product, not_supported, lacking)
