"""Verdicts on storms, and what a phone costs: each harm is seen, and none where there is none."""

from dataclasses import replace

import pytest

from loadtests.batches import NOTHING_SENT, Wire
from loadtests.cost import Usage, cost
from loadtests.engine_core.ledger import Ledger
from loadtests.engine_core.totals import Totals
from loadtests.recovery import recovery
from loadtests.target import Report

PHONES = 200
ALL = Report(PHONES, PHONES, PHONES, 1.0)


def storm(fails: int = 0, lost: int = 0, unended: int = 0) -> Totals:
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
    wire = Wire(400, 200_000, 380, 100_000)
    found.add(ledger.take(wall_s=0, elapsed_s=2.0, cpu_s=0.4, wire=wire, final=True))
    return found


def harm(totals: Totals, report: Report | None) -> dict[str, int | None]:
    found = recovery(PHONES, totals, report).harm
    return {one.name: one.count for one in found if one.count != 0}


def test_a_storm_that_all_survive() -> None:
    found = recovery(PHONES, storm(), ALL)
    assert found.nearly_s == pytest.approx(1.97 + 0.5, rel=0.002)
    assert found.all_s == pytest.approx(1.99 + 5.0, rel=0.002)
    assert (found.worst, found.worst_s, found.worst_back) == (199, 5.0, True)
    assert found.whole and found.back == PHONES
    assert found.sentence == "all 200 phones were back after 7.0 s; no lasting harm was found"


def test_two_of_two_hundred_missing_are_one_per_cent() -> None:
    report = replace(ALL, registered_at_mbg=198, registered_at_pbx=198, licences_in_use=198)
    found = recovery(PHONES, storm(fails=2), report)
    assert found.nearly_s is not None and found.all_s is None
    assert (found.worst, found.worst_back) in {(0, False), (1, False)}
    assert "2 of 200 phones did not come back" in found.sentence
    assert not found.whole
    assert recovery(PHONES, storm(fails=3), report).nearly_s is None


@pytest.mark.parametrize(
    ("report", "wanted"),
    [
        (replace(ALL, licences_in_use=203), {"licences leaked": 3}),
        (replace(ALL, registered_at_mbg=201), {"ghosts at the MBG": 1}),
        (replace(ALL, registered_at_pbx=205), {"ghosts at the PBX": 5}),
        (replace(ALL, registered_at_mbg=190), {"phones forgotten": 10}),
        (ALL, {}),
    ],
)
def test_each_harm_is_told_by_a_count(report: Report, wanted: dict[str, int]) -> None:
    assert harm(storm(), report) == wanted
    assert recovery(PHONES, storm(), report).whole is not bool(wanted)


def test_operations_lost_are_refreshes_and_registrations_without_an_end() -> None:
    report = replace(ALL, registered_at_mbg=193, registered_at_pbx=193, licences_in_use=193)
    assert harm(storm(lost=3, unended=4), report) == {"operations lost": 7}


def test_a_target_that_is_not_ours_is_not_said_to_be_unharmed() -> None:
    found = recovery(PHONES, storm(), None)
    assert found.sentence.endswith("harm at the target is not known")
    assert harm(storm(), None)["licences leaked"] is None


def test_nobody_came() -> None:
    found = recovery(PHONES, Totals(), None)
    assert (found.worst, found.nearly_s, found.all_s, found.back) == (None, None, None, 0)
    assert dict(found.rows)["worst phone"] == "none ended"


def test_the_cost_is_that_of_an_attempted_phone() -> None:
    found = cost(storm(fails=100), (Usage(10.0, 1_000_000), Usage(10.5, 1_400_000)))
    assert found is not None
    assert found.per_phone == {
        "octets_sent": 1000.0,
        "octets_received": 500.0,
        "datagrams_sent": 2.0,
        "datagrams_received": 1.9,
        "octets_on_wire": 1500 + 28 * 3.9,
        "generator_cpu_us": 2000.0,
        "target_cpu_us": 2500.0,
        "target_memory_octets": 2000,
    }


def test_what_is_not_known_is_said() -> None:
    found = cost(storm(), None)
    assert found is not None
    assert dict(found.rows)["CPU per phone, target"] == "not known"
    assert cost(Totals(), None) is None, "nobody was attempted"
    uncounted = replace(found, wire=NOTHING_SENT)
    assert uncounted.per_phone["octets_sent"] is None
    assert dict(uncounted.rows)["octets per phone, SIP"] == "not known"
