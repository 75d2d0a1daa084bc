"""When each phone starts, and which engine drives it. Pure arithmetic.

Arrivals are open: a phone starts when its moment has come, whether or not earlier ones were
answered. A target that slows down therefore meets the same load, and its queue shows as latency
instead of as a lower rate.
"""

from collections.abc import Sequence
from enum import StrEnum

SPARE_FILES = 200
"""Open files that an engine needs beside its sockets, generously."""


class Shape(StrEnum):
    """How phones arrive."""

    STEADY = "steady"
    AT_ONCE = "at-once"


def due_s(index: int, rate_per_s: float, shape: Shape) -> float:
    """When phone `index` (from 0, over all engines) starts, in seconds after the burst began."""
    return 0.0 if shape is Shape.AT_ONCE else index / rate_per_s


def duration_s(phones: int, rate_per_s: float, shape: Shape) -> float:
    """How long `phones` arrivals take on the schedule, in seconds."""
    return due_s(phones, rate_per_s, shape)


def share(homes: Sequence[int], workers: int, worker: int) -> list[int]:
    """The phones of one engine, in the order of their start.

    A home has one public address, which one process opens, so whole homes are dealt out; with
    homes numbered in the order of arrival every engine gets an even part of the rate.

    Args:
        homes: the home of each phone.
        worker: which engine, from 0.

    Returns:
        Indexes into `homes`, rising. The shares of all workers are disjoint and cover it.
    """
    return [index for index, home in enumerate(homes) if home % workers == worker]


def phones_per_home(phones: int, workers: int, wanted: int, open_files: int) -> int:
    """How many phones must share a home so that no engine runs out of open files; >= `wanted`."""
    sockets = max(1, open_files - SPARE_FILES) * workers
    return max(wanted, -(-phones // sockets))
