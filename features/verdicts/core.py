"""The verdict on a scenario, decided from how it ended; pure.

A table with three questions: where did it end, what kind of thing ended it, how binding is what the
scenario checks. What the words mean to a reader of the report is in reports/README.md.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What is said of a scenario."""

    PASS = "pass"
    FAIL = "fail"
    WARNING = "warning"
    NOT_APPLICABLE = "not applicable"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


class Phase(StrEnum):
    """Where a scenario ended: before any step, or in a step of this kind (`And` is as the last)."""

    SETUP = "setup"
    GIVEN = "given"
    WHEN = "when"
    THEN = "then"


class Cause(StrEnum):
    """What ended it."""

    NOTHING = "nothing"
    """All steps were done."""
    UNMET = "unmet"
    """Something that was expected of a product did not come, or something else came."""
    NOT_OFFERED = "not offered"
    """A role of this run can't do what the step needs, a real one's clock for example."""
    SURROUNDINGS = "surroundings"
    """This run's own surroundings: an address in use, a file that is missing."""
    BUG = "bug"
    """Anything else: code of the bench that is wrong, or a step that nobody wrote."""


class Level(StrEnum):
    """How binding a requirement is (RFC 2119)."""

    MUST = "MUST"
    SHOULD = "SHOULD"


class Profile(StrEnum):
    """Which measure is laid on.

    `strict`: all ids, and our own choices beyond the manual as binding as it. `manual`: what the
    manual page says is binding, our choices are advice. `smoke`: the happy path of each stage.
    """

    STRICT = "strict"
    MANUAL = "manual"
    SMOKE = "smoke"


PREPARING = frozenset({Phase.SETUP, Phase.GIVEN})
"""Here nothing was asked yet of what the scenario is about."""

FAILING: Mapping[Profile, frozenset[Verdict]] = {
    Profile.STRICT: frozenset({Verdict.FAIL, Verdict.WARNING, Verdict.INCONCLUSIVE, Verdict.ERROR}),
    Profile.MANUAL: frozenset({Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR}),
    Profile.SMOKE: frozenset({Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR}),
}
"""The verdicts that make a run fail."""


def decide(phase: Phase, cause: Cause, level: Level) -> Verdict:
    """The verdict on a scenario that ended like this."""
    match cause:
        case Cause.NOTHING:
            return Verdict.PASS
        case Cause.NOT_OFFERED:
            return Verdict.NOT_APPLICABLE
        case Cause.SURROUNDINGS:
            return Verdict.INCONCLUSIVE
        case Cause.BUG:
            return Verdict.ERROR
        case Cause.UNMET:
            if phase in PREPARING:
                return Verdict.INCONCLUSIVE
            return Verdict.FAIL if level is Level.MUST else Verdict.WARNING


@dataclass(frozen=True, slots=True)
class Rule:
    """A requirement as far as verdicts go; `from_manual`: the manual page has it."""

    id: str
    level: Level
    from_manual: bool


def level_of(rules: Iterable[Rule], profile: Profile, *, stricter: bool) -> Level:
    """How binding a scenario is: as much as the most binding of its requirements.

    Args:
        rules: of the ids that it carries; none: it is as binding as can be.
        stricter: it is tagged `strict`, asks for more than the manual page does.
    """
    ours = profile is Profile.MANUAL
    levels = {
        Level.SHOULD if ours and (stricter or not rule.from_manual) else rule.level
        for rule in rules
    }
    return Level.SHOULD if levels == {Level.SHOULD} else Level.MUST


def is_failure(verdicts: Collection[Verdict], profile: Profile) -> bool:
    """Whether a run with these verdicts fails: one that counts is bad, or nothing was proved."""
    proved = Verdict.PASS in verdicts or not verdicts
    return bool(FAILING[profile] & set(verdicts)) or not proved
