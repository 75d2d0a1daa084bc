"""Which engine drives which phone, and how many share a home. Pure arithmetic.

When phones start is `simulators.phone.crowd.arrivals`. Arrivals are open: a target that slows down
meets the same load, and its queue shows as latency instead of as a lower rate.
"""

from collections.abc import Sequence

SPARE_FILES = 200
"""Open files that an engine needs beside its sockets, generously."""


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
