"""Which nonce is good: each verdict, and the good case next to it."""

from dataclasses import replace

import pytest

from simulators.entropy import Seed
from simulators.sip.authenticator import Authenticator, Verdict
from simulators.sip.digest import Challenge, Credentials, _response, answer
from simulators.sip.message import Headers, Request

PASSWORDS = {"2101": "right-1"}


@pytest.fixture
def authenticator() -> Authenticator:
    return Authenticator("Head Office", Seed(1).stream("a").randbytes, PASSWORDS.get)


def credentials(
    challenge: Challenge, *, username: str = "2101", password: str = "right-1", count: int = 1
) -> Credentials:
    return answer(
        challenge,
        method="REGISTER",
        uri="sip:127.10.0.21",
        username=username,
        password=password,
        cnonce="c",
        count=count,
    )


def verdict(
    authenticator: Authenticator,
    sent: Credentials | str,
    now: float = 0.0,
    method: str = "REGISTER",
) -> Verdict:
    headers = Headers([("authorization", str(sent))] if sent else [])
    return authenticator.check(Request(method, "sip:127.10.0.21", headers), now).verdict


def test_the_right_answer_passes_and_tells_the_name(authenticator: Authenticator) -> None:
    sent = credentials(authenticator.challenge(0))
    request = Request("REGISTER", "sip:x", Headers([("Authorization", str(sent))]))
    check = authenticator.check(request, 1)
    assert (check.passed, check.username, check.verdict) == (True, "2101", Verdict.PASSED)


def test_each_wrong_answer_has_its_own_verdict(authenticator: Authenticator) -> None:
    challenge = authenticator.challenge(0)
    good = credentials(challenge)
    cases: list[tuple[Credentials | str, Verdict]] = [
        ("", Verdict.NO_CREDENTIALS),
        ("Basic x", Verdict.MALFORMED),
        (good._replace(realm="Elsewhere"), Verdict.MALFORMED),
        (good._replace(algorithm="SHA-256"), Verdict.MALFORMED),
        (credentials(challenge, username="2102"), Verdict.UNKNOWN_USER),
        (credentials(challenge, password="wrong"), Verdict.WRONG_PASSWORD),
        (credentials(replace(challenge, nonce="made up")), Verdict.UNKNOWN_NONCE),
    ]
    assert [verdict(authenticator, sent) for sent, _ in cases] == [want for _, want in cases]
    assert verdict(authenticator, good, method="INVITE") is Verdict.WRONG_PASSWORD
    assert verdict(authenticator, good) is Verdict.PASSED  # none of them used the nonce up


def test_a_refused_check_does_not_pass(authenticator: Authenticator) -> None:
    assert not authenticator.check(Request("REGISTER", "sip:x"), 0).passed


def test_a_nonce_serves_its_life_and_no_longer(authenticator: Authenticator) -> None:
    challenge = authenticator.challenge(0)
    assert verdict(authenticator, credentials(challenge, count=1), 299.9) is Verdict.PASSED
    assert verdict(authenticator, credentials(challenge, count=2), 300) is Verdict.STALE_NONCE


def test_a_long_ended_nonce_is_forgotten_and_a_live_one_is_not(
    authenticator: Authenticator,
) -> None:
    old = authenticator.challenge(0)
    authenticator.challenge(599)
    assert verdict(authenticator, credentials(old), 599) is Verdict.STALE_NONCE
    young = authenticator.challenge(600)
    assert verdict(authenticator, credentials(old), 600) is Verdict.UNKNOWN_NONCE
    assert verdict(authenticator, credentials(young), 600) is Verdict.PASSED


def test_a_nonce_count_may_rise_and_never_come_again(authenticator: Authenticator) -> None:
    challenge = authenticator.challenge(0)
    counts = [1, 1, 3, 2, 4]
    assert [verdict(authenticator, credentials(challenge, count=n)) for n in counts] == [
        Verdict.PASSED,
        Verdict.REPLAYED,
        Verdict.PASSED,
        Verdict.REPLAYED,
        Verdict.PASSED,
    ]


def test_without_a_count_a_nonce_serves_once(authenticator: Authenticator) -> None:
    challenge = replace(authenticator.challenge(0), qop="")
    assert verdict(authenticator, credentials(challenge)) is Verdict.PASSED
    assert verdict(authenticator, credentials(challenge)) is Verdict.REPLAYED


@pytest.mark.parametrize("count", ["-0000001", "0x000001", "1_000000", "1", "zzzzzzzz"])
def test_a_count_that_is_none_is_malformed(authenticator: Authenticator, count: str) -> None:
    challenge = authenticator.challenge(0)
    response = _response(
        "MD5",
        ("2101", "Head Office", "right-1"),
        "REGISTER",
        "sip:127.10.0.21",
        (challenge.nonce, count, "c", "auth"),
    )
    sent = credentials(challenge)._replace(nc=count, response=response)
    assert verdict(authenticator, sent) is Verdict.MALFORMED
    assert verdict(authenticator, credentials(challenge)) is Verdict.PASSED


def test_sha_256_where_it_is_asked_for() -> None:
    entropy = Seed(1).stream("a").randbytes
    authenticator = Authenticator("mbg", entropy, PASSWORDS.get, algorithms=("SHA-256",))
    challenge = authenticator.challenge(0, stale=True)
    assert (challenge.algorithm, challenge.stale) == ("SHA-256", True)
    assert verdict(authenticator, credentials(challenge)) is Verdict.PASSED
    weaker = credentials(replace(challenge, algorithm="MD5"), count=2)
    assert verdict(authenticator, weaker) is Verdict.MALFORMED


def test_no_two_challenges_are_alike(authenticator: Authenticator) -> None:
    assert len({authenticator.challenge(0).nonce for _ in range(100)}) == 100


def test_several_algorithms_are_offered_in_order_and_each_is_taken_once() -> None:
    entropy = Seed(1).stream("a").randbytes
    authenticator = Authenticator("mbg", entropy, PASSWORDS.get, algorithms=("SHA-256", "MD5"))
    strong, weak = map(Challenge.parse, authenticator.challenges(0))
    assert [strong.algorithm, weak.algorithm] == ["SHA-256", "MD5"]
    assert strong.nonce == weak.nonce
    for count, offered in enumerate((strong, weak), start=1):
        assert verdict(authenticator, credentials(offered, count=count)) is Verdict.PASSED
        assert verdict(authenticator, credentials(offered, count=count)) is Verdict.REPLAYED
    neither = credentials(strong, count=3)._replace(algorithm="MD5-sess")
    assert verdict(authenticator, neither) is Verdict.MALFORMED
