"""The arithmetic of the bench: ratios, spread, and when there is no headline."""

import pytest

from loadtests.bench.figures import Figure, Of, Side, spread


def side(count: float, *, server: float = 1.0, generator: float = 0.5, failed: int = 0) -> Side:
    """A round of one second."""
    return Side(count, 1.0, server, generator, failed)


def figure(*rounds: tuple[Side, Side], of: Of = Of.RATE) -> Figure:
    return Figure("calls", "calls/s", "Peer", of=of, rounds=rounds)


def test_the_headline_is_the_median_ratio_with_its_spread() -> None:
    three = figure((side(100), side(50)), (side(300), side(100)), (side(50), side(50)))
    assert three.ratios == [2.0, 3.0, 1.0]
    assert (
        three.headline == "2.00 times the peer's operations per second (1.00 .. 3.00 in 3 rounds)"
    )
    assert not three.failed


def test_a_ratio_is_taken_within_a_round_not_over_all() -> None:
    """The machine was half as fast in the second round, for both: that cancels out."""
    assert figure((side(100), side(50)), (side(50), side(25))).ratios == [2.0, 2.0]


def test_an_even_number_of_values_has_the_middle_between_two() -> None:
    assert spread([4.0, 1.0, 2.0, 3.0]) == (1.0, 2.5, 4.0)


def test_processor_time_can_be_what_is_compared() -> None:
    pair = side(100, server=1.0), side(1000, server=0.5, generator=1.0)
    assert figure(pair, of=Of.CPU).ratios == [20.0]
    assert not figure(pair, of=Of.CPU).refused, "it is known though the generator was busier"
    assert "Peer: the generator was the bottleneck" in figure(pair).refused


@pytest.mark.parametrize(
    ("server", "generator", "bound"),
    [
        (1.0, 1.0, False),  # the server had no room left
        (0.9, 1.0, False),
        (0.89, 1.0, True),
        (0.5, 0.5, True),
        (0.5, 0.4, False),  # neither was full, the server busier: others took the machine
    ],
)
def test_the_generator_is_the_bottleneck_where_it_is_busier_than_a_server_with_room(
    server: float, generator: float, bound: bool
) -> None:
    one = side(100, server=server, generator=generator)
    assert one.generator_bound is bound
    for pair in ((one, side(100)), (side(100), one)):
        assert ("no headline: " in figure(pair).headline) is bound
        assert not figure(pair).failed, "a saturated generator is no failure"


def test_one_disturbed_round_of_three_does_not_cost_the_headline() -> None:
    good, disturbed = (side(100), side(50)), (side(100, server=0.2), side(50))
    assert not figure(good, disturbed, good).refused
    assert figure(disturbed, disturbed, good).refused


def test_what_went_wrong_is_a_failure_and_no_headline() -> None:
    wrong = figure((side(100, failed=3), side(50)))
    assert wrong.failed
    assert wrong.headline == "no headline: ours: 3 operations failed"
    nothing = figure((side(100), side(0)))
    assert nothing.failed
    assert nothing.ratios == []
    assert nothing.document()["headline"] is None
    assert figure().failed, "no round at all"


def test_a_missing_peer_is_said_and_is_no_failure() -> None:
    skipped = Figure("calls", "calls/s", "Peer", skipped="Peer needs node")
    assert (skipped.headline, skipped.failed) == ("no headline: Peer needs node", False)
    assert skipped.document()["headline_refused"] == "Peer needs node"


def test_the_document_has_rates_in_the_unit_and_every_round() -> None:
    made = Figure("octets", "MB/s", "Peer", scale=1e6, rounds=((side(2e6), side(1e6)),))
    document = made.document()
    assert document["headline"] == 2.0
    ours = document["ours"]
    assert isinstance(ours, dict)
    assert (ours["rates"], ours["median_rate"], ours["server_busy"]) == ([2.0], 2.0, [1.0])
