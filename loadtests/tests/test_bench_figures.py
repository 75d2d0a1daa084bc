"""The arithmetic of the bench: ratios, spread, and when there is no headline."""

from dataclasses import replace
from typing import Any

import pytest

from loadtests.bench.aims import AIMS, Aim
from loadtests.bench.command import missing
from loadtests.bench.figures import Figure, Of, Side, spread
from loadtests.bench.pairs import PAIRS
from loadtests.bench.processes import lacking_cores


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
    assert nothing.document("x")["ratio"] is None
    assert figure().failed, "no round at all"


def test_a_missing_peer_is_said_and_is_no_failure() -> None:
    skipped = Figure("calls", "calls/s", "Peer", skipped="Peer needs node")
    assert (skipped.headline, skipped.failed) == ("no headline: Peer needs node", False)
    document = skipped.document("x")
    assert document["headline_refused"] == document["not_measured"] == "Peer needs node"
    assert document["held"] is None
    assert missing([skipped]) == ["Not measured: calls, beside Peer: Peer needs node"]


def test_the_document_has_the_six_fields_then_every_round() -> None:
    made = Figure("octets", "MB/s", "Peer", scale=1e6, rounds=((side(2e6), side(1e6)),))
    document = made.document("python -m loadtests bench --only forward")
    assert list(document.items())[:6] == [
        ("name", "octets"),
        ("ours", 2.0),
        ("peer", 1.0),
        ("ratio", 2.0),
        ("aim", None),
        ("command", "python -m loadtests bench --only forward"),
    ]
    sides: Any = document["sides"]
    ours = sides["ours"]
    assert (ours["rates"], ours["median_rate"], ours["server_busy"]) == ([2.0], 2.0, [1.0])


@pytest.mark.parametrize(
    ("aim", "of", "held"),
    [
        (Aim(2.0, most=False), Of.RATE, True),
        (Aim(2.1, most=False), Of.RATE, False),
        (Aim(0.5, most=True), Of.CPU, True),
        (Aim(0.49, most=True), Of.CPU, False),
        (Aim(0.01, most=True, absolute="s"), Of.TIME, True),
        (Aim(0.009, most=True, absolute="s"), Of.TIME, False),
        (None, Of.RATE, None),
    ],
)
def test_each_aim_is_held_on_one_side_and_missed_on_the_other(
    aim: Aim | None, of: Of, held: bool | None
) -> None:
    made = replace(figure((side(100), side(50)), of=of), aim=aim)
    assert made.held is held
    assert made.document("x")["held"] is held
    if aim is not None:
        assert f"aim {aim.text}: {'held' if held else 'missed'}" in made.headline


def test_an_aim_without_a_headline_is_neither_held_nor_missed() -> None:
    bound = figure((side(100, server=0.1), side(50)))
    assert bound.refused
    assert replace(bound, aim=Aim(1.0, most=False)).held is None


def test_a_number_without_a_peer_is_judged_and_losses_spoil_it() -> None:
    held = Figure("hold", "octets", "", aim=Aim(8192, most=True, absolute="octets"), of=Of.VALUE)
    good = replace(held, value=1743.0)
    assert good.headline == "1,743 octets; aim at most 8,192 octets: held"
    assert (good.held, good.ratio, good.failed) == (True, None, False)
    assert replace(held, value=9000.0).held is False
    lossy = replace(good, lost=3)
    assert (lossy.held, lossy.failed) == (None, True)
    assert lossy.headline == "no headline: 3 were lost"
    assert replace(held, skipped="Kamailio is missing").failed is False
    assert held.failed, "nothing was measured"


def test_every_aim_belongs_to_a_pair() -> None:
    assert set(AIMS) <= set(PAIRS)


def test_of_several_processes_the_busiest_decides_what_they_could_do() -> None:
    """Two that share the work evenly, and a third of their time for telling each other."""
    two = Side(100, 1.0, 0.8, 0.5, busiest_cpu_s=0.4)
    one = Side(100, 1.0, 0.6, 0.5)
    of_busiest = figure((two, one), of=Of.BUSIEST)
    assert of_busiest.ratios == [pytest.approx(1.5)]
    assert of_busiest.ours == 250
    assert of_busiest.peers == pytest.approx(100 / 0.6)
    assert of_busiest.measured_in == "calls/s of CPU"
    document = of_busiest.document("x")
    assert (document["less_is_better"], document["measured_in"]) == (False, "calls/s of CPU")
    uneven = replace(two, busiest_cpu_s=0.6)
    assert figure((uneven, one), of=Of.BUSIEST).ratios == [1.0], "all in one process: no gain"


def test_the_busiest_process_tells_whether_the_generator_was_the_bottleneck() -> None:
    assert not Side(100, 1.0, 1.9, 0.95, busiest_cpu_s=0.95).generator_bound
    assert Side(100, 1.0, 1.2, 0.7, busiest_cpu_s=0.6).generator_bound


def test_a_rate_for_which_cores_are_missing_has_no_headline() -> None:
    reason = lacking_cores(1_000_000, "a million processes")
    assert reason.startswith("a million processes need 1000000 free cores for a rate")
    assert lacking_cores(1, "one process") == ""
    rate = replace(figure((side(100), side(50))), lacks=reason, aim=Aim(1.8, most=False))
    assert (rate.headline, rate.held) == (f"no headline: {reason}", None)
    assert not rate.failed
    assert replace(rate, of=Of.BUSIEST).held, "processor time needs none of them"
