"""When a log-in has to wait, as values and rules. Pure: time comes in as ``now`` (epoch seconds).

Failures are counted in three places, each with a rule of its own:

- the *pair* of account and source: whoever tries the same name from the same address;
- the *account*, from wherever: many sources that share one name among them;
- the *source*, whatever the name: one address that tries many names.

A pair from which the account has logged in before is *trusted*: only its own failures count. So
whoever guesses passwords from somewhere can neither lock the account's owner out at the usual
place, nor everybody else behind one shared address (all of Phone Manager outside comes from the
MBG's). Names are counted whether or not such an account exists, so waiting tells nothing.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

TRUST_S = 30 * 86400
"""Seconds that a log-in makes its pair trusted."""


class Place(StrEnum):
    """Where failures are counted."""

    PAIR = "pair"
    ACCOUNT = "account"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Rule:
    """How many failures are free, and how the wait grows after that (it doubles)."""

    free: int
    first_s: float
    longest_s: float
    forget_s: float
    """Seconds without a failure after which the count begins anew."""


RULES: dict[Place, Rule] = {
    Place.PAIR: Rule(free=5, first_s=30, longest_s=900, forget_s=3600),
    Place.ACCOUNT: Rule(free=20, first_s=30, longest_s=900, forget_s=3600),
    # Short for ever: others may be waiting behind the same address.
    Place.SOURCE: Rule(free=50, first_s=5, longest_s=10, forget_s=900),
}


@dataclass(frozen=True, slots=True)
class Count:
    """Failures at one place."""

    failures: int = 0
    last_at: float = 0.0
    locked_until: float = 0.0


def after_failure(count: Count, rule: Rule, now: float) -> Count:
    """The count with one more failure; past the free ones each makes the wait twice as long."""
    failures = 1 if now - count.last_at > rule.forget_s else count.failures + 1
    over = failures - rule.free
    locked_until = count.locked_until
    if over >= 0:
        wait_s = min(rule.longest_s, rule.first_s * 2.0 ** min(over, 32))
        locked_until = max(locked_until, now + wait_s)
    return replace(count, failures=failures, last_at=now, locked_until=locked_until)


def not_failed(count: Count, rule: Rule) -> Count:
    """The count with the last failure taken back: it was no failure after all."""
    failures = max(0, count.failures - 1)
    return replace(
        count, failures=failures, locked_until=0.0 if failures < rule.free else count.locked_until
    )


def wait_s(counts: dict[Place, Count], *, trusted: bool, now: float) -> float:
    """Seconds until a try is looked at; 0 when at once."""
    counted = {Place.PAIR} if trusted else set(Place)
    waits = [count.locked_until - now for place, count in counts.items() if place in counted]
    return max(0.0, *waits) if waits else 0.0
