"""How a storm was survived: when the phones were back, who came last, what harm remained. Pure.

A storm is a burst in which phones come because something happened to all of them: the power came
back, the MBG failed over. Times run from the beginning of the burst, the moment of the event. They
come from the merged histogram of the moments at which phones were registered. Harm is told by
comparing counts: what the target holds at the end beside the phones that hold a registration. A
count can't tell a phone that the target lost from one that it holds in vain where both happened.
"""

from dataclasses import dataclass
from math import ceil
from typing import Protocol

from loadtests.engine_core.totals import Totals
from simulators.phone.crowd.arrivals import Shape

LICENCES = "licences leaked"
STORMS = frozenset({Shape.POWER_RETURN, Shape.FAILOVER, Shape.AT_ONCE})
"""Shapes whose phones all come for one reason."""


class Counts(Protocol):
    """What the target itself counts at the end."""

    @property
    def registered_at_pbx(self) -> int: ...
    @property
    def registered_at_mbg(self) -> int: ...
    @property
    def licences_in_use(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Harm:
    """One kind of lasting harm; `count` is None where the target can't be asked."""

    name: str
    what: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Recovery:
    """The verdict on a storm.

    Args:
        phones: that were to come back; back: that hold a registration at the end.
        nearly_s, all_s: seconds until 99 % and all of them were back; None: never.
        worst: number of the phone that waited longest; None where none ended.
        worst_s: for how long, from its own moment on; worst_back: whether it came back at all.
        harm: what remained.
    """

    phones: int
    back: int
    nearly_s: float | None
    all_s: float | None
    worst: int | None
    worst_s: float
    worst_back: bool
    harm: tuple[Harm, ...]

    @property
    def whole(self) -> bool:
        """Whether all are back and no harm is known to remain."""
        return self.all_s is not None and not any(harm.count for harm in self.harm)

    @property
    def sentence(self) -> str:
        """The verdict in one sentence."""
        if self.all_s is None:
            said = f"{self.phones - self.back:,} of {self.phones:,} phones did not come back"
        else:
            said = f"all {self.phones:,} phones were back after {self.all_s:.1f} s"
        left = [f"{harm.count:,} {harm.name}" for harm in self.harm if harm.count]
        unknown = any(harm.count is None for harm in self.harm)
        if left:
            return f"{said}; lasting harm: {', '.join(left)}"
        return f"{said}; " + (
            "harm at the target is not known" if unknown else "no lasting harm was found"
        )

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The parts for people: name and value."""
        return [
            ("99 % back after", _seconds(self.nearly_s)),
            ("all back after", _seconds(self.all_s)),
            ("worst phone", self._worst_shown()),
            *(
                (harm.name, "not known" if harm.count is None else f"{harm.count:,}")
                for harm in self.harm
            ),
        ]

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
            else {"phone": self.worst, "waited_s": self.worst_s, "back": self.worst_back},
            "harm": [
                {"name": harm.name, "what": harm.what, "count": harm.count} for harm in self.harm
            ],
        }

    def _worst_shown(self) -> str:
        if self.worst is None:
            return "none ended"
        waited = f"number {self.worst}, {self.worst_s:.3f} s after its moment"
        return waited if self.worst_back else f"{waited}, and did not come back"


def recovery(phones: int, totals: Totals, report: Counts | None) -> Recovery:
    """Judge a storm of so many phones.

    Args:
        report: what the target counts; None where it could not be asked.
    """
    held = totals.registered - totals.lost
    worst = totals.worst
    return Recovery(
        phones=phones,
        back=held,
        nearly_s=_back_after_s(totals, held, ceil(0.99 * phones)),
        all_s=_back_after_s(totals, held, phones),
        worst=None if worst is None else worst.phone,
        worst_s=0.0 if worst is None else round(worst.waited_s, 3),
        worst_back=worst is not None and worst.back,
        harm=_harm(totals, held, report),
    )


def _back_after_s(totals: Totals, held: int, wanted: int) -> float | None:
    """When the `wanted`-th phone was registered; None where so many do not hold it at the end."""
    if held < wanted or not totals.back.count:
        return None
    ms = totals.back.percentile_ms(100.0 * wanted / totals.back.count)
    return None if ms is None else round(ms / 1000, 3)


def _harm(totals: Totals, held: int, report: Counts | None) -> tuple[Harm, ...]:
    def beyond(count: int) -> int:
        return max(0, count - held)

    def short_of(count: int) -> int:
        return max(0, held - count)

    at_mbg = at_pbx = licences = forgotten = None
    if report is not None:
        at_mbg, at_pbx = beyond(report.registered_at_mbg), beyond(report.registered_at_pbx)
        licences = beyond(report.licences_in_use)
        forgotten = short_of(min(report.registered_at_mbg, report.registered_at_pbx))
    return (
        Harm(LICENCES, "teleworker licences in use that no phone needs", licences),
        Harm("ghosts at the MBG", "registrations there that no phone holds", at_mbg),
        Harm("ghosts at the PBX", "registrations there that no phone holds", at_pbx),
        Harm("phones forgotten", "phones that hold a registration MBG or PBX lacks", forgotten),
        Harm(
            "operations lost",
            "registrations begun that came to no end, and refreshes that failed",
            max(0, totals.started - totals.registered - totals.failed) + totals.lost,
        ),
    )


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.3f} s"
