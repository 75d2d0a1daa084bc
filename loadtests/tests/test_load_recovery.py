"""Verdicts on storms: each harm is seen by name, and none where there is none."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.batches import Held
from loadtests.engine_core.ledger import Ledger
from loadtests.engine_core.totals import Totals
from loadtests.verdict.by_name import HANDFUL, Named, Place, Roll, Who, beyond, lacking, listed
from loadtests.verdict.recovery import Recovery, lasting_harm, recovery

PHONES = 200
EVERY = frozenset(range(PHONES))
ROLL = Roll([str(1000 + phone) for phone in range(PHONES)])
GOOD = Who(Place(EVERY), Place(EVERY), Place(EVERY))


def storm(fails: int = 0, lost: int = 0, unended: int = 0, held: Held | None = None) -> Totals:
    """Phone i comes at i / 100 s and is registered 0.5 s later; the last one takes 5 s."""
    ledger = Ledger(0)
    for phone in range(PHONES):
        due = phone / 100
        ledger.started(due, due)
        if phone < fails:
            ledger.failed(due, due + 0.1, "403: refused", phone)
        elif phone >= fails + unended:
            ledger.registered(due, due + (5.0 if phone == PHONES - 1 else 0.5), phone)
    for _ in range(lost):
        ledger.lost()
    found = Totals()
    held = held or Held(EVERY, frozenset(range(fails + unended, PHONES)))
    found.add(ledger.take(wall_s=0, elapsed_s=2.0, cpu_s=0.4, final=True, held=held))
    return found


def judged(totals: Totals, who: Who | None, roll: Roll = ROLL) -> Recovery:
    return recovery(PHONES, totals, lasting_harm(totals, who, roll))


def harm(totals: Totals, who: Who | None, roll: Roll = ROLL) -> dict[str, int | None]:
    return {one.name: one.count for one in judged(totals, who, roll).harm if one.count != 0}


def places(who: Who, numbers: Iterable[int], *names: str) -> Who:
    """The target with these at one place and all others as they are."""
    changed = {name: Place(frozenset(numbers)) for name in names}
    return replace(who, **changed)


def test_a_storm_that_all_survive() -> None:
    found = judged(storm(), GOOD)
    assert found.nearly_s == pytest.approx(1.97 + 0.5, rel=0.002)
    assert found.all_s == pytest.approx(1.99 + 5.0, rel=0.002)
    assert (found.worst, found.worst_s, found.worst_back) == (199, 5.0, True)
    assert found.whole and found.back == PHONES
    assert found.sentence == "all 200 phones were back after 7.0 s; no lasting harm was found"


def test_two_of_two_hundred_missing_are_one_per_cent() -> None:
    who = places(GOOD, EVERY - {0, 1}, "mbg", "pbx", "licences")
    found = judged(storm(fails=2), who)
    assert found.nearly_s is not None and found.all_s is None
    assert (found.worst, found.worst_back) in {(0, False), (1, False)}
    assert "2 of 200 phones did not come back" in found.sentence
    assert not found.whole
    assert judged(storm(fails=3), who).nearly_s is None


@pytest.mark.parametrize(
    ("fails", "who", "wanted"),
    [
        (3, places(places(GOOD, EVERY - {0, 1, 2}, "mbg", "pbx"), EVERY - {0}, "licences"),
         {"licences leaked": 2}),
        (1, places(GOOD, EVERY - {0}, "pbx", "licences"), {"ghosts at the MBG": 1}),
        (1, places(GOOD, EVERY - {0}, "mbg", "licences"), {"ghosts at the PBX": 1}),
        (0, places(GOOD, EVERY - {7, 8}, "mbg"), {"forgotten by the MBG": 2}),
        (0, places(GOOD, EVERY - {7}, "pbx"), {"forgotten by the PBX": 1}),
        (0, replace(GOOD, mbg=Place(EVERY, ("500000",))), {"ghosts at the MBG": 1}),
        (0, GOOD, {}),
    ],
)  # fmt: skip
def test_each_harm_is_told_by_name(fails: int, who: Who, wanted: dict[str, int]) -> None:
    assert harm(storm(fails), who) == wanted
    assert judged(storm(fails), who).whole is not (bool(wanted) or bool(fails))


def test_one_lost_and_another_held_in_vain_are_found_though_the_counts_are_equal() -> None:
    who = places(GOOD, EVERY - {40}, "mbg")  # phone 0 failed, and is held in vain; 40 is forgotten
    who = places(who, EVERY - {0}, "pbx", "licences")
    totals = storm(fails=1)
    assert len(who.mbg.items) == len(totals.held.registered), "a count sees nothing"
    found = judged(totals, who)
    assert harm(totals, who) == {"ghosts at the MBG": 1, "forgotten by the MBG": 1}
    assert found.sentence.endswith(
        "lasting harm: 1 ghost at the MBG (phone 0, extension 1000), "
        "1 forgotten by the MBG (phone 40, extension 1040)"
    )
    rows, document = dict(found.rows), found.document()
    assert rows["forgotten by the MBG"] == "1: phone 40, extension 1040"
    named: Any = document["harm"]
    assert named[1]["who"] == [{"phone": 0, "extension": "1000"}]


def test_a_handful_is_named() -> None:
    found = judged(storm(), places(GOOD, EVERY - set(range(20, 29)), "mbg"))
    assert dict(found.rows)["forgotten by the MBG"].endswith("extension 1024; and 4 more")
    document: Any = found.document()
    assert len(document["harm"][3]["who"]) == HANDFUL
    assert listed([Named(-1, "device 9")]) == "extension device 9"


def test_operations_lost_are_refreshes_and_registrations_without_an_end() -> None:
    who = places(GOOD, EVERY - {0, 1, 2, 3}, "mbg", "pbx", "licences")
    assert harm(storm(lost=3, unended=4), who) == {"operations lost": 7}


def test_who_still_waits_for_an_answer_may_be_there_or_not() -> None:
    waiting = Held(EVERY, EVERY - {0, 1}, frozenset({0, 1}))
    there_or_not = places(GOOD, EVERY - {1}, "mbg")
    found = judged(storm(held=waiting), there_or_not)
    assert harm(storm(held=waiting), there_or_not) == {}
    assert dict(found.rows)["not judged"] == "2 phones with a request under way at the end"
    assert harm(storm(held=Held(EVERY, EVERY - {0, 1})), there_or_not) == {
        "licences leaked": 2, "ghosts at the MBG": 1, "ghosts at the PBX": 2,
    }  # fmt: skip


def test_the_phones_of_a_lost_worker_are_unknown_and_not_harmful() -> None:
    """Half of the phones have told; of the others the target may hold what it likes."""
    told = frozenset(range(0, PHONES, 2))
    ledger = Ledger(0)
    for phone in sorted(told):
        ledger.started(0, 0)
        ledger.registered(0, 1.0, phone)
    totals = Totals()
    held = Held(told, told)
    totals.add(ledger.take(wall_s=0, elapsed_s=2, cpu_s=0, final=True, held=held))
    totals.lose(1, PHONES - len(told), "killed")
    assert harm(totals, places(GOOD, told | {1, 3}, "mbg")) == {}
    found = judged(totals, GOOD)
    assert (found.unknown, found.open_ends, found.whole) == (100, 100, False)
    assert found.sentence == (
        "all 100 phones of which it is known came back, and 100 were lost with their worker; "
        "no lasting harm was found"
    )
    assert harm(totals, places(GOOD, told - {4}, "pbx")) == {"forgotten by the PBX": 1}


def test_a_target_that_is_not_ours_is_not_said_to_be_unharmed() -> None:
    found = judged(storm(), None)
    assert found.sentence.endswith("harm at the target is not known")
    assert harm(storm(), None)["licences leaked"] is None


def test_engines_that_told_nothing_leave_the_harm_unknown() -> None:
    assert harm(storm(held=Held()), GOOD)["ghosts at the MBG"] is None


def test_nobody_came() -> None:
    found = judged(Totals(), None)
    assert (found.worst, found.nearly_s, found.all_s, found.back) == (None, None, None, 0)
    assert dict(found.rows)["worst phone"] == "none ended"


def test_a_hot_desk_is_held_by_the_phone_at_which_it_is_used() -> None:
    roll = replace(ROLL, guests={f"50{phone:02}": phone for phone in range(4)})
    held = Held(EVERY - {3}, EVERY - {0, 2, 3}, frozenset({2}), {0: "5000"})
    there = Place(EVERY - {0}, ("5000", "5002", "5003"))
    assert beyond(there, held, roll) == (), "2 is being asked for, and 3 was lost with its worker"
    assert lacking(there, held, roll) == ()
    left = Place(EVERY, ("5001",))
    assert beyond(left, held, roll) == (Named(0, "1000"), Named(1, "5001"))
    assert lacking(left, held, roll) == (Named(0, "5000"),)


NUMBERS = st.frozensets(st.integers(0, PHONES - 1))


@settings(deadline=None)
@given(there=NUMBERS, registered=NUMBERS, under_way=NUMBERS, known=NUMBERS)
def test_what_is_not_under_way_is_harm_exactly_where_the_two_differ(
    there: frozenset[int],
    registered: frozenset[int],
    under_way: frozenset[int],
    known: frozenset[int],
) -> None:
    under_way &= known
    held = Held(known, (registered & known) - under_way, under_way)
    place = Place(there)
    found = {one.phone for one in (*beyond(place, held, ROLL), *lacking(place, held, ROLL))}
    assert found == (there ^ registered) & known - under_way
