"""Due times by key: against a dictionary that is searched from end to end."""

from hypothesis import given
from hypothesis import strategies as st

from simulators.mbg.sip_border.deadlines import Deadlines

keys = st.sampled_from("abc")
times = st.integers(0, 20)
steps = st.one_of(
    st.tuples(st.just("set"), keys, times),
    st.tuples(st.just("clear"), keys, times),
    st.tuples(st.just("due"), keys, times),
)


@given(st.lists(steps, max_size=40))
def test_what_is_due_is_what_a_plain_search_finds(taken: list[tuple[str, str, int]]) -> None:
    deadlines, plain, now = Deadlines(), dict[str, float](), 0
    for step, key, time in taken:
        if step == "set":
            deadlines.set(key, now + time)
            plain[key] = now + time
        elif step == "clear":
            deadlines.clear(key)
            plain.pop(key, None)
        else:
            now += time
            first = deadlines.first()
            if plain:
                assert first is not None
                assert first <= min(plain.values())
            expected = sorted(k for k, at in plain.items() if at <= now)
            assert sorted(deadlines.due(now)) == expected
            for each in expected:
                del plain[each]
        assert len(deadlines) == len(plain)


def test_refreshing_again_and_again_leaves_one_entry() -> None:
    deadlines = Deadlines()
    for now in range(1000):
        deadlines.set("a", now + 300)
    assert len(deadlines._heap) == 1
    assert deadlines.due(1298) == []
    assert deadlines.due(1299) == ["a"]
    assert deadlines.first() is None


def test_who_is_due_first_comes_first() -> None:
    deadlines = Deadlines()
    for key, at in (("late", 3), ("early", 1), ("between", 2)):
        deadlines.set(key, at)
    assert deadlines.due(5) == ["early", "between", "late"]
