"""How many operations a pass takes: as many as it carries out in a moment that a person may wait.

What a pass costs by itself is the same for ten operations and for a thousand. But a new wish waits
until the pass before it is over, so its length is what is bounded, by the pace of the one before.
"""

PASS_S = 2.0
"""What a pass should take, in seconds."""
FEWEST, FIRST, MOST = 32, 200, 1000
"""Operations: however slow the MBG is, while nothing is known of it, however fast it is."""


_GROUPS = 4
"""In which the outcomes of a pass are recorded: a crash costs a look-up for each of one group."""


def group(size: int) -> int:
    """How many outcomes are recorded together, where a pass takes ``size`` operations."""
    return size // _GROUPS


def next_size(size: int, done: int, took_s: float) -> int:
    """How many operations the next pass takes.

    Args:
        size: how many the last one might take.
        done: how many it did; few of them tell nothing.
        took_s: seconds that it took; none, or less, when the clock was set back meanwhile.
    """
    if done < FEWEST or took_s <= 0:
        return size
    # A pass in which all was refused at once may be followed by one in which each call takes long.
    return max(FEWEST, min(MOST, 2 * size, int(done / took_s * PASS_S)))
