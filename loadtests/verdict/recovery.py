"""How a storm was survived: when the phones were back, who came last, what harm remained. Pure.

A storm is a burst in which phones come because something happened to all of them: the power came
back, the MBG failed over. Times run from the beginning of the burst, the moment of the event. They
come from the merged histogram of the moments at which phones were registered. Harm is told by name:
who the target has at the end beside the phones that hold a registration (`by_name`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from loadtests.engine_core.totals import Totals
from loadtests.verdict.by_name import HANDFUL, Named, Roll, Who, beyond, lacking, listed
from simulators.phone.crowd.arrivals import Shape

STORMS = frozenset({Shape.POWER_RETURN, Shape.FAILOVER, Shape.AT_ONCE})
"""Shapes whose phones all come for one reason."""


@dataclass(frozen=True, slots=True)
class Harm:
    """One kind of lasting harm.

    Args:
        count: None where it is not known: the target can't be asked, or no engine told its end.
        who: all that it happened to, in order; empty where it happens to nobody by name.
    """

    name: str
    what: str
    count: int | None
    who: tuple[Named, ...] = ()

    def __str__(self) -> str:
        what, space, rest = self.name.partition(" ")
        said = f"{self.count:,} {what.removesuffix('s') if self.count == 1 else what}{space}{rest}"
        return f"{said} ({listed(self.who)})" if self.who else said

    def document(self) -> dict[str, object]:
        """As burst.json holds it; a handful is named."""
        named = [
            {"phone": one.phone if one.phone >= 0 else None, "extension": one.extension}
            for one in self.who[:HANDFUL]
        ]
        return {"name": self.name, "what": self.what, "count": self.count, "who": named}


@dataclass(frozen=True, slots=True)
class Recovery:
    """The verdict on a storm. Its items are phones, or consumers that are let in again.

    Args:
        phones: that were to come back; back: that hold a registration at the end.
        nearly_s, all_s: seconds until 99 % and all of them were back; None: never.
        worst: number of the phone that waited longest; None where none ended.
        worst_s: for how long, from its own moment on; worst_back: whether it came back at all.
        harm: what remained.
        unknown: phones of lost workers; under_way: phones whose request had no answer yet at the
            end. No harm is looked for among either.
        open_ends: phones of lost workers that had not ended by then, as far as it is known.
        noun: what they are called.
        time_lines: folder of what happened to each; "" where that could be kept and was not, None
            where it can't.
    """

    phones: int
    back: int
    nearly_s: float | None
    all_s: float | None
    worst: int | None
    worst_s: float
    worst_back: bool
    harm: tuple[Harm, ...]
    unknown: int = 0
    under_way: int = 0
    open_ends: int = 0
    noun: str = "phones"
    time_lines: str | None = None

    @property
    def whole(self) -> bool:
        """Whether all are back and no harm is known to remain."""
        return self.all_s is not None and not any(harm.count for harm in self.harm)

    @property
    def sentence(self) -> str:
        """The verdict in one sentence."""
        missing = self.phones - self.back - self.open_ends
        if self.all_s is not None:
            said = f"all {self.phones:,} {self.noun} were back after {self.all_s:.1f} s"
        elif missing > 0 or not self.open_ends:
            said = f"{missing:,} of {self.phones:,} {self.noun} did not come back"
        else:
            said = f"all {self.back:,} {self.noun} of which it is known came back"
        if self.open_ends:
            said += f", and {self.open_ends:,} were lost with their worker"
        left = [str(harm) for harm in self.harm if harm.count]
        if left:
            return f"{said}; lasting harm: {', '.join(left)}"
        if any(harm.count is None for harm in self.harm):
            return f"{said}; harm at the target is not known"
        return f"{said}; no lasting harm was found"

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The parts for people: name and value."""
        return [
            ("99 % back after", _seconds(self.nearly_s)),
            ("all back after", _seconds(self.all_s)),
            (f"worst {self.noun.removesuffix('s')}", self._worst_shown()),
            *((harm.name, _counted(harm)) for harm in self.harm),
            ("not judged", self._not_judged()),
        ]

    @property
    def story(self) -> str:
        """How to learn what happened to the worst one; "" where nothing tells."""
        if self.worst is None or self.time_lines is None:
            return ""
        command = f"python -m loadtests phone {self.worst} {self.time_lines or 'RUN'}"
        return command if self.time_lines else f"run it with --time-lines, then {command}"

    def document(self) -> dict[str, object]:
        """The verdict as burst.json holds it."""
        return {
            "verdict": self.sentence,
            "whole": self.whole,
            "back": self.back,
            "back_99_percent_s": self.nearly_s,
            "back_all_s": self.all_s,
            "worst_phone": None
            if self.worst is None
            else {
                "phone": self.worst,
                "waited_s": self.worst_s,
                "back": self.worst_back,
                "story": self.story or None,
            },
            "harm": [harm.document() for harm in self.harm],
            "unknown": self.unknown,
            "under_way": self.under_way,
        }

    def _not_judged(self) -> str:
        said = []
        if self.unknown:
            said.append(f"{self.unknown:,} {self.noun} of lost workers")
        if self.under_way:
            said.append(f"{self.under_way:,} {self.noun} with a request under way at the end")
        return " and ".join(said) or "none"

    def _worst_shown(self) -> str:
        if self.worst is None:
            return "none ended"
        waited = f"number {self.worst}, {self.worst_s:.3f} s after its moment"
        return waited if self.worst_back else f"{waited}, and did not come back"


def recovery(
    phones: int,
    totals: Totals,
    harm: tuple[Harm, ...],
    *,
    noun: str = "phones",
    time_lines: str | None = None,
) -> Recovery:
    """Judge a storm of so many phones, after which that harm remained (see `lasting_harm`)."""
    held = totals.registered - totals.lost
    worst, lost = totals.worst, totals.lost_workers.values()
    return Recovery(
        phones=phones,
        back=held,
        nearly_s=_back_after_s(totals, held, ceil(0.99 * phones)),
        all_s=_back_after_s(totals, held, phones),
        worst=None if worst is None else worst.phone,
        worst_s=0.0 if worst is None else round(worst.waited_s, 3),
        worst_back=worst is not None and worst.back,
        harm=harm,
        unknown=sum(worker.phones for worker in lost),
        under_way=len(totals.held.under_way),
        open_ends=sum(worker.phones - worker.ended for worker in lost),
        noun=noun,
        time_lines=time_lines,
    )


def operations_lost(totals: Totals, what: str) -> Harm:
    """What was begun and came to no end, or was lost afterwards; a count, nobody is named."""
    open_ends = max(0, totals.started - totals.registered - totals.failed) + totals.lost
    return Harm("operations lost", what, open_ends)


def lasting_harm(totals: Totals, who: Who | None, roll: Roll) -> tuple[Harm, ...]:
    """What remains after a burst of phones, each kind with its count.

    Args:
        who: what the target tells; None where it could not be asked.
        roll: the phones by name.
    """
    held = totals.held
    known = who if held.phones else None

    def kind(name: str, what: str, found: Callable[[Who], tuple[Named, ...]]) -> Harm:
        if known is None:
            return Harm(name, what, None)
        named = found(known)
        return Harm(name, what, len(named), named)

    in_vain = "registrations there that no phone holds"
    lost = "phones that hold a registration and are not registered there"
    return (
        kind(
            "licences leaked",
            "teleworker licences in use that no phone needs",
            lambda who: beyond(who.licences, held, roll),
        ),
        kind("ghosts at the MBG", in_vain, lambda who: beyond(who.mbg, held, roll)),
        kind("ghosts at the PBX", in_vain, lambda who: beyond(who.pbx, held, roll)),
        kind("forgotten by the MBG", lost, lambda who: lacking(who.mbg, held, roll)),
        kind("forgotten by the PBX", lost, lambda who: lacking(who.pbx, held, roll)),
        operations_lost(
            totals, "registrations begun that came to no end, and refreshes that failed"
        ),
    )


def _back_after_s(totals: Totals, held: int, wanted: int) -> float | None:
    """When the `wanted`-th phone was registered; None where so many do not hold it at the end."""
    if held < wanted or not totals.back.count:
        return None
    ms = totals.back.percentile_ms(100.0 * wanted / totals.back.count)
    return None if ms is None else round(ms / 1000, 3)


def _counted(harm: Harm) -> str:
    if harm.count is None:
        return "not known"
    return f"{harm.count:,}" + (f": {listed(harm.who)}" if harm.who else "")


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.3f} s"
