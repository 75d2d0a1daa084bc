"""Which workers take part, and with which shares."""

from hypothesis import given
from hypothesis import strategies as st

from loadtests.machines.roster import Hello, Roster

MARK = "the plan's"


def roster(workers: int = 2, *, one_machine: bool = False) -> Roster:
    return Roster(workers, MARK, one_machine=one_machine)


def test_shares_are_dealt_in_the_order_of_coming() -> None:
    them = roster()
    assert them.missing == 2
    assert not them.hello("b", Hello(MARK))
    assert not them.hello("b", Hello(MARK)), "again"
    assert them.missing == 1
    assert not them.hello("a", Hello(MARK))
    assert them.dealt == {}
    assert them.deal() == them.dealt == {"b": 0, "a": 1}
    them.collect()
    assert them.dealt == {}


def test_another_plan_and_one_too_many_are_refused() -> None:
    them = roster()
    assert "another one than the master's" in them.hello("a", Hello("of last week"))
    assert them.missing == 2
    them.hello("a", Hello(MARK))
    them.hello("b", Hello(MARK))
    assert "has 2 workers, and they are all here" in them.hello("c", Hello(MARK))
    assert not them.hello("a", Hello(MARK)), "who is in stays in"


def test_who_was_started_again_has_a_share_like_any_other() -> None:
    """Locust would have given it the number 2, of which the plan knows nothing."""
    them = roster()
    them.hello("a", Hello(MARK))
    them.hello("b", Hello(MARK))
    them.keep({"b"})
    assert not them.hello("a again", Hello(MARK))
    assert them.deal() == {"b": 0, "a again": 1}


def test_who_leaves_in_the_middle_keeps_its_share() -> None:
    """It is lost, and nobody else has it."""
    them = roster()
    them.hello("a", Hello(MARK))
    them.hello("b", Hello(MARK))
    them.deal()
    them.keep({"b"})
    assert not them.hello("c", Hello(MARK)), "for the next test"
    assert them.dealt == {"a": 0, "b": 1}


def test_two_workers_never_have_an_address_in_common() -> None:
    them = roster(3)
    assert not them.hello("a", Hello(MARK, "10.20.1.0/24"))
    assert "10.20.1.0/24" in them.hello("b", Hello(MARK, "10.20.1.9"))
    assert "addresses of this machine" in them.hello("b", Hello(MARK, "nowhere"))
    assert not them.hello("b", Hello(MARK, "10.20.2.0/24"))
    assert not them.hello("c", Hello(MARK)), "by themselves"


def test_forks_of_one_command_share_its_addresses() -> None:
    them = roster(one_machine=True)
    assert not them.hello("a", Hello(MARK, "10.20.1.9"))
    assert not them.hello("b", Hello(MARK, "10.20.1.9"))


@given(
    workers=st.integers(1, 5),
    acts=st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=60),
)
def test_shares_are_whole_whoever_comes_and_goes(
    workers: int, acts: list[tuple[bool, int]]
) -> None:
    them, here = roster(workers), set[str]()
    for comes, number in acts:
        node = str(number)
        if comes:
            here.add(node)
            them.hello(node, Hello(MARK))
        else:
            here.discard(node)
        them.keep(here)
        if not them.missing:
            dealt = them.deal()
            assert sorted(dealt.values()) == list(range(workers))
            assert dealt.keys() <= here
