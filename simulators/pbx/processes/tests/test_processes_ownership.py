"""The parent's table: who owns an extension, and who is registered."""

import pytest

from simulators.errors import LocalProtocolError
from simulators.pbx.processes.dealing import default_owner
from simulators.pbx.processes.messages import (
    Claim,
    FromProcess,
    Grant,
    GrantBound,
    HandedOver,
    LicencesAsked,
    LicencesGranted,
    LicencesSpared,
    LicencesWanted,
    Message,
    Ready,
    Recall,
    Registered,
    Row,
    Unregistered,
    decode,
    encode,
)
from simulators.pbx.processes.ownership import TRANSITIONS, Ownership, State

ROWS: list[Row] = [["sip:1@h", "c", 1, 60.5, "127.0.0.1", 5060, "UDP"]]
OF_1 = "2101"
"""An extension whose default owner is process 1 of two."""
OF_1_OF_3 = "2102"


def test_the_examples_belong_where_the_tests_say() -> None:
    assert (default_owner(OF_1, 2), default_owner(OF_1_OF_3, 3)) == (1, 1)


def test_every_state_is_left_and_reached() -> None:
    reached = {following for row in TRANSITIONS.values() for following in row.values()}
    assert set(TRANSITIONS) == reached == set(State)


def test_an_extension_goes_from_process_to_process_with_its_bindings_and_its_licence() -> None:
    table = Ownership(3, licences=1)
    table.hear(1, LicencesWanted(1))
    assert table.to_say() == [(1, LicencesGranted(1))]
    table.hear(1, Registered([OF_1_OF_3]))
    table.hear(2, Claim([OF_1_OF_3]))
    table.hear(3, Claim([OF_1_OF_3]))
    assert table.to_say() == [(1, Recall([OF_1_OF_3]))], "once, however many want it"
    table.hear(1, HandedOver(OF_1_OF_3, ROWS))
    assert table.to_say() == [(2, GrantBound(OF_1_OF_3, ROWS)), (2, Recall([OF_1_OF_3]))]
    assert (table.registered(), table.licences.in_use) == ({OF_1_OF_3: 2}, 1)
    table.hear(2, Unregistered([OF_1_OF_3]))
    table.hear(2, HandedOver(OF_1_OF_3, []))
    assert table.to_say() == [(3, Grant([OF_1_OF_3]))]
    assert (table.registered(), table.licences.in_use, table.licences.high_water) == ({}, 0, 1)
    table.hear(1, Claim([OF_1_OF_3]))
    table.hear(3, HandedOver(OF_1_OF_3, []))
    assert table._extensions == {}, "nothing is kept of what is where it belongs"


def test_the_licence_is_where_the_bindings_are() -> None:
    table = Ownership(2, licences=1)
    table.hear(1, LicencesWanted(1))
    table.hear(1, Registered([OF_1]))
    table.hear(2, Claim([OF_1]))
    table.hear(1, HandedOver(OF_1, ROWS))
    table.to_say()
    table.hear(1, LicencesWanted(1))
    assert table.to_say() == [(2, LicencesAsked())]
    table.hear(2, Unregistered([OF_1]))
    table.hear(2, LicencesSpared(1))
    assert table.to_say() == [(1, LicencesGranted(1))]


def test_a_lost_process_frees_what_it_owned_and_is_waited_for_no_longer() -> None:
    table = Ownership(2, licences=2)
    table.hear(1, LicencesWanted(2))
    table.hear(1, Registered([OF_1]))
    table.hear(2, Claim([OF_1]))  # recalled, which will not be answered
    table.to_say()
    table.hear(2, LicencesWanted(1))
    assert table.to_say() == [(1, LicencesAsked())]
    assert table.lost(1) == 1
    assert table.to_say() == [(2, Grant([OF_1])), (2, LicencesGranted(1))]
    assert table.registered() == {}
    table.hear(2, Claim(["2104"]))  # never mentioned before, and process 1's too
    assert table.to_say() == [(2, Grant(["2104"]))]
    table.hear(2, Registered(["2104"]))
    assert table.registered() == {"2104": 2}


def test_what_belongs_to_a_lost_process_is_no_longer_with_it_when_its_next_owner_is_lost() -> None:
    table = Ownership(3)
    table.hear(2, Claim([OF_1_OF_3]))
    table.hear(1, HandedOver(OF_1_OF_3, []))
    table.to_say()
    assert (table.lost(2), table.lost(1)) == (0, 0)
    assert table._extensions == {}
    table.hear(3, Claim([OF_1_OF_3]))
    assert table.to_say() == [(3, Grant([OF_1_OF_3]))]


def test_bindings_that_nobody_wants_any_more_go_back() -> None:
    table = Ownership(2)
    table.hear(1, Registered([OF_1]))
    table.hear(2, Claim([OF_1]))
    table.to_say()
    assert table.lost(2) == 0
    table.hear(1, HandedOver(OF_1, ROWS))
    assert table.to_say() == [(1, GrantBound(OF_1, ROWS))]
    table.hear(1, Claim([OF_1]))  # said before that came
    assert (table.to_say(), table.registered()) == ([], {OF_1: 1})


@pytest.mark.parametrize("said", [Registered([OF_1]), Unregistered([OF_1]), HandedOver(OF_1, ROWS)])
def test_what_a_process_does_not_own_it_can_say_nothing_of(said: FromProcess) -> None:
    table = Ownership(2)
    with pytest.raises(LocalProtocolError, match="does not own"):
        table.hear(2, said)
    table.lost(1)
    with pytest.raises(LocalProtocolError, match="does not own"):
        table.hear(1, said)


def test_nothing_is_handed_over_that_was_not_asked_for() -> None:
    table = Ownership(2)
    with pytest.raises(LocalProtocolError, match="can't be of"):
        table.hear(1, HandedOver(OF_1, ROWS))


def test_messages_are_the_same_after_their_way() -> None:
    said: list[Message] = [
        Ready(), Claim(["1"]), Registered(["2"]), Unregistered(["3"]), HandedOver("4", ROWS),
        LicencesWanted(1), LicencesSpared(2), Grant(["5", "6"]), GrantBound("8", ROWS),
        Recall(["6"]), LicencesGranted(3), LicencesAsked(),
    ]  # fmt: skip
    line = encode(said)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode(line) == said


@pytest.mark.parametrize("line", [b"", b"7", b"[7]", b"[[]]", b'[["pray", "1"]]', b'[["claim"]]'])
def test_a_line_that_holds_something_else_is_named(line: bytes) -> None:
    with pytest.raises(LocalProtocolError, match="expected messages of a process"):
        decode(line)
