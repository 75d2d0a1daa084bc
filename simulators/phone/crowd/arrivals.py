"""When phones come: open arrivals in shapes, as times from the beginning. Pure.

Open means that a phone comes at its moment, whatever became of those before it. The same shape,
numbers and chance give the same times.
"""

import json
import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from simulators.core import Entropy
from simulators.errors import ConfigurationError

STEPS = 5
"""Of a staircase, each as long as the others."""

TEETH = 5
"""Of a saw-tooth, each as long as the others."""

AREA = 50
"""Phones of one area, whose power returns at one moment."""

BOOT_SPREAD_S = 4.0
"""Phones that get power at the same moment are up within so many seconds of each other."""


class Shape(StrEnum):
    """How phones come, at a rate of so many per second."""

    STEADY = "steady"
    """One after the other, at equal distances."""
    AT_ONCE = "at-once"
    """All in the first moment; the rate has no meaning."""
    RAMP = "ramp"
    """The rate grows from nothing to `rate_per_s`, evenly with time."""
    POISSON = "poisson"
    """Each by its own decision: exponential distances with the mean 1 / rate."""
    STAIRCASE = "staircase"
    """Five steps of equal length, from a fifth of the rate to all of it."""
    SAW_TOOTH = "saw-tooth"
    """Five times the rate grows from nothing to `rate_per_s`, evenly, and falls at once."""
    RECORDED = "recorded"
    """At moments that were written down; the rate has no meaning."""
    POWER_RETURN = "power-return"
    """The power returns area by area, and phones of an area differ by how long they boot."""
    FAILOVER = "failover"
    """Registrations went with a server: each phone notices at its next refresh, at any moment."""


def arrivals(
    shape: Shape,
    count: int,
    rate_per_s: float,
    entropy: Entropy,
    recorded: Sequence[float] = (),
) -> list[float]:
    """The times of `count` arrivals in seconds, rising, from 0 on.

    Args:
        recorded: the moments of the shape of that name, as `read_moments` gives them; the first
            `count` count.

    Raises:
        ConfigurationError: a negative count, a rate that is none, or too few recorded moments.
    """
    if count < 0 or not 0 < rate_per_s < math.inf:
        raise ConfigurationError(
            f"expected 0 or more arrivals at a rate above 0, got {count} at {rate_per_s:g}"
        )
    match shape:
        case Shape.AT_ONCE:
            return [0.0] * count
        case Shape.STEADY:
            return [index / rate_per_s for index in range(count)]
        case Shape.RAMP:
            takes_s = 2 * count / rate_per_s
            return [takes_s * math.sqrt(index / count) for index in range(count)]
        case Shape.POISSON:
            return _poisson(count, rate_per_s, entropy)
        case Shape.STAIRCASE:
            return _staircase(count, rate_per_s)
        case Shape.SAW_TOOTH:
            return [_saw_tooth(index / count * TEETH, count, rate_per_s) for index in range(count)]
        case Shape.RECORDED:
            if len(recorded) < count:
                raise ConfigurationError(
                    f"{len(recorded)} moments are recorded, {count} arrivals need one each: "
                    f"ask for {len(recorded)}, or give a longer record"
                )
            return list(recorded[:count])
        case Shape.POWER_RETURN:
            return _power_return(count, rate_per_s, entropy)
        case Shape.FAILOVER:
            return sorted(chance(entropy) * count / rate_per_s for _ in range(count))


def span_s(shape: Shape, count: int, rate_per_s: float) -> float:
    """How long `count` arrivals take, in seconds; by chance a little more or less."""
    factor = {
        Shape.AT_ONCE: 0.0,
        Shape.RAMP: 2.0,
        Shape.SAW_TOOTH: 2.0,
        Shape.STAIRCASE: 2 * STEPS / (STEPS + 1),
    }.get(shape, 1.0)
    booting_s = BOOT_SPREAD_S if shape is Shape.POWER_RETURN else 0.0
    return factor * count / rate_per_s + booting_s


def read_moments(lines: Iterable[str], name: str) -> list[float]:
    """Moments from a record, in seconds after the first, rising; the record may be in any order.

    Args:
        lines: each a number of seconds, or an object with `time` (ISO 8601), as in a journal.
            Empty ones don't count.
        name: of the record, for errors.

    Raises:
        ConfigurationError: a line is neither; the message names it.
    """
    moments = sorted(
        _moment(line, f"{name}, line {number}") for number, line in enumerate(lines, 1)
        if line.strip()
    )  # fmt: skip
    return [at - moments[0] for at in moments]


def chance(entropy: Entropy) -> float:
    """A number from 0 to below 1."""
    return int.from_bytes(entropy(6), "big") / 2**48


def _poisson(count: int, rate_per_s: float, entropy: Entropy) -> list[float]:
    times: list[float] = []
    at = 0.0
    for _ in range(count):
        times.append(at)
        at -= math.log(1.0 - chance(entropy)) / rate_per_s
    return times


def _staircase(count: int, rate_per_s: float) -> list[float]:
    """Phone i comes when the area under the steps has reached i."""
    step_s = 2 * count / (rate_per_s * (STEPS + 1))
    times: list[float] = []
    for step in range(1, STEPS + 1):
        rate = rate_per_s * step / STEPS
        before = rate_per_s / STEPS * step_s * (step - 1) * step / 2
        while len(times) < count and len(times) < before + rate * step_s:
            times.append((step - 1) * step_s + (len(times) - before) / rate)
    while len(times) < count:  # what rounding has left over
        times.append(STEPS * step_s)
    return times


def _saw_tooth(progress: float, count: int, rate_per_s: float) -> float:
    """When so many teeth are over; within one, the area below its edge grows with the square."""
    tooth_s = 2 * count / (rate_per_s * TEETH)
    whole = math.floor(progress)
    return (whole + math.sqrt(progress - whole)) * tooth_s


def _moment(line: str, where: str) -> float:
    try:
        found = json.loads(line)
        if isinstance(found, dict):
            found = datetime.fromisoformat(found["time"]).timestamp()
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise TypeError
        at = float(found)
        if not math.isfinite(at):
            raise ValueError
    except (ValueError, TypeError, KeyError, OverflowError):
        raise ConfigurationError(
            f"{where}: expected a number of seconds, or an object with an ISO 8601 `time`, got "
            f"{line.strip()[:60]!r}"
        ) from None
    return at


def _power_return(count: int, rate_per_s: float, entropy: Entropy) -> list[float]:
    areas = _poisson(-(-count // AREA), rate_per_s / AREA, entropy)
    times = [areas[index // AREA] + chance(entropy) * BOOT_SPREAD_S for index in range(count)]
    first = min(times, default=0.0)
    return sorted(at - first for at in times)
