"""Several processes are one registrar: held against the plain one, in any order of anything."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from simulators.pbx.exchange import Exchange
from simulators.pbx.processes.tests.several import (
    NODE,
    NUMBERS,
    PLACES,
    REALM,
    Answer,
    Ask,
    Several,
    extensions,
    without_digest,
)
from simulators.pbx.refusals import Refusal
from simulators.pbx.registering import Registering
from simulators.pbx.settings import NodeSettings
from simulators.sip.dialog import Fields

asks = st.builds(
    Ask,
    extension=st.sampled_from([*NUMBERS, *NUMBERS, "9999"]),
    place=st.integers(0, len(PLACES) - 1),
    contact=st.sampled_from(["own"] * 6 + ["", "*", "<sip:2101@127.30.9.9>", "<sip:x@y>, <sip:z>"]),
    expires=st.sampled_from([600, 600, 600, 90, 0, 10, None]),
    call=st.sampled_from(["c1", "c1", "c2", "c3"]),
    cseq=st.integers(1, 6),
    credentials=st.sampled_from(["right"] * 6 + ["", "wrong"]),
)
waits = st.sampled_from([1.0, 45.0, 90.0, 600.0, 3600.0])


class One:
    """The plain registrar of one process."""

    def __init__(self, settings: NodeSettings) -> None:
        self.exchange = Exchange(REALM, extensions(), bytes, settings, local=NODE)
        without_digest(self.exchange)
        self._branches = 0

    def asked(self, ask: Ask, now: float) -> Answer:
        self._branches += 1
        self.exchange.receive(ask.octets(self._branches), PLACES[ask.place], now)
        [sent] = self.exchange.to_send()
        return Answer.of(sent)

    def contacts(self) -> dict[str, list[str]]:
        bindings = self.exchange.bindings
        return {each: [row.contact for row in bindings.of(each)] for each in bindings.extensions()}


@settings(deadline=None, max_examples=80)
@given(
    st.integers(1, 4),
    st.sampled_from([None, 0, 1, 2, 3]),
    st.integers(1, 2),
    st.lists(st.one_of(asks, asks, asks, waits), max_size=25),
)
def test_one_after_the_other_they_answer_as_one(
    count: int, licences: int | None, contacts: int, moves: list[Ask | float]
) -> None:
    habits = NodeSettings(contacts_per_extension=contacts)
    several = Several(count, licences, habits)
    one = One(NodeSettings(contacts_per_extension=contacts, licences=licences))
    for move in moves:
        if isinstance(move, Ask):
            answer = several.asked(move)
            assert answer == one.asked(move, several.now)
            event(f"answered {answer.status}")
        else:
            several.advance(move)
            one.exchange.handle_timer(several.now)
        bound = several.bound()
        assert all(len(found) == 1 for found in bound.values()), "bound in two processes"
        assert {each: found[0][1] for each, found in bound.items()} == one.contacts()
        assert several.ownership.registered() == {
            each: found[0][0] for each, found in bound.items()
        }
        assert several.ownership.licences == one.exchange.registrar.licences
        assert several.licences_held() == several.licences_given()


@dataclass
class Decision:
    """What a registrar decided, in the order of all processes."""

    asked: Registering
    answer: Refusal | Fields


@dataclass
class Watched:
    """Several processes whose decisions are noted."""

    several: Several
    decisions: list[Decision] = field(default_factory=list)

    def __post_init__(self) -> None:
        for core in self.several.cores.values():
            core.registrar.register = self._noting(core.registrar.register)  # type: ignore[assignment, method-assign]

    def _noting(
        self, register: Callable[[Registering, float], Refusal | Fields]
    ) -> Callable[[Registering, float], Refusal | Fields]:
        def noted(asked: Registering, now: float) -> Refusal | Fields:
            answer = register(asked, now)
            self.decisions.append(Decision(asked, answer))
            return answer

        return noted


@settings(deadline=None, max_examples=80)
@given(
    st.integers(2, 4),
    st.sampled_from([None, None, 0, 1, 2]),
    st.lists(asks, max_size=20),
    st.data(),
)
def test_all_at_once_each_is_decided_once_and_as_one_registrar_would_in_that_order(
    count: int, licences: int | None, moves: list[Ask], data: st.DataObject
) -> None:
    several = Several(count, licences)
    watched = Watched(several)
    while moves or several.ways():
        ways = several.ways()
        choice = data.draw(st.integers(0, len(ways) if moves else len(ways) - 1))
        if choice == len(ways):
            several.ask(moves.pop(0))
        else:
            several.carry(ways[choice])
        bound = several.bound()
        assert all(len(found) == 1 for found in bound.values()), "bound in two processes"
        assert licences is None or sum(several.licences_held().values()) <= licences
        assert licences is None or len(bound) <= licences
    bound = several.bound()
    assert several.ownership.registered() == {each: found[0][0] for each, found in bound.items()}
    assert several.ownership.licences.in_use == len(bound)
    assert several.licences_held() == several.licences_given()
    assert len(several.sent) == len(watched.decisions), "each is answered, and once"
    if licences is None:
        one = One(NodeSettings())
        for decision in watched.decisions:
            assert one.exchange.registrar.register(decision.asked, several.now) == decision.answer
        assert one.contacts() == {each: found[0][1] for each, found in bound.items()}


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 4), st.sampled_from([None, 1, 2]), st.lists(asks, max_size=20), st.data())
def test_what_a_lost_process_had_is_free_and_the_others_answer_all(
    count: int, licences: int | None, moves: list[Ask], data: st.DataObject
) -> None:
    several = Several(count, licences)
    at = data.draw(st.integers(0, len(moves)))
    answered = asked_of_lost = 0
    for number, ask in enumerate([*moves, None]):
        for _ in range(data.draw(st.integers(0, 3))):
            if ways := several.ways():
                several.carry(data.draw(st.sampled_from(ways)))
        if number == at:
            victim = data.draw(st.sampled_from(list(several.cores)))
            core = several.cores[victim]
            waiting = [*core._waiting.values(), *core._unlicensed.values()]
            asked_of_lost = sum(map(len, waiting))
            several.drain(victim)
            before = len(several.ownership.registered())
            gone = several.lose(victim)
            assert len(several.ownership.registered()) == before - gone
        if ask is not None:
            several.ask(ask)
            answered += 1
    several.settle()
    assert len(several.sent) == answered - asked_of_lost
    bound = several.bound()
    assert several.ownership.registered() == {each: found[0][0] for each, found in bound.items()}
    assert licences is None or len(bound) <= licences


@pytest.mark.parametrize("credentials", ["right", "wrong", ""])
def test_a_phone_that_comes_back_from_elsewhere_has_one_contact(credentials: str) -> None:
    several = Several()
    several.asked(Ask(place=0))
    assert several.bound() == {"2101": [(1, ["sip:2101@127.30.0.2:5062"])]}
    several.asked(Ask(place=1, call="c2", credentials=credentials))
    moved = credentials == "right"
    contact = f"sip:2101@127.30.0.{3 if moved else 2}:5062"
    assert [each[1] for each in several.bound()["2101"]] == [[contact]]
