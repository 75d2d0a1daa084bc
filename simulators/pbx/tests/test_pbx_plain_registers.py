"""The short way of a REGISTER in plain form comes to what the long way comes to, whatever comes.

Two exchanges of the same seed hear the same octets; one of them never takes the short way. What
they answer, whom they have bound, and what they tell is the same, but for the order of headers.
Each exchange has layouts to learn.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import permutations

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from simulators.core import UDP, Address, Datagram
from simulators.entropy import Seed
from simulators.pbx.exchange import Exchange
from simulators.pbx.extensions import DeviceType, Extension, Extensions
from simulators.pbx.settings import NodeSettings
from simulators.sip.digest import Challenge, Credentials, answer
from simulators.sip.headers import NameAddress, seconds
from simulators.sip.message import MalformedMessage, Request, Response, parse
from simulators.sip.plain import MOST_LAYOUTS, Layouts, Plain

NODE: Address = ("127.10.0.21", 5060)
REALM = "Head Office, Annex"
PEERS: list[Address] = [("127.10.0.10", 5060), ("127.10.64.7", 40_000)]


class LongWay(Exchange):
    """An exchange that takes nothing by the short way."""

    def _plain(self, data: bytes, peer: Address, now: float) -> bool:
        return False


@dataclass
class Wish:
    """A REGISTER to be; `credentials` makes the Authorization of the latest challenge."""

    extension: str = "2101"
    password: str = "right-2101"
    call: str = "c1@h"
    cseq: str = "1 REGISTER"
    contact: str = "<sip:2101@127.10.64.7:5062>"
    expires: str = "300"
    credentials: bool = True
    count: int = 1
    qop: str = "auth"
    uri: str = "sip:127.10.0.21"
    via: str = "SIP/2.0/UDP 127.10.64.7:5062;branch=z9hG4bK{branch};rport"
    branch: int = 0
    to: str = "<sip:{extension}@127.10.0.21>"
    extra: list[str] = field(default_factory=list)
    order: int = 0
    twist: int = 0
    peer: int = 0
    after: float = 0.5

    def octets(self, challenge: Challenge | None) -> bytes:
        lines = [
            f"Via: {self.via.format(branch=self.branch)}",
            "Max-Forwards: 70",
            f"From: <sip:{self.extension}@127.10.0.21>;tag=f1",
            f"To: {self.to.format(extension=self.extension)}",
            f"Call-ID: {self.call}",
            f"CSeq: {self.cseq}",
        ]
        if self.contact:
            lines.append(f"Contact: {self.contact}")
        if self.expires:
            lines.append(f"Expires: {self.expires}")
        if self.credentials and challenge is not None:
            lines.append(f"Authorization: {self._answered(challenge)}")
        lines += [*self.extra, "Content-Length: 0"]
        turn = self.order % len(lines)
        lines = lines[turn:] + lines[:turn]
        text = "\r\n".join([f"REGISTER {self.uri} SIP/2.0", *lines, "", ""])
        return TWISTS[self.twist](text.encode())

    def _answered(self, challenge: Challenge) -> str:
        asked = Challenge(challenge.realm, challenge.nonce, challenge.algorithm, self.qop)
        return str(
            answer(
                asked, method="REGISTER", uri=self.uri, username=self.extension,
                password=self.password, cnonce="cn", count=self.count,
            )
        )  # fmt: skip


TWISTS: list[Callable[[bytes], bytes]] = [
    lambda data: data,
    lambda data: data.replace(b"\r\n", b"\n"),
    lambda data: data.replace(b"\r\n", b"\n", 1),
    lambda data: data.replace(b"Call-ID:", b"i:"),
    lambda data: data.replace(b"Call-ID: ", b"call-id:"),
    lambda data: data.replace(b"To: ", b"To:  "),
    lambda data: data.replace(b"To: ", b"To:\r\n "),
    lambda data: data.replace(b"Expires: ", b"Expires:  "),
    lambda data: data.replace(b"Contact: ", b"Contact:   "),
    lambda data: data.replace(b"\r\nCSeq", b" \r\nCSeq"),
    lambda data: data.replace(b"\r\nExpires", b" \r\nExpires"),
    lambda data: data.replace(b"300", b"0300"),
    lambda data: data + b"body",
    lambda data: data.replace(b"Content-Length: 0", b"Content-Length: 4") + b"body",
    lambda data: data.replace(b"Content-Length: 0\r\n", b""),
    lambda data: data[:-2],
    lambda data: b"\r\n" + data,
    lambda data: data.replace(b"Max-Forwards: 70", b"Max-Forwards: 256"),
    lambda data: data.replace(b"Max-Forwards: 70", b"Max-Forwards: 0"),
    lambda data: data.replace(b"Max-Forwards: 70\r\n", b""),
    lambda data: data.replace(b"From: <", b"From: \xc3\x84da <"),
    lambda data: data.replace(b"From: <", b"From: \xff <"),
    lambda data: data.replace(b"From: ", b"From:\t"),
    lambda data: data.replace(b"From: ", b"From: \x00"),
    lambda data: data.replace(b"CSeq: ", b"CSeq: 0"),
    lambda data: data.replace(b"SIP/2.0\r\n", b"SIP/3.0\r\n", 1),
    lambda data: data.replace(b"sip:127", b"tel:127", 1),
    lambda data: data.replace(b"REGISTER ", b"register ", 1),
    lambda data: data.replace(b", nc=", b",nc="),
    lambda data: data.replace(b'realm="', b'realm = "'),
    lambda data: data.replace(b"Digest ", b"digest "),
    lambda data: data.replace(b"qop=auth", b'qop="auth"'),
    lambda data: data.replace(b"algorithm=MD5", b"algorithm=md5"),
    lambda data: data.replace(b"algorithm=MD5, ", b""),
    lambda data: data.replace(b'username="', b'username="\\'),
    lambda data: data.replace(b"nc=00000001", b"nc=1"),
    lambda data: data.replace(b"Digest ", b'Digest username="2102", '),
    lambda data: data.replace(b"response=", b"respond="),
]

wishes = st.builds(
    Wish,
    extension=st.sampled_from(["2101"] * 4 + ["2102", "2150", "9999", "ada"]),
    password=st.sampled_from(["right-2101"] * 5 + ["right-2102", "right-2150", "wrong"]),
    call=st.sampled_from(["c1@h", "c1@h", "c2@h", "c3@h"]),
    cseq=st.one_of(
        st.integers(1, 9).map(lambda n: f"{n} REGISTER"),
        st.sampled_from(
            ["4294967296 REGISTER", "1 INVITE", "1", "x REGISTER", "2147483648 REGISTER"]
        ),
    ),
    contact=st.sampled_from(
        ["<sip:2101@127.10.64.7:5062>"] * 4
        + [
            "",
            "*",
            "sip:2101@127.10.64.7:5062;expires=90",
            "<sip:2101@127.10.64.7:5062>;expires=0",
            "<sip:2101@127.10.64.7:5062>;expires=10",
            "<sip:21%301@127.10.64.7:5062;transport=udp>",
            "<sip:2101@127.10.64.8>, <sip:2101@127.10.64.9>;expires=600",
            '"A, B" <sip:2101@127.10.64.7>',
            "<sip:@>",
            "<sip:2101@127.10.64.7:99999>",
            "tel:2101",
        ]
    ),
    expires=st.sampled_from(["300"] * 4 + ["", "0", "10", "99999", "4294967296", "soon"]),
    credentials=st.sampled_from([True, True, True, False]),
    count=st.integers(1, 3),
    qop=st.sampled_from(["auth", "auth", "auth", ""]),
    uri=st.sampled_from(["sip:127.10.0.21"] * 4 + ["sip:", "sips:127.10.0.21", "sip:x@y:1;a=b"]),
    via=st.sampled_from(
        ["SIP/2.0/UDP 127.10.64.7:5062;branch=z9hG4bK{branch};rport"] * 5
        + [
            "SIP/2.0/UDP 127.10.64.7;rport;branch=z9hG4bK{branch}",
            "SIP/2.0/UDP 127.10.64.7:5062;branch=z9hG4bK{branch}",
            "SIP/2.0/UDP 127.10.64.7:5062;rport;branch=z9hG4bK{branch};rport",
            "SIP/2.0/UDP 127.10.64.7:5062;branch=old{branch}",
            "SIP/2.0/UDP 127.10.64.7:5062",
            "SIP/2.0/UDP host.example:70000;branch=z9hG4bK{branch}",
            "SIP/2.0/TCP 127.10.64.7:5062;branch=z9hG4bK{branch};rport=1;received=1.2.3.4",
            "SIP/2.0/UDP a;branch=z9hG4bK{branch}, SIP/2.0/UDP b;branch=z9hG4bKb",
        ]
    ),
    branch=st.integers(0, 30),
    to=st.sampled_from(
        ["<sip:{extension}@127.10.0.21>"] * 5
        + [
            "<sip:{extension}@127.10.0.21>;tag=x",
            "sip:{extension}@127.10.0.21",
            '"Ada" <sip:{extension}@127.10.0.21>',
            "Ada <sip:{extension}@127.10.0.21>",
            "<sip:{extension}@127.10.0.21;tag=x>",
            "<sip:>",
            "<tel:1>",
        ]
    ),
    extra=st.sampled_from(
        [[]] * 5
        + [
            ["User-Agent: Mitel6930"],
            ["X-Own: 1"],
            ["Require: gruu"],
            ["Supported: path", "Allow: INVITE"],
            ["Call-ID: c9@h"],
            ["Expires: 60"],
            ["Contact: <sip:2101@127.10.64.8>"],
            ["Authorization: Basic eA=="],
            ["no colon"],
        ]
    ),
    order=st.sampled_from([0, 0, 0, 3, 5]),
    twist=st.one_of(st.just(0), st.just(0), st.integers(0, len(TWISTS) - 1)),
    peer=st.integers(0, 1),
    after=st.sampled_from([0.5, 0.5, 40.0, 200.0, 400.0]),
)


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


NAMED = '"A, B" <sip:2101@127.10.64.7:59999;transport=udp>;expires=60'


@pytest.mark.parametrize("contact", ["", "<sip:2101@127.10.64.7>", NAMED])
@pytest.mark.parametrize("credentials", [False, True])
def test_what_is_read_is_what_the_parser_reads(contact: str, credentials: bool) -> None:
    wish = Wish(contact=contact, credentials=credentials, to='"Ada" <sips:{extension}@h:5061;x=y>')
    wish.extra = ["User-Agent: Mitel6930 MAC:14-00-E9-12-34-56"]
    data = wish.octets(Challenge(REALM, "n", opaque="o"))
    for layouts in (Layouts(), layouts_of(data)):
        plain, message = layouts.glance(data, PEERS[0]), parse(data)
        assert plain is not None and isinstance(message, Request)
        header = message.headers.get
        assert (plain.sender, plain.to, plain.call_id) == tuple(
            map(header, ("from", "to", "call-id"))
        )
        assert plain.user == NameAddress.parse(plain.to).uri.user
        assert f"{plain.cseq} REGISTER" == header("cseq")
        assert plain.expires == seconds(header("expires"))
        assert len(plain.contacts) == bool(contact)
        for found in plain.contacts:
            read = NameAddress.parse(header("contact"))
            assert found == (str(read.uri), seconds(read.params.get("expires", "")))
        if plain.authorization is None:
            assert not credentials
        else:
            assert plain.authorization == Credentials.parse(header("authorization"))
        assert plain.via.endswith(";rport=5060;received=127.10.0.10")


def layouts_of(*requests: bytes) -> Layouts:
    layouts = Layouts()
    for data in requests:
        layouts.glance(data, PEERS[0])
    return layouts


def test_a_layout_is_learnt_once_and_the_number_of_them_is_bounded() -> None:
    one, other = Wish(order=0).octets(None), Wish(order=1).octets(None)
    layouts = layouts_of(one, other, one, Wish(branch=7).octets(None))
    assert len(layouts) == 2
    odd = [Wish(extra=[f"{name}: x" for name in names]) for names in permutations(HARMLESS)]
    layouts = layouts_of(one, *(wish.octets(None) for wish in odd))
    assert len(layouts) == MOST_LAYOUTS < len(odd)
    assert layouts.glance(one, PEERS[0]) is not None
    assert layouts.glance(other, PEERS[0]) is None


HARMLESS = ("User-Agent", "Supported", "Allow", "Subject", "Date")


def test_layouts_that_are_known_do_not_change_what_is_read() -> None:
    """Whatever was learnt before, by whomever, a request is read alike, or not at all."""
    requests = [wish.octets(Challenge(REALM, "n")) for wish in VARIED]
    known = layouts_of(*requests)
    for data in requests:
        alone = Layouts().glance(data, PEERS[0])
        assert alone is not None
        assert known.glance(data, PEERS[0]) == alone


VARIED = [
    Wish(order=order, qop=qop, contact=contact, expires=expires, credentials=credentials)
    for order in (0, 4)
    for qop in ("auth", "")
    for contact in ("", "<sip:2101@127.10.64.7:5062>")
    for expires in ("", "300")
    for credentials in (False, True)
]


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
