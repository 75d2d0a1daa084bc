"""One registration: its table, refresh times, challenges, refusals."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.entropy import Seed
from simulators.errors import LocalProtocolError
from simulators.sip.digest import Challenge, Credentials, verifies
from simulators.sip.headers import cseq
from simulators.sip.message import Request, Response, response_to
from simulators.sip.registration import TRANSITIONS, Account, Event, Registration, State

ACCOUNT = Account(
    registrar=("127.10.0.21", 5060),
    domain="127.10.0.21",
    username="2101",
    auth_username="2101",
    password="right-1",
    contact=("127.10.0.10", 5060),
    user_agent="MBG",
)


def registration(account: Account = ACCOUNT) -> Registration:
    return Registration(account, Seed(1).stream("r").randbytes)


def ok(request: Request, *contacts: str, expires: str = "") -> Response:
    headers = [("Contact", contact) for contact in contacts]
    return response_to(request, 200, headers=headers + ([("Expires", expires)] if expires else []))


def challenge(request: Request, *challenges: object, status: int = 401) -> Response:
    name = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
    return response_to(request, status, headers=[(name, str(each)) for each in challenges])


def registered(granted: int = 300, account: Account = ACCOUNT) -> Registration:
    ours = registration(account)
    request = ours.start(0)
    ours.response(ok(request, f"<sip:2101@127.10.0.10:5060>;expires={granted}"), 0)
    assert ours.state is State.REGISTERED
    return ours


def test_the_request_says_what_section_10_2_wants() -> None:
    ours = registration()
    first = ours.start(0)
    assert (first.method, first.uri) == ("REGISTER", "sip:127.10.0.21")
    assert first.headers.get("to") == "<sip:2101@127.10.0.21>"
    assert first.headers.get("contact") == "<sip:2101@127.10.0.10:5060>"
    assert (first.headers.get("expires"), first.headers.get("user-agent")) == ("3600", "MBG")
    assert "authorization" not in first.headers
    second = ours.response(challenge(first, Challenge("Head Office", "n1")), 0)
    assert second is not None
    for same in ("call-id", "from", "to"):
        assert second.headers.get(same) == first.headers.get(same)
    assert cseq(first.headers) == (1, "REGISTER")
    assert cseq(second.headers) == (2, "REGISTER")


def test_expires_and_user_agent_may_be_left_out() -> None:
    request = registration(replace(ACCOUNT, expires_s=0, user_agent="")).start(0)
    assert "expires" not in request.headers
    assert "user-agent" not in request.headers


@pytest.mark.parametrize("status", [401, 407])
def test_a_challenge_is_answered_with_the_password(status: int) -> None:
    ours = registration()
    again = ours.response(challenge(ours.start(0), Challenge("r", "n1"), status=status), 0)
    assert again is not None and ours.state is State.REGISTERING
    sent = Credentials.parse(again.headers.get("authorization"))
    assert (sent.username, sent.nonce, sent.nc, sent.uri) == ("2101", "n1", "00000001", again.uri)
    assert verifies(sent, method="REGISTER", password="right-1")
    assert not verifies(sent, method="REGISTER", password="wrong")


def test_the_topmost_challenge_that_we_know_is_answered() -> None:
    ours = registration()
    unknown = 'Digest realm="r", nonce="n0", algorithm=SHA-512-256'
    strong, weak = Challenge("r", "n1", "SHA-256"), Challenge("r", "n2", "MD5")
    again = ours.response(challenge(ours.start(0), unknown, strong, weak), 0)
    assert again is not None
    assert Credentials.parse(again.headers.get("authorization")).nonce == "n1"


@pytest.mark.parametrize("offered", [(), ("Basic realm=x",), ('Digest realm="r"',)])
def test_a_401_that_asks_for_nothing_we_know_is_a_refusal(offered: tuple[str, ...]) -> None:
    ours = registration()
    assert ours.response(challenge(ours.start(0), *offered), 0) is None
    assert ours.state is State.REFUSED


def test_a_second_challenge_means_wrong_password() -> None:
    ours = registration()
    again = ours.response(challenge(ours.start(0), Challenge("r", "n1")), 0)
    assert again is not None
    assert ours.response(challenge(again, Challenge("r", "n2")), 5) is None
    assert ours.state is State.REFUSED
    assert ours.last is not None and ours.last.status == 401
    assert ours.due_at == 5 + 1800
    assert "authorization" not in ours.due(ours.due_at).headers  # the next attempt begins anew


def test_a_stale_nonce_is_no_wrong_password_but_has_an_end() -> None:
    ours = registration()
    request: Request | None = ours.start(0)
    answered = 0
    while request is not None and answered < 10:
        request = ours.response(challenge(request, Challenge("r", "n", stale=True)), 0)
        answered += request is not None
    assert answered == 3
    assert ours.state is State.REFUSED


def test_a_refresh_uses_the_nonce_again_with_the_next_count() -> None:
    ours = registration()
    again = ours.response(challenge(ours.start(0), Challenge("r", "n1")), 0)
    assert again is not None
    ours.response(ok(again, expires="300"), 0)
    refresh = ours.due(285)
    assert ours.state is State.REFRESHING
    assert Credentials.parse(refresh.headers.get("authorization")).nc == "00000002"
    fresh = ours.response(challenge(refresh, Challenge("r", "n2")), 285)
    assert fresh is not None
    sent = Credentials.parse(fresh.headers.get("authorization"))
    assert (sent.nonce, sent.nc) == ("n2", "00000001")


@pytest.mark.parametrize(
    ("granted", "due"), [(3600, 3585), (300, 285), (60, 45), (30, 15), (20, 10), (1, 1), (0, 1)]
)
def test_it_renews_half_way_or_a_threshold_before_the_end(granted: int, due: float) -> None:
    assert registered(granted).due_at == due


@given(st.integers(2, 100_000), st.integers(1, 1000))
def test_it_always_renews_in_the_second_half_and_before_the_end(
    granted: int, threshold: int
) -> None:
    account = replace(ACCOUNT, renewal_threshold_s=threshold)
    due = registered(granted, account).due_at
    assert due is not None
    assert granted / 2 <= due < granted


def test_what_is_granted_stands_at_our_own_contact() -> None:
    ours = registration()
    response = ok(
        ours.start(0),
        "<sip:2101@127.10.0.99:5060>;expires=10",
        "*",
        "<sip:2101@127.10.0.10>;expires=90",
        expires="7",
    )
    ours.response(response, 0)
    assert ours.granted_s == 90


@pytest.mark.parametrize(("expires", "granted"), [("120", 120), ("", 3600), ("soon", 3600)])
def test_else_at_expires_else_as_asked(expires: str, granted: int) -> None:
    ours = registration()
    contact = "<sip:2101@127.10.0.10:5060>;expires=soon"
    ours.response(ok(ours.start(0), contact, expires=expires), 0)
    assert ours.granted_s == granted


def test_a_provisional_answer_changes_nothing() -> None:
    ours = registration()
    assert ours.response(response_to(ours.start(0), 100), 0) is None
    assert (ours.state, ours.last) == (State.REGISTERING, None)


def test_423_is_answered_with_the_shortest_that_is_granted() -> None:
    ours = registration(replace(ACCOUNT, expires_s=30))
    brief = response_to(ours.start(0), 423, headers=[("Min-Expires", "60")])
    again = ours.response(brief, 0)
    assert again is not None
    assert again.headers.get("expires") == "60"
    assert ours.state is State.REGISTERING


@pytest.mark.parametrize("shortest", ["", "30", "10", "x"])
def test_423_that_asks_for_nothing_longer_is_a_refusal(shortest: str) -> None:
    ours = registration(replace(ACCOUNT, expires_s=30))
    brief = response_to(ours.start(0), 423, headers=[("Min-Expires", shortest)])
    assert ours.response(brief, 0) is None
    assert ours.state is State.REFUSED


def test_423_while_un_registering_never_registers_again() -> None:
    ours = registered()
    request = ours.stop(1)
    assert request is not None
    brief = response_to(request, 423, headers=[("Min-Expires", "9999")])
    assert ours.response(brief, 1) is None
    assert ours.state is State.UNREGISTERED


def test_un_registering_asks_for_zero_also_after_a_challenge() -> None:
    ours = registered()
    request = ours.stop(1)
    assert request is not None and request.headers.get("expires") == "0"
    again = ours.response(challenge(request, Challenge("r", "n")), 1)
    assert again is not None and again.headers.get("expires") == "0"
    assert ours.response(ok(again), 2) is None
    assert (ours.state, ours.due_at, ours.granted_s) == (State.UNREGISTERED, None, 0)


def test_no_answer_is_tried_again_later() -> None:
    ours = registration()
    ours.start(0)
    ours.no_answer(32)
    assert (ours.state, ours.due_at) == (State.TIMED_OUT, 32 + 120)
    ours.due(152)
    assert (ours.state, ours.due_at) == (State.REGISTERING, None)


def test_what_was_refused_has_nothing_to_take_back() -> None:
    ours = registration()
    ours.response(response_to(ours.start(0), 403), 0)
    assert (ours.state, ours.due_at) == (State.REFUSED, 1800)
    assert ours.stop(1) is None
    assert (ours.state, ours.due_at) == (State.UNREGISTERED, None)


def test_a_move_that_the_table_does_not_have_is_our_own_bug() -> None:
    with pytest.raises(LocalProtocolError, match="unregistered can't take 'stop'"):
        registration().stop(0)
    ours = registration()
    ours.start(0)
    with pytest.raises(LocalProtocolError, match="registering can't take 'start'"):
        ours.start(0)


def test_the_table_has_a_way_out_of_every_state_and_names_only_states() -> None:
    assert set(TRANSITIONS) == set(State)
    waiting = (State.REGISTERING, State.REFRESHING, State.UNREGISTERING)
    answers = {Event.CHALLENGED, Event.ACCEPTED, Event.REFUSED, Event.NO_ANSWER}
    assert all(answers <= set(TRANSITIONS[state]) for state in waiting)


def test_an_account_never_shows_its_password() -> None:
    assert "right-1" not in repr(ACCOUNT)
    assert repr(ACCOUNT) == "Account(2101@127.10.0.21)"
