"""Moments fall due in order, each at its time, and those that were taken back never (property)."""

from hypothesis import given
from hypothesis import strategies as st

from simulators.phone.crowd.moments import Moments
from simulators.phone.crowd.time_line import Happening, TimeLine


class One:
    def __init__(self, name: int) -> None:
        self.name = name
        self.mark = 0


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["set", "clear", "go"]),
        st.integers(0, 5),
        st.one_of(st.sampled_from([0.0, 0.5, 1.0, 3585.0]), st.floats(0, 100)),
    ),
    max_size=80,
)


@given(ACTS)
def test_moments_are_a_dictionary_of_times(acts: list[tuple[str, int, float]]) -> None:
    moments, ones = Moments(), [One(n) for n in range(6)]
    expected: dict[int, float] = {}
    now = 0.0
    for act, name, delay in acts:
        if act == "set":
            moments.set(ones[name], now, delay)
            expected[name] = now + delay
        elif act == "clear":
            moments.clear(ones[name])
            expected.pop(name, None)
        else:
            now += delay
            due = [(at, who.name) for at, who in moments.by(now) if isinstance(who, One)]
            assert [at for at, _ in due] == sorted(at for at, _ in due)
            assert {n: at for at, n in due} == {n: at for n, at in expected.items() if at <= now}
            expected = {n: at for n, at in expected.items() if at > now}
            for _, found in due:
                moments.clear(ones[found])
        assert moments.first() == min(expected.values(), default=None)


def test_what_is_set_meanwhile_falls_due_in_the_same_turn() -> None:
    moments, one, other = Moments(), One(0), One(1)
    moments.set(one, 0.0, 1.0)
    moments.set(other, 0.0, 3.0)
    due = []
    for at, who in moments.by(3.0):
        assert isinstance(who, One)
        due.append((at, who.name))
        if at < 2:
            moments.set(who, at, 1.5)
    assert due == [(1.0, 0), (2.5, 0), (3.0, 1)]


def test_a_long_time_line_keeps_its_beginning_and_its_end() -> None:
    line = TimeLine(most=6)
    for number in range(10):
        line.note(float(number), f"refresh {number}")
    assert [entry.at for entry in line] == [0, 1, 2, 7, 8, 9]
    assert (len(line), line.passed_over) == (6, 4)
    assert next(iter(line)) == Happening(0.0, "refresh 0")
