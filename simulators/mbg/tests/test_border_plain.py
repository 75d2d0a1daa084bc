"""A border that reads plain REGISTERs at a glance does what one does that reads all of them whole.

Two estates of the same seed hear the same octets from sets, one of them without the short way. What
both borders send to sets and ICPs, whom they have bound, what they tell and note is the same, but
for the order of headers.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.core import UDP, Address, Datagram
from simulators.mbg.sip_border.border import Border
from simulators.mbg.sip_border.border_terms import OUTSIDE, BorderSettings
from simulators.mbg.tests.border_wire import OUTSIDE_AT, PBX_AT, SET_PASSWORD, Wire, estate
from simulators.sip.digest import Challenge, answer
from simulators.sip.message import Request, Response, parse

PEERS: list[Address] = [("127.30.0.2", 5060), ("127.30.0.3", 40_000)]


class Sets:
    """Sets by hand at one border, and all that it sent to them."""

    def __init__(self, *, plain: bool) -> None:
        self.wire: Wire = estate(licences=1, devices=2, settings=BorderSettings(set_idle_s=90.0))
        self.shorts = 0
        self.short = False
        self.challenge: Challenge | None = None
        if plain:
            glance = self.wire.border._layouts.glance

            def counted(data: bytes, peer: Address) -> object:
                found = glance(data, peer)
                self.short = found is not None
                return found

            self.wire.border._layouts.glance = counted  # type: ignore[method-assign,assignment]
        else:
            self.wire.border._layouts.glance = lambda data, peer: None  # type: ignore[method-assign]

    def hear(self, lines: list[str], peer: Address, after: float) -> tuple[object, ...]:
        wire = self.wire
        wire.move(after)
        since = len(wire.sent)
        self.short = False
        wire.at_border("\r\n".join([*lines, "", ""]).encode(), peer, OUTSIDE, UDP)
        self.shorts += self.short
        wire.settle()
        sent = [said(datagram) for _, datagram in wire.sent[since:]]
        for message in (parse(datagram.data) for _, datagram in wire.sent[since:]):
            if isinstance(message, Response) and message.status == 401:
                self.challenge = Challenge.parse(message.headers.get("www-authenticate"))
        happened, wire.happened = wire.happened, []
        return sent, happened, state(wire.border)


def said(datagram: Datagram) -> tuple[object, ...]:
    message = parse(datagram.data)
    first: tuple[object, ...] = (
        (message.method, message.uri)
        if isinstance(message, Request)
        else (message.status, message.reason)
    )
    return (*first, sorted(message.headers.items), message.body, *datagram[1:])


def state(border: Border) -> tuple[object, ...]:
    bindings = {
        device_id: (each.contact, each.flow.peer, each.flow.heard_at, each.until)
        for device_id, each in border.bindings.items()
    }
    return bindings, border.licences.holders, list(border.store.devices.values())


def register(made: Sets, step: dict[str, object]) -> list[str]:
    name, cseq = step["name"], step["cseq"]
    uri = f"sip:{OUTSIDE_AT[0]}"
    lines = [
        f"REGISTER {uri} SIP/2.0",
        f"Via: SIP/2.0/UDP 192.168.1.2:5060;branch=z9hG4bK{step['branch']};rport",
        "Max-Forwards: 70",
        f"From: <sip:{name}@{OUTSIDE_AT[0]}>;tag=f",
        f"To: {step['to']}<sip:{name}@{OUTSIDE_AT[0]}>",
        "Call-ID: c@h",
        f"CSeq: {cseq} REGISTER",
        *([f"Contact: {step['contact']}"] if step["contact"] else []),
        *([f"Expires: {step['expires']}"] if step["expires"] else []),
    ]
    if step["credentials"] and made.challenge is not None:
        credentials = answer(
            made.challenge, method="REGISTER", uri=uri, username=str(step["user"] or name),
            password=str(step["password"]), cnonce="c", count=int(str(step["count"])),
        )  # fmt: skip
        lines.append(f"Authorization: {credentials}")
    return [*lines, *(["X-Own: 1"] if step["odd"] else []), "Content-Length: 0"]


steps = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["tw0", "tw0", "tw0", "tw1", "nobody"]),
        "user": st.sampled_from(["", "", "", "tw1"]),
        "password": st.sampled_from([SET_PASSWORD] * 4 + ["wrong"]),
        "credentials": st.sampled_from([True, True, True, False]),
        "count": st.integers(1, 3),
        "to": st.sampled_from(["", "", '"Ada" ']),
        "contact": st.sampled_from(
            ["<sip:a@192.168.1.2:5060>"] * 4
            + ["", "*", "<sip:b@192.168.1.3>;expires=0", "<sip:a@192.168.1.2:5060>;expires=60"]
        ),
        "expires": st.sampled_from(["300", "300", "300", "", "0", "10"]),
        "cseq": st.integers(1, 5),
        "branch": st.integers(0, 9),
        "odd": st.sampled_from([False, False, False, True]),
        "peer": st.integers(0, 1),
        "after": st.sampled_from([0.0, 0.5, 0.5, 35.0, 100.0, 310.0]),
        "cut": st.sampled_from([False, False, False, True]),
    }
)


def play(taken: list[dict[str, object]]) -> int:
    """Let both hear all; returns how many went the short way."""
    short, long = Sets(plain=True), Sets(plain=False)
    for step in taken:
        for made in (short, long):
            made.wire.cut = {PBX_AT} if step["cut"] else set()  # a set waits for a silent ICP
        peer, after = PEERS[int(str(step["peer"]))], float(str(step["after"]))
        lines = register(short, step)
        assert lines == register(long, step)
        assert short.hear(lines, peer, after) == long.hear(lines, peer, after), lines
    assert long.shorts == 0
    return short.shorts


@settings(max_examples=100, deadline=None)
@given(st.lists(steps, min_size=1, max_size=8))
def test_both_ways_come_to_the_same(taken: list[dict[str, object]]) -> None:
    play(taken)


def step(**changes: object) -> dict[str, object]:
    usual: dict[str, object] = {
        "name": "tw0", "user": "", "password": SET_PASSWORD, "credentials": True, "count": 1,
        "to": "", "contact": "<sip:a@192.168.1.2:5060>", "expires": "300", "cseq": 1, "branch": 0,
        "odd": False, "peer": 0, "after": 0.0, "cut": False,
    }  # fmt: skip
    return usual | changes


def test_a_set_registers_refreshes_and_leaves_by_the_short_way() -> None:
    taken = [
        step(credentials=False),
        step(branch=1, cseq=2),
        step(branch=1, cseq=2),  # a copy
        step(branch=2, cseq=3, count=2, after=100.0),
        step(branch=3, cseq=4, count=3, expires="0", after=1.0),
    ]
    assert play(taken) == len(taken)


def test_a_set_that_waits_gets_one_answer_whatever_comes() -> None:
    taken = [
        step(credentials=False),
        step(branch=1, cseq=2, cut=True),
        step(branch=1, cseq=2, cut=True, after=0.5),  # a copy, while the ICP is silent
        step(branch=2, cseq=3, count=2, cut=True, after=0.5),  # makes the first void
        step(branch=3, cseq=4, count=3, after=35.0),
    ]
    assert play(taken) == len(taken)


def test_a_difference_would_be_seen() -> None:
    """The comparison's own negative control: another licence pool at one of the two."""
    short, long = Sets(plain=True), Sets(plain=False)
    long.wire.border.licences.size = 0
    heard = []
    for made in (short, long):
        made.hear(register(made, step(credentials=False)), PEERS[0], 0.0)
        heard.append(made.hear(register(made, step(branch=1, cseq=2)), PEERS[0], 0.0))
    assert heard[0] != heard[1]
