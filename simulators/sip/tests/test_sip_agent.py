"""Many registrations over one socket, against answers that the test writes itself."""

from dataclasses import replace

import pytest

from simulators.entropy import Seed
from simulators.sip.agent import RegistrationAgent, RegistrationChanged
from simulators.sip.message import Headers, Request, Response, parse, response_to
from simulators.sip.registration import Account, State

AGENT_AT, REGISTRAR = ("127.10.0.10", 5060), ("127.10.0.21", 5060)


def account(user: str = "2101") -> Account:
    return Account(REGISTRAR, "127.10.0.21", user, user, "right-1", AGENT_AT)


@pytest.fixture
def agent() -> RegistrationAgent:
    return RegistrationAgent(AGENT_AT, Seed(1).stream("agent").randbytes)


def requests(agent: RegistrationAgent) -> list[Request]:
    messages = [parse(datagram.data) for datagram in agent.to_send()]
    return [message for message in messages if isinstance(message, Request)]


def answer(agent: RegistrationAgent, request: Request, status: int, now: float = 0.0) -> None:
    response = response_to(request, status, headers=[("Expires", "300")])
    agent.receive(response.encode(), REGISTRAR, now)


def changes(agent: RegistrationAgent) -> list[tuple[str, State]]:
    return [(e.key, e.after) for e in agent.events() if isinstance(e, RegistrationChanged)]


def registered(agent: RegistrationAgent, key: str = "a") -> None:
    agent.register(key, account(), 0)
    [request] = requests(agent)
    answer(agent, request, 200)
    assert changes(agent)[-1] == (key, State.REGISTERED)


def test_a_registration_refreshes_by_its_timer(agent: RegistrationAgent) -> None:
    registered(agent)
    agent.handle_timer(284)
    assert requests(agent) == []
    assert agent.timer_at() == 285
    agent.handle_timer(285)
    [refresh] = requests(agent)
    assert changes(agent) == [("a", State.REFRESHING)]
    answer(agent, refresh, 200, 285)
    assert changes(agent) == [("a", State.REGISTERED)]
    agent.handle_timer(400)
    assert agent.timer_at() == 285 + 285


def test_each_registration_takes_its_own_answer(agent: RegistrationAgent) -> None:
    agent.register("a", account("2101"), 0)
    agent.register("b", account("2102"), 0)
    first, second = requests(agent)
    changes(agent)
    assert agent.waiting()
    answer(agent, second, 200)
    answer(agent, first, 403)
    assert changes(agent) == [("b", State.REGISTERED), ("a", State.REFUSED)]
    assert not agent.waiting()


def test_an_event_carries_the_answer_that_made_it(agent: RegistrationAgent) -> None:
    agent.register("a", account(), 0)
    answer(agent, requests(agent)[0], 403)
    started, refused = agent.events()
    assert isinstance(started, RegistrationChanged) and started.response is None
    assert isinstance(refused, RegistrationChanged) and refused.response is not None
    assert (refused.before, refused.response.status) == (State.REGISTERING, 403)


def test_silence_ends_in_timed_out_and_another_attempt(agent: RegistrationAgent) -> None:
    agent.register("a", account(), 0)
    changes(agent)
    while not (seen := changes(agent)):
        at = agent.timer_at()
        assert at is not None and at <= 32
        agent.handle_timer(at)
    assert seen == [("a", State.TIMED_OUT)]
    requests(agent)
    agent.handle_timer(151)
    assert requests(agent) == []
    agent.handle_timer(152)
    assert len(requests(agent)) == 1
    assert changes(agent) == [("a", State.REGISTERING)]


def test_un_registering(agent: RegistrationAgent) -> None:
    registered(agent)
    agent.unregister("a", 1)
    [request] = requests(agent)
    assert request.headers.get("expires") == "0"
    answer(agent, request, 200, 1)
    assert changes(agent) == [("a", State.UNREGISTERING), ("a", State.UNREGISTERED)]
    agent.unregister("a", 2)
    agent.unregister("nobody", 2)
    assert (requests(agent), changes(agent)) == ([], [])
    agent.handle_timer(1000)
    assert requests(agent) == []


def test_un_registering_overtakes_a_refresh_whose_answer_is_void(
    agent: RegistrationAgent,
) -> None:
    registered(agent)
    agent.retry("a", 10)
    [refresh] = requests(agent)
    agent.unregister("a", 11)
    [last] = requests(agent)
    answer(agent, refresh, 200, 12)
    assert changes(agent)[-1] == ("a", State.UNREGISTERING)
    answer(agent, last, 200, 13)
    assert changes(agent) == [("a", State.UNREGISTERED)]
    assert not agent.waiting()


def test_retry_is_now_and_only_where_nothing_is_under_way(agent: RegistrationAgent) -> None:
    agent.register("a", account(), 0)
    [request] = requests(agent)
    answer(agent, request, 403)
    agent.retry("a", 5)
    assert len(requests(agent)) == 1
    agent.retry("a", 6)  # its answer is outstanding
    assert requests(agent) == []
    assert agent.registrations["a"].state is State.REGISTERING


def test_registering_a_key_again_drops_what_it_had(agent: RegistrationAgent) -> None:
    agent.register("a", account(), 0)
    [old] = requests(agent)
    agent.register("a", replace(account(), username="2102"), 0)
    [new] = requests(agent)
    changes(agent)
    answer(agent, old, 200)
    assert changes(agent) == []
    answer(agent, new, 200)
    assert changes(agent) == [("a", State.REGISTERED)]


def test_a_dropped_registration_says_no_word(agent: RegistrationAgent) -> None:
    agent.register("a", account(), 0)
    [request] = requests(agent)
    changes(agent)
    agent.drop("a")
    agent.drop("nobody")
    answer(agent, request, 200)
    agent.handle_timer(5000)
    assert (requests(agent), changes(agent), agent.waiting()) == ([], [], False)
    assert agent.timer_at() is None


def test_a_provisional_answer_leaves_it_waiting(agent: RegistrationAgent) -> None:
    agent.register("a", account(), 0)
    [request] = requests(agent)
    answer(agent, request, 100)
    assert agent.waiting()
    answer(agent, request, 200)
    assert not agent.waiting()


@pytest.mark.parametrize(("method", "status"), [("OPTIONS", 200), ("NOTIFY", 501)])
def test_what_a_phone_is_asked(agent: RegistrationAgent, method: str, status: int) -> None:
    lines = [
        ("Via", "SIP/2.0/UDP 127.10.0.21:5060;branch=z9hG4bKx"),
        ("From", "<sip:pbx@x>;tag=1"),
        ("To", "<sip:2101@x>"),
        ("Call-ID", "c"),
        ("CSeq", f"1 {method}"),
    ]
    agent.receive(Request(method, "sip:x", Headers(lines)).encode(), REGISTRAR, 0)
    [datagram] = agent.to_send()
    response = parse(datagram.data)
    assert isinstance(response, Response) and response.status == status
    assert ";tag=" in response.headers.get("to")
    assert datagram.to == REGISTRAR
