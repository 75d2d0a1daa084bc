"""The parent's table: who owns an extension, and who has a licence."""

import pytest

from simulators.errors import LocalProtocolError
from simulators.pbx.processes.messages import (
    Claim,
    FromProcess,
    Grant,
    GrantBound,
    GrantUnlicensed,
    HandedOver,
    Kept,
    Message,
    Ready,
    Recall,
    Released,
    Row,
    decode,
    encode,
)
from simulators.pbx.processes.ownership import TRANSITIONS, Ownership, State

ROWS: list[Row] = [["sip:1@h", "c", 1, 60.5, "127.0.0.1", 5060, "UDP"]]


def test_every_state_is_left_and_reached() -> None:
    reached = {following for row in TRANSITIONS.values() for following in row.values()}
    assert set(TRANSITIONS) == reached == set(State)


def test_an_extension_goes_from_process_to_process_with_its_bindings_and_its_licence() -> None:
    table = Ownership(licences=1)
    table.hear(1, Claim(["1"]))
    assert table.to_say() == [(1, Grant(["1"]))]
    table.hear(1, Kept(["1"]))
    table.hear(2, Claim(["1"]))
    table.hear(3, Claim(["1"]))
    assert table.to_say() == [(1, Recall(["1"]))], "once, however many want it"
    table.hear(1, HandedOver("1", ROWS))
    assert table.to_say() == [(2, GrantBound("1", ROWS))]
    table.hear(2, Kept(["1"]))
    assert table.to_say() == [(2, Recall(["1"]))]
    assert (table.registered(), table.licences.in_use) == ({"1": 2}, 1)
    table.hear(2, Released(["1"]))
    assert table.to_say() == [(3, Grant(["1"]))]
    table.hear(3, Released(["1"]))
    assert (table.registered(), table.licences.in_use, table.licences.high_water) == ({}, 0, 1)
    assert table._extensions == {}, "nothing is kept of what nobody has"


def test_without_a_licence_it_is_granted_to_be_refused() -> None:
    table = Ownership(licences=1)
    table.hear(1, Claim(["1"]))
    table.hear(1, Kept(["1"]))
    table.hear(2, Claim(["2"]))
    assert table.to_say()[-1] == (2, GrantUnlicensed(["2"]))
    with pytest.raises(LocalProtocolError, match="without a licence"):
        table.hear(2, Kept(["2"]))


def test_who_comes_while_the_last_licence_is_undecided_waits_for_the_decision() -> None:
    table = Ownership(licences=1)
    table.hear(1, Claim(["1"]))
    table.hear(2, Claim(["2"]))
    table.hear(2, Claim(["3"]))
    assert table.to_say() == [(1, Grant(["1"]))]
    table.hear(1, Released(["1"]))  # a wrong password
    assert table.to_say() == [(2, Grant(["2"]))]
    table.hear(2, Kept(["2"]))
    assert table.to_say() == [(2, GrantUnlicensed(["3"]))]


def test_a_lost_process_frees_what_it_owned_and_is_waited_for_no_longer() -> None:
    table = Ownership(licences=2)
    for extension in ("1", "2"):
        table.hear(1, Claim([extension]))
        table.hear(1, Kept([extension]))
    table.hear(2, Claim(["1"]))  # recalled, which will not be answered
    table.hear(2, Claim(["3"]))  # no licence is free
    table.to_say()
    assert table.lost(1) == 2
    assert table.to_say() == [(2, Grant(["1"]))]
    assert table.registered() == {}
    table.hear(2, Released(["3"]))
    table.hear(2, Claim(["2"]))
    assert table.to_say() == [(2, Grant(["2"]))]


def test_bindings_that_nobody_wants_any_more_go_back() -> None:
    table = Ownership()
    table.hear(1, Claim(["1"]))
    table.hear(1, Kept(["1"]))
    table.hear(2, Claim(["1"]))
    table.to_say()
    assert table.lost(2) == 0
    table.hear(1, HandedOver("1", ROWS))
    assert table.to_say() == [(1, GrantBound("1", ROWS))]
    table.hear(1, Kept(["1"]))
    assert table.registered() == {"1": 1}


@pytest.mark.parametrize("said", [Kept(["1"]), Released(["1"]), HandedOver("1", ROWS)])
def test_what_a_process_does_not_own_it_can_say_nothing_of(said: FromProcess) -> None:
    table = Ownership()
    with pytest.raises(LocalProtocolError, match="does not own"):
        table.hear(1, said)
    table.hear(1, Claim(["1"]))
    with pytest.raises(LocalProtocolError, match="does not own"):
        table.hear(2, said)


def test_nothing_is_handed_over_that_was_not_asked_for() -> None:
    table = Ownership()
    table.hear(1, Claim(["1"]))
    with pytest.raises(LocalProtocolError, match="can't be of"):
        table.hear(1, HandedOver("1", ROWS))


def test_messages_are_the_same_after_their_way() -> None:
    said: list[Message] = [
        Ready(), Claim(["1"]), Kept(["2"]), Released(["3"]), HandedOver("4", ROWS),
        Grant(["5", "6"]), GrantUnlicensed(["7"]), GrantBound("8", ROWS), Recall(["6"]),
    ]  # fmt: skip
    line = encode(said)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode(line) == said


@pytest.mark.parametrize("line", [b"", b"7", b"[7]", b"[[]]", b'[["pray", "1"]]', b'[["claim"]]'])
def test_a_line_that_holds_something_else_is_named(line: bytes) -> None:
    with pytest.raises(LocalProtocolError, match="expected messages of a process"):
        decode(line)
