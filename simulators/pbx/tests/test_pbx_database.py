"""A node's extensions as its administrator keeps them, and who hears of changes."""

import itertools

import pytest

from simulators.entropy import Seed
from simulators.errors import ConfigurationError, LocalProtocolError
from simulators.pbx.alarms import WEAK_PASSWORD, Alarms
from simulators.pbx.database import Database
from simulators.pbx.extensions import Extension, is_mixed

Pair = tuple[Extension | None, Extension | None]


def database(release: str = "6.3 SP1") -> tuple[Database, list[Pair]]:
    made = Database("PBX node 1", release, Seed(1).stream("node").randbytes)
    heard: list[Pair] = []
    made.on_change.append(lambda old, new: heard.append((old, new)))
    return made, heard


@pytest.mark.parametrize("release", ["6.3 SP1", "6.3 SP2", "6.10"])
def test_pre_3_from_6_3_sp1_on_passwords_are_random(release: str) -> None:
    known, _ = database(release)
    ada, bob = (known.add_extension(number, "") for number in ("2101", "2102"))
    assert is_mixed(ada.auth_password) and is_mixed(bob.auth_password)
    assert ada.auth_password != bob.auth_password
    assert (ada.auth_name, ada.passcode) == ("2101", "2101")


@pytest.mark.parametrize("release", ["6.3", "6.2", "5.100"])
def test_pre_3_older_ones_leave_the_password_empty(release: str) -> None:
    known, _ = database(release)
    assert known.add_extension("2101", "").auth_password == ""
    with pytest.raises(ConfigurationError, match="makes no random passwords"):
        known.renew_credentials("2101")
    assert known.renew_credentials("2101", "typed-1").auth_password == "typed-1"
    assert known.add_extension("2102", "", auth_password="own-1").auth_password == "own-1"


def test_an_upgrade_leaves_what_there_is_and_makes_new_ones_random() -> None:
    known, _ = database("6.3")
    known.add_extension("2101", "")
    known.release = type(known.release).parse("6.3 SP1")
    assert known.extensions["2101"].auth_password == ""
    assert is_mixed(known.renew_credentials("2101").auth_password)
    assert is_mixed(known.add_extension("2102", "").auth_password)


def test_each_change_is_told_with_before_and_after() -> None:
    known, heard = database()
    added = known.add_extension("2101", "Ada")
    renamed = known.rename_extension("2101", "Ada L")
    renewed = known.renew_credentials("2101")
    other_name = known.set_auth_name("2101", "9001")
    moved = known.renumber_extension("2101", "2201")
    known.remove_extension("2201")
    states = [None, added, renamed, renewed, other_name, moved, None]
    assert heard == list(itertools.pairwise(states))
    assert (renamed.name, renamed.auth_password) == ("Ada L", added.auth_password)
    assert (moved.number, moved.auth_name, moved.passcode) == ("2201", "9001", "2201")
    assert dict(known.extensions) == {}


def test_a_new_number_takes_the_authorization_name_along() -> None:
    known, _ = database()
    known.add_extension("2101", "Ada")
    assert known.renumber_extension("2101", "2201").auth_name == "2201"
    assert list(known.extensions) == ["2201"]
    known.add_extension("2101", "Bob")  # number and name are free again


def test_what_a_person_gets_wrong_is_said_and_changes_nothing() -> None:
    known, _ = database()
    known.add_extension("2101", "Ada")
    known.add_extension("2103", "Eve", auth_name="9003")
    before = dict(known.extensions)
    heard: list[Pair] = []
    known.on_change.append(lambda old, new: heard.append((old, new)))
    for wrong, why in (
        (lambda: known.add_extension("2101", "Bob"), "2101 exists"),
        (lambda: known.add_extension("ada", "Ada"), "is digits"),
        (lambda: known.add_extension("2102", "Bob", auth_name="2101"), "belongs to extension 2101"),
        (lambda: known.renumber_extension("2101", "2103"), "2103 exists"),
        (lambda: known.renumber_extension("2101", "x"), "is digits"),
        (lambda: known.renumber_extension("2101", "9003"), "belongs to extension 2103"),
        (lambda: known.rename_extension("9999", "x"), "no extension 9999"),
        (lambda: known.remove_extension("9999"), "no extension 9999"),
        (lambda: known.renew_credentials("9999"), "no extension 9999"),
        (lambda: known.log_in("2101", "2103"), "2101 is no SIP hot desk"),
        (lambda: known.log_out("2150"), "2150 is not logged in"),
    ):
        with pytest.raises(ConfigurationError, match=why):
            wrong()
    with pytest.raises(LocalProtocolError, match="can't travel"):
        known.set_auth_name("2101", "a|b")
    assert dict(known.extensions) == before
    assert heard == []
    with pytest.raises(TypeError):
        known.extensions["2102"] = before["2101"]  # type: ignore[index]


def test_log_ins_end_with_the_extension_or_its_number() -> None:
    known, _ = database()
    for number in ("2101", "2102"):
        known.add_extension(number, "")
    known.add_extension("2150", "Guest", hot_desk=True)
    known.log_in("2150", "2101")
    known.rename_extension("2101", "Ada")
    assert dict(known.hot_desk) == {"2150": "2101"}
    known.renumber_extension("2101", "2201")
    assert dict(known.hot_desk) == {}
    known.log_in("2150", "2102")
    known.remove_extension("2150")
    assert dict(known.hot_desk) == {}


def test_an_alarm_is_raised_once_until_it_is_cleared() -> None:
    alarms = Alarms()
    assert alarms.raise_alarm(WEAK_PASSWORD, "2101", 10.0)
    assert not alarms.raise_alarm(WEAK_PASSWORD, "2101", 20.0)
    assert alarms.raise_alarm(WEAK_PASSWORD, "2102", 30.0)
    assert [(a.extension, a.since) for a in alarms.listed()] == [("2101", 10.0), ("2102", 30.0)]
    assert "weak password" in alarms.listed()[0].text
    assert alarms.clear(WEAK_PASSWORD, "2101")
    assert not alarms.clear(WEAK_PASSWORD, "2101")
    assert alarms.raise_alarm(WEAK_PASSWORD, "2101", 40.0)
