"""Service levels: the grammar, and that each bound is held on one side and broken on the other."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.engine_core.histogram import Histogram
from loadtests.engine_core.ledger import Ledger
from loadtests.engine_core.totals import Totals
from loadtests.verdict.levels import Level, State, document, held, judge, parse_level
from simulators.errors import ConfigurationError

UNHURRIED = settings(deadline=None)


def totals(latencies_s: list[float], fails: int = 0, lost: int = 0) -> Totals:
    ledger = Ledger(0)
    for at, latency in enumerate(latencies_s):
        ledger.started(at, at)
        ledger.registered(at, at + latency)
    for at in range(fails):
        ledger.started(at, at)
        ledger.failed(at, at + 0.5, "403: refused")
    for _ in range(lost):
        ledger.lost()
    found = Totals()
    found.add(ledger.take(wall_s=0, elapsed_s=2.0, cpu_s=0.1, final=True))
    return found


def state(text: str, found: Totals, refused: str | None = None) -> State:
    registered = found.registered - found.lost
    return judge((parse_level(text),), found, registered, refused)[0].state


NINE_OF_TEN = totals([0.1] * 9, fails=1)


@pytest.mark.parametrize(
    ("text", "found", "wanted"),
    [
        ("90 % registered within 150 ms", NINE_OF_TEN, State.HELD),
        ("90.1 % registered within 150 ms", NINE_OF_TEN, State.BROKEN),
        ("90 % registered within 99 ms", NINE_OF_TEN, State.BROKEN),
        ("0.01 % registered within 99 ms", NINE_OF_TEN, State.BROKEN),
        ("p99 <= 0.2 s", NINE_OF_TEN, State.HELD),
        ("p99 <= 99 ms", NINE_OF_TEN, State.BROKEN),
        ("p50 < 100 ms", totals([0.1]), State.BROKEN),
        ("max <= 100 ms", totals([0.05, 0.1]), State.HELD),
        ("max <= 100 ms", totals([0.05, 0.1001]), State.BROKEN),
        ("max at most 1 min", NINE_OF_TEN, State.HELD),
        ("failed <= 10 %", NINE_OF_TEN, State.HELD),
        ("failed < 10 %", NINE_OF_TEN, State.BROKEN),
        ("failed <= 0", NINE_OF_TEN, State.BROKEN),
        ("failed at most 1", NINE_OF_TEN, State.HELD),
        ("registered >= 9", NINE_OF_TEN, State.HELD),
        ("registered > 9", NINE_OF_TEN, State.BROKEN),
        ("registered at least 90 %", totals([0.1] * 9, fails=1, lost=1), State.BROKEN),
        ("lost <= 0", totals([0.1], lost=1), State.BROKEN),
        ("p99 <= 1 s", totals([], fails=3), State.BROKEN),
        ("1 % registered within 1 s", totals([], fails=3), State.BROKEN),
        ("failed <= 1 %", Totals(), State.BROKEN),
    ],
)
def test_a_level_is_held_or_broken(text: str, found: Totals, wanted: State) -> None:
    assert state(text, found) is wanted


def test_registered_is_the_lowest_of_all_counts() -> None:
    level = (parse_level("registered >= 9"),)
    assert judge(level, NINE_OF_TEN, 8, None)[0].state is State.BROKEN


def test_where_the_generator_was_the_bottleneck_nothing_is_judged() -> None:
    verdicts = judge((parse_level("failed <= 10 %"),), NINE_OF_TEN, 9, "it was the bottleneck")
    assert verdicts[0].state is State.NOT_JUDGED
    assert not held(verdicts), "not judged is not held"
    assert document(verdicts) == [
        {
            "level": "failed <= 10 %",
            "actual": "1 of 10 (10 %)",
            "state": "not judged",
            "reason": "it was the bottleneck",
        }
    ]


@UNHURRIED
@given(
    values=st.lists(st.floats(0.000_001, 100), min_size=1, max_size=60),
    limit_ms=st.floats(0.01, 100_000),
)
def test_within_never_counts_what_was_later(values: list[float], limit_ms: float) -> None:
    """In doubt a value was late: by at most the thousandth that a bucket is wide."""
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    found = histogram.count_within(limit_ms)
    exact = [max(1, round(value * 1e6)) / 1000 for value in values]
    assert sum(value <= limit_ms * 0.998 - 0.002 for value in exact) <= found
    assert found <= sum(value <= limit_ms for value in exact)


WORDS = ("given a token", "let in")


@pytest.mark.parametrize("word", WORDS)
def test_a_scenario_has_words_of_its_own(word: str) -> None:
    within, count = (
        parse_level(text, WORDS) for text in (f"90 % {word} within 150 ms", f"{word} at least 9")
    )
    verdicts = judge((within, count), NINE_OF_TEN, 9, None)
    assert [verdict.state for verdict in verdicts] == [State.HELD, State.HELD]
    assert within.text == f"90 % {word} within 150 ms"
    assert judge((within, count), NINE_OF_TEN, 8, None)[1].state is State.BROKEN


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("90 % registered within 2 s", "given a token or let in before 'within', got 'registered'"),
        ("registered >= 9", "one of given a token, let in, failed, lost before '>='"),
        ("fast", '"99.9 % given a token within 2 s"'),
    ],
)
def test_another_scenarios_word_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_level(text, WORDS)
    assert said in str(refused.value)


def test_blanks_do_not_matter_and_the_text_is_kept_tidy() -> None:
    assert parse_level("  p99<=500ms ") == parse_level("p99<=500ms")
    assert parse_level("99.9  %  registered within 2s").text == "99.9 % registered within 2s"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected a level such as"),
        ("fast", "expected a level such as"),
        ("p99 <= 500", "expected a level such as"),
        ("p99 = 5 ms", "expected a level such as"),
        ("p199 <= 5 ms", "a share from 0 to 100 %, got 199"),
        ("101 % registered within 2 s", "a share from 0 to 100 %"),
        ("failed <= 100.1 %", "a share from 0 to 100 %"),
        ("99 % registered within 2 parsec", "a time in us, ms, s, min, got 2 parsec"),
        ("refused <= 3", "one of registered, failed, lost before '<=', got 'refused'"),
        ("p99 <= -5 ms", "expected a level such as"),
        ("p99 <= ٥ ms", "expected a level such as"),
    ],
)
def test_what_is_no_level_is_refused_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_level(text)
    assert said in str(refused.value)
    assert repr(text) in str(refused.value)


@UNHURRIED
@given(text=st.text(alphabet="0123456789.%p<=> mssregistdfalow", max_size=40))
def test_any_text_is_a_level_or_refused(text: str) -> None:
    try:
        level = parse_level(text)
    except ConfigurationError:
        return
    assert isinstance(level, Level)
    assert state(level.text, NINE_OF_TEN) in (State.HELD, State.BROKEN)
