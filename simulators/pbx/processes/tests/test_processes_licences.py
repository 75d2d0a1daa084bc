"""Who holds how many licences: none is given out twice, and nobody is refused too early."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.errors import LocalProtocolError
from simulators.pbx.processes.licences import LicencePool
from simulators.pbx.processes.messages import LicencesAsked, LicencesGranted


def test_who_asks_gets_more_than_needed_while_there_are_many() -> None:
    pool = LicencePool(1000, (1, 2))
    pool.wanted(1, 1)
    pool.wanted(2, 500)
    assert pool.to_say() == [(1, LicencesGranted(250)), (2, LicencesGranted(562))]


def test_who_is_short_gets_what_the_others_give_up_and_the_next_asks_anew() -> None:
    pool = LicencePool(3, (1, 2, 3))
    pool.wanted(1, 3)
    pool.wanted(2, 2)
    pool.wanted(3, 2)
    assert pool.to_say() == [(1, LicencesGranted(3)), (1, LicencesAsked()), (3, LicencesAsked())]
    pool.spared(1, 2)  # enough: process 2 need not wait for the third
    assert pool.to_say() == [(2, LicencesGranted(2))]
    pool.spared(3, 0)
    assert pool.to_say() == [(1, LicencesAsked()), (2, LicencesAsked())]
    pool.spared(1, 1)
    assert pool.to_say() == []
    pool.spared(2, 0)
    assert pool.to_say() == [(3, LicencesGranted(1))]


def test_one_process_alone_has_nobody_to_ask() -> None:
    pool = LicencePool(1, (1,))
    pool.wanted(1, 2)
    assert pool.to_say() == [(1, LicencesGranted(1))]


@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_process_leaves_its_licences_and_is_waited_for_no_longer(lost: int) -> None:
    """Of those that ask, or of those that are asked."""
    pool = LicencePool(2, (1, 2, 3))
    pool.wanted(2, 2)
    pool.wanted(1, 1)
    pool.to_say()
    pool.wanted(3, 2)
    pool.spared(3, 0)
    pool.lost(lost)
    said = pool.to_say()
    if lost == 2:  # the first wish is served at once, and then the second one waits
        assert said == [(1, LicencesGranted(1)), (1, LicencesAsked())]
        pool.spared(1, 1)
        assert pool.to_say() == [(3, LicencesGranted(2))]
    else:  # process 2 was asked for process 1, and is asked again
        assert said == []
        pool.spared(2, 0)
        assert pool.to_say() == [(2, LicencesAsked())]
        pool.spared(2, 1)
        assert pool.to_say() == [(3, LicencesGranted(1))]


@pytest.mark.parametrize("count", [-1, 3])
def test_what_is_given_back_was_held(count: int) -> None:
    pool = LicencePool(2, (1, 2))
    pool.wanted(1, 2)
    with pytest.raises(LocalProtocolError, match="gives back 0 licences"):
        pool.spared(1, 0)
    pool.wanted(2, 1)
    with pytest.raises(LocalProtocolError, match="it holds 2, and still to answer are"):
        pool.spared(1, count)


@given(st.integers(0, 9), st.integers(1, 4), st.data())
def test_none_is_given_out_twice_or_lost_and_all_wishes_end(
    total: int, processes: int, data: st.DataObject
) -> None:
    pool = LicencePool(total, range(1, processes + 1))
    held = dict.fromkeys(range(1, processes + 1), 0)
    asked: list[int] = []
    wishing: dict[int, int] = {}
    for _ in range(data.draw(st.integers(0, 20))):
        number = data.draw(st.sampled_from(sorted(held)))
        if number not in wishing:
            wishing[number] = data.draw(st.integers(1, 4))
            pool.wanted(number, wishing[number])
        if len(held) > 1 and data.draw(st.integers(0, 9)) == 0:
            pool.lost(number)
            del held[number]
            wishing.pop(number, None)
        while True:
            for to, message in pool.to_say():
                if to not in held:
                    continue
                if isinstance(message, LicencesAsked):
                    asked.append(to)
                else:
                    held[to] += message.licences
                    assert sum(held.values()) <= total
                    if message.licences < wishing.pop(to):
                        assert pool._free == 0
            asked = [each for each in asked if each in held]
            if not asked or data.draw(st.booleans()):
                break
            giver = asked.pop(data.draw(st.integers(0, len(asked) - 1)))
            spared = data.draw(st.integers(0, held[giver]))
            held[giver] -= spared
            pool.spared(giver, spared)
    while asked:
        pool.spared(asked.pop(), 0)
        for to, message in pool.to_say():
            if isinstance(message, LicencesAsked):
                asked.append(to)
            else:
                held[to] += message.licences
                del wishing[to]
    assert wishing == {}
    assert pool._free + sum(held.values()) == total
