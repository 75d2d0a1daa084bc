"""The short way of a REGISTER in plain form comes to what the long way comes to, whatever comes.

Two exchanges of the same seed hear the same octets; one of them never takes the short way. What
they answer, whom they have bound, and what they tell is the same, but for the order of headers.
Each exchange has layouts to learn.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from simulators.core import UDP, Address, Datagram
from simulators.entropy import Seed
from simulators.pbx.exchange import Exchange
from simulators.pbx.extensions import DeviceType, Extension, Extensions
from simulators.pbx.settings import NodeSettings
from simulators.pbx.tests.plain_wishes import PEERS, REALM, TWISTS, Wish, wishes
from simulators.sip.digest import Challenge
from simulators.sip.message import MalformedMessage, Request, Response, parse
from simulators.sip.plain import Layouts, Plain

NODE: Address = ("127.10.0.21", 5060)


class LongWay(Exchange):
    """An exchange that takes nothing by the short way."""

    def _plain(self, data: bytes, peer: Address, now: float) -> bool:
        return False


def exchange(kind: type[Exchange], algorithms: tuple[str, ...], contacts: int) -> Exchange:
    extensions = Extensions(
        [
            *(Extension(n, "", DeviceType.SIP_PHONE, n, f"right-{n}") for n in ("2101", "2102")),
            Extension("2150", "", DeviceType.SIP_HOT_DESK, "2150", "right-2150"),
            Extension("2103", "", DeviceType.SIP_PHONE, "ada", "right-2101"),
        ]
    )
    settings = NodeSettings(algorithms=algorithms, contacts_per_extension=contacts, licences=2)
    return kind(REALM, extensions, Seed(1).stream("x").randbytes, settings, local=NODE)


def sorted_headers(datagram: Datagram) -> tuple[object, ...]:
    message = parse(datagram.data)
    first = (
        (message.method, message.uri)
        if isinstance(message, Request)
        else (message.status, message.reason)
    )
    return (*first, sorted(message.headers.items), message.body, datagram.to, datagram.transport)


def state(made: Exchange) -> tuple[object, ...]:
    bindings = [made.bindings.of(number) for number in made.bindings.extensions()]
    return bindings, made.registrar.licences, made.timer_at(), len(made.transactions)


def hear(made: Exchange, data: bytes, peer: Address, now: float) -> tuple[object, ...]:
    made.handle_timer(now)
    made.receive(data, peer, now)
    sent = [sorted_headers(datagram) for datagram in made.to_send()]
    return sent, made.events(), state(made), made.transactions.retransmissions


def latest(sent: object) -> Challenge | None:
    """The challenge of the only answer, if it is one."""
    for answered in sent if isinstance(sent, list) else []:
        for name, value in answered[2]:
            if name == "WWW-Authenticate":
                return Challenge.parse(value)
    return None


def both(taken: list[Wish], algorithms: tuple[str, ...], contacts: int) -> Iterator[bool]:
    """Whether each of the wishes went the short way; all of them come to the same."""
    short, long = exchange(Exchange, algorithms, contacts), exchange(LongWay, algorithms, contacts)
    now, challenge = 0.0, None
    for wish in taken:
        now += wish.after
        data, peer = wish.octets(challenge), PEERS[wish.peer]
        one, other = hear(short, data, peer, now), hear(long, data, peer, now)
        assert one == other, data.decode("utf-8", "replace")
        challenge = latest(one[0]) or challenge
        yield Layouts().glance(data, peer) is not None


@settings(max_examples=300, deadline=None)
@given(
    st.lists(wishes, min_size=1, max_size=12),
    st.sampled_from([("MD5",), ("SHA-256", "MD5")]),
    st.integers(1, 2),
)
def test_both_ways_come_to_the_same(
    taken: list[Wish], algorithms: tuple[str, ...], contacts: int
) -> None:
    short = list(both(taken, algorithms, contacts))
    event(f"{sum(short)} of {len(short)} by the short way" if len(short) < 3 else "more")


def test_plain_registers_go_the_short_way_and_register() -> None:
    first, second = Wish(credentials=False), Wish(branch=1, cseq="2 REGISTER")
    again, refresh = Wish(branch=1, cseq="2 REGISTER"), Wish(branch=2, cseq="3 REGISTER", count=2)
    assert list(both([first, second, again, refresh], ("MD5",), 1)) == [True] * 4
    made = exchange(Exchange, ("MD5",), 1)
    hear(made, first.octets(None), PEERS[0], 0.0)
    assert len(made.transactions) == 1
    assert made.bindings.extensions() == []


@pytest.mark.parametrize("twist", range(1, len(TWISTS)))
def test_each_odd_form_comes_to_the_same(twist: int) -> None:
    taken = [
        Wish(credentials=False),
        Wish(branch=1, cseq="2 REGISTER", twist=twist),
        Wish(branch=2, cseq="3 REGISTER", count=2, twist=twist),
        Wish(branch=3, cseq="4 REGISTER", count=3, expires="0", twist=twist),
    ]
    assert len(list(both(taken, ("MD5",), 1))) == 4


PLAIN = Wish().octets(None)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damage_anywhere_comes_to_the_same(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(PLAIN) - 1))
    put = data.draw(st.one_of(st.binary(max_size=3), st.sampled_from([b" ", b"\r\n", b"\n", b":"])))
    cut = data.draw(st.integers(0, 3))
    damaged = PLAIN[:at] + put + PLAIN[at + cut :]
    made = exchange(Exchange, ("MD5",), 1), exchange(LongWay, ("MD5",), 1)
    for each in made if data.draw(st.booleans()) else ():  # the layout is known
        hear(each, Wish(branch=1).octets(None), PEERS[0], 0.5)
    one, other = (hear(each, damaged, PEERS[0], 1.0) for each in made)
    assert one == other


def test_a_difference_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison's own negative control: a short way that takes another CSeq."""
    real = Layouts.glance

    def wrong(layouts: Layouts, data: bytes, peer: Address) -> Plain | None:
        plain = real(layouts, data, peer)
        return None if plain is None else replace(plain, cseq=plain.cseq + 1)

    monkeypatch.setattr(Layouts, "glance", wrong)
    taken = [Wish(credentials=False), Wish(branch=1, cseq="2 REGISTER")]
    with pytest.raises(AssertionError):
        list(both(taken, ("MD5",), 1))


def test_an_answer_by_the_short_way_is_whole() -> None:
    made = exchange(Exchange, ("MD5",), 1)
    made.receive(PLAIN, PEERS[1], 1.0)
    (sent,) = made.to_send()
    response = parse(sent.data)
    assert isinstance(response, Response)
    assert (response.status, response.reason, sent.to, sent.transport) == (
        401,
        "Unauthorized",
        PEERS[1],
        UDP,
    )
    with pytest.raises(MalformedMessage):
        parse(sent.data[:-2])
