"""Phones against a registrar, back to back: no socket, and time moved by hand."""

import pytest

from loadtests.tests.fake_registrar import FakeRegistrar, passwords
from simulators.entropy import Seed
from simulators.phone.crowd.crowd import Crowd
from simulators.phone.crowd.results import Failed, Lost, Refreshed, Registered
from simulators.phone.crowd.why import why
from simulators.sip.message import Headers, Response
from simulators.sip.registration import Account

MBG = ("127.20.0.10", 5060)
HOME = ("127.30.0.2", 5060)


def account(index: int, password: str | None = None) -> Account:
    user = f"tw{index}"
    return Account(MBG, MBG[0], user, user, password or f"secret-{index}", HOME)


class Exchange:
    """One home of phones, and a registrar at the other end."""

    def __init__(self, registrar: FakeRegistrar) -> None:
        self.crowd = Crowd(Seed(1).stream("crowd").randbytes)
        self.crowd.settle(HOME)
        self.registrar = registrar
        self.sent: list[bytes] = []
        self.results: list[object] = []

    def start(self, index: int, now: float, password: str | None = None) -> None:
        self.crowd.start(index, account(index, password), now)
        self.settle(now)

    def settle(self, now: float) -> None:
        while datagrams := self.crowd.to_send():
            for data, to, side in datagrams:
                assert (to, side) == (MBG, HOME[0])
                self.sent.append(data)
                answer = self.registrar.answer(data)
                if answer is not None:
                    self.crowd.receive(answer, MBG, now, HOME[0])
        self.results += self.crowd.results()

    def until(self, end: float) -> None:
        while (at := self.crowd.timer_at()) is not None and at <= end:
            self.crowd.handle_timer(at)
            self.settle(at)


def test_a_phone_answers_the_challenge_and_registers() -> None:
    exchange = Exchange(FakeRegistrar(passwords(1)))
    exchange.start(0, 0.0)
    assert exchange.results == [Registered(0, 300)]
    assert len(exchange.sent) == 2
    assert exchange.registrar.registered == {"tw0": "sip:tw0@127.30.0.2:5060"}


def test_a_wrong_password_is_told_from_other_refusals() -> None:
    exchange = Exchange(FakeRegistrar(passwords(1)))
    exchange.start(0, 0.0, password="wrong")
    assert exchange.results == [Failed(0, "401: the credentials were refused")]
    assert exchange.registrar.registered == {}


def test_a_refusal_carries_the_warning_without_the_single_case() -> None:
    exchange = Exchange(FakeRegistrar(passwords(1), refuse={"tw0"}))
    exchange.start(0, 0.0)
    assert exchange.results == [Failed(0, "403: No teleworker licence is free for …")]


def test_silence_is_a_failure_after_32_seconds_and_no_second_attempt() -> None:
    exchange = Exchange(FakeRegistrar(passwords(1), ignore={"tw0"}))
    exchange.start(0, 0.0)
    exchange.until(31.9)
    assert exchange.results == []
    exchange.until(10_000.0)
    assert exchange.results == [Failed(0, "no answer within 32 s")]
    assert exchange.crowd.retransmissions == len(exchange.sent) - 1 == 10
    assert len(set(exchange.sent)) == 1


def test_lost_packets_are_sent_again_and_counted_as_retransmissions() -> None:
    exchange = Exchange(FakeRegistrar(passwords(1), lose_first=True))
    exchange.start(0, 0.0)
    exchange.until(5.0)
    assert exchange.results == [Registered(0, 300)]
    assert exchange.crowd.retransmissions == 2
    assert len(set(exchange.sent)) == 2


def test_several_phones_share_a_home() -> None:
    exchange = Exchange(FakeRegistrar(passwords(5), refuse={"tw3"}))
    for index in range(5):
        exchange.start(index, index / 10)
    assert [type(r).__name__ for r in exchange.results].count("Registered") == 4
    assert sorted(exchange.registrar.registered) == ["tw0", "tw1", "tw2", "tw4"]


def test_a_registered_phone_refreshes_in_time() -> None:
    exchange = Exchange(FakeRegistrar(passwords(1)))
    exchange.start(0, 0.0)
    exchange.until(299.0)
    assert exchange.results == [Registered(0, 300), Refreshed(0, 300)]


def test_a_refresh_that_fails_is_a_loss_and_not_a_failed_start() -> None:
    exchange = Exchange(FakeRegistrar(passwords(1)))
    exchange.start(0, 0.0)
    exchange.registrar.refuse = {"tw0"}
    exchange.until(1000.0)
    assert exchange.results == [
        Registered(0, 300),
        Lost(0, "403: No teleworker licence is free for …"),
    ]


def test_the_same_seed_sends_the_same_octets() -> None:
    def sent() -> list[bytes]:
        exchange = Exchange(FakeRegistrar(passwords(3)))
        for index in range(3):
            exchange.start(index, 0.0)
        return exchange.sent

    assert sent() == sent()


def test_old_timers_of_a_phone_that_is_done_do_no_harm() -> None:
    exchange = Exchange(FakeRegistrar(passwords(1)))
    exchange.start(0, 0.0)
    exchange.until(200.0)
    assert exchange.results == [Registered(0, 300)]
    assert exchange.crowd.retransmissions == 0


@pytest.mark.parametrize(
    ("warning", "said"),
    [
        ('399 mbg "ICP 127.10.0.21 did not answer"', "504: ICP 127.10.0.21 did not answer"),
        (
            '399 hq "Authorization name 9001 is not the extension number 2101"',
            "504: Authorization name … is not the extension number …",
        ),
        ("", "504: Server Time-out"),
        ("not a warning", "504: not a warning"),
    ],
)
def test_reasons(warning: str, said: str) -> None:
    headers = Headers([("Warning", warning)] if warning else [])
    assert why(Response(504, "Server Time-out", headers, b""), 32.0) == said
