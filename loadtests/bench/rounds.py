"""Taking turns: ours and the peer, round after round, each time in the other order."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from loadtests.bench.figures import Figure, Of, Side

Play = Callable[[], Awaitable[Side]]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done.

    Args:
        rounds: of each figure; seconds: that one side has in one round.
        requests: signed beforehand for a round, at most.
        phones: registered in one round.
        connections: made in one round, at most.
        known_phones: that the MCS knows, where its list of phones is measured.
        extensions: that are provisioned in one round.
    """

    rounds: int = 5
    seconds: float = 3.0
    requests: int = 30_000
    phones: int = 1000
    connections: int = 10_000
    known_phones: int = 50_000
    extensions: int = 10_000


async def take_turns(figure: Figure, ours: Play, peer: Play, rounds: int, say: Say) -> Figure:
    """The figure with its rounds played; one before them, to warm up, does not count."""
    await ours()
    await peer()  # a mock in JavaScript is several times slower before its code is compiled
    played: list[tuple[Side, Side]] = []
    for number in range(rounds):
        if number % 2 == 0:
            mine = await ours()
            other = await peer()
        else:
            other = await peer()
            mine = await ours()
        played.append((mine, other))
        say(
            f"{figure.name}, round {number + 1} of {rounds}: ours "
            f"{_shown(figure, mine)} {figure.unit}, {figure.peer} {_shown(figure, other)}"
        )
    return replace(figure, rounds=tuple(played))


def _shown(figure: Figure, side: Side) -> str:
    """What one side came to, in the figure's unit."""
    if figure.of is Of.TIME:
        return f"{1 / side.rate:,.2f}" if side.rate else "never"
    return f"{side.rate / figure.scale:,.1f}"
