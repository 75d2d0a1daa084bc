"""The crowd says and does what the full registration agent does, octet for octet (property)."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.phone.crowd.crowd import Crowd
from simulators.phone.crowd.glance import Layouts
from simulators.phone.crowd.shapes import Shape, Shapes
from simulators.phone.crowd.tests.twins import HOME, REGISTRAR, Twins, account
from simulators.sip.digest import Challenge, MalformedDigest
from simulators.sip.headers import Via, cseq
from simulators.sip.message import Request, Response, parse
from simulators.sip.registration import Account, State, granted_s

CHALLENGES = st.builds(
    lambda realm, nonce, algorithm, qop, stale, opaque, extra: (
        f'Digest realm="{realm}", nonce="{nonce}"{algorithm}{qop}{stale}{opaque}{extra}'
    ),
    st.sampled_from(["bench", "Head Office", 'quo\\"ted', ""]),
    st.sampled_from(["f00d", "4a+/=", "with, comma", 'esc\\"aped', "x" * 40]),
    st.sampled_from(
        ["", ", algorithm=MD5", ", algorithm=SHA-256", ', algorithm="md5"', ", algorithm=SHA-512"]
    ),
    st.sampled_from(
        ["", ', qop="auth"', ', qop="auth,auth-int"', ', qop="auth-int"', ", qop=auth"]
    ),
    st.sampled_from(["", ", stale=true", ", stale=TRUE", ", stale=false"]),
    st.sampled_from(["", ', opaque="o"', ', opaque="a\\\\b"']),
    st.sampled_from(["", ', nextnonce="n"', ', domain="sip:x nonce=\\"y\\""']),
)  # fmt: skip
OWN = f"<sip:tw2101@{HOME[0]}:{HOME[1]}>"
CONTACTS = st.sampled_from(
    [
        "", f"{OWN};expires=300", f"{OWN};expires=40", f"{OWN};expires=0", f"{OWN}",
        f"{OWN};q=0.5;expires=60", f"{OWN};expires=60;q=1", f'{OWN};expires="70"',
        f"{OWN};expires=5;expires=90", f"<sip:other@127.9.9.9:5060>;expires=10, {OWN};expires=80",
        f"<sip:tw2101@{HOME[0]}>;expires=100", f'"Ada" {OWN};expires=120', f"{OWN};expires=1x",
        f"{OWN};expires=99999999999999", f"{OWN}, {OWN};expires=5", "*", "<", f"{OWN};Expires=300",
    ]
)  # fmt: skip
STATUSES = st.sampled_from(
    [100, 180, 200, 202, 301, 302, 401, 403, 407, 423, 404, 480, 500, 503, 600]
)
STYLES = st.sampled_from(
    ["usual", "usual", "usual", "reversed", "compact", "folded", "lf", "odd", "case"]
)
EXTRAS = st.lists(
    st.sampled_from(
        [
            "Server: any", "Warning: 399 mbg \"No licence for 2101\"", "Retry-After: 20",
            "Retry-After: 5 (soon);duration=3", "Retry-After: later", "Retry-After: 0",
            "Min-Expires: 7200", "Min-Expires: 10", "Expires: 222", "X-New: one",
            "Contact: <sip:someone@127.1.1.1>;expires=33", "Content-Length: 0", "Broken",
        ]
    ),
    max_size=3,
)  # fmt: skip


@st.composite
def answers(draw: st.DrawFn) -> tuple[int, list[str], str, bytes]:
    """Status, header lines, style, body."""
    status = draw(STATUSES)
    lines = []
    if status in (401, 407):
        names = ["WWW-Authenticate", "Proxy-Authenticate"]
        own = names[status == 407]
        used = draw(st.lists(st.sampled_from([own, own, *names]), max_size=2))
        lines = [f"{name}: {draw(CHALLENGES)}" for name in used]
    if status < 300 and (contact := draw(CONTACTS)):
        lines.append(f"Contact: {contact}")
    body = draw(st.sampled_from([b"", b"", b"", b"text"]))
    return status, lines + draw(EXTRAS), draw(STYLES), body


def rendered(request: Request, answer: tuple[int, list[str], str, bytes]) -> bytes:
    """An answer to a request, as a registrar of this style would write it."""
    status, extra, style, body = answer
    kept = [
        f"{n}: {v}" for n, v in request.headers.items if n in ("Via", "From", "Call-ID", "CSeq")
    ]
    lines = [
        *kept,
        f"To: {request.headers.get('to')};tag=r",
        *extra,
        f"Content-Length: {len(body)}",
    ]
    if style == "reversed":
        lines.reverse()
    if style == "compact":
        short = {"Via": "v", "Contact": "m", "From": "f", "To": "t", "Content-Length": "l"}
        lines = [f"{short.get(n, n)}{c}{v}" for n, c, v in (x.partition(":") for x in lines)]
    if style == "folded":
        lines = [re.sub(r";", "\r\n ;", line, count=1) for line in lines]
    if style == "odd":
        lines = [re.sub(r": ", ":\t ", line, count=1) + " " for line in lines]
    if style == "case":
        lines = [line.partition(":")[0].upper() + ":" + line.partition(":")[2] for line in lines]
    text = "\r\n".join([f"SIP/2.0 {status} Some reason", *lines, "", ""]).encode() + body
    return text.replace(b"\r\n", b"\n") if style == "lf" else text


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("answer"), answers()),
        st.tuples(
            st.just("wait"), st.sampled_from([0.1, 0.5, 1.5, 8.0, 32.0, 33.0, 150.0, 2000.0])
        ),
        st.tuples(st.just("again"), st.none()),
        st.tuples(st.just("stop"), st.none()),
        st.tuples(st.just("options"), st.none()),
        st.tuples(st.just("noise"), st.sampled_from([b"", b"\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n"])),
    ),
    max_size=12,
)  # fmt: skip
ACCOUNTS = st.builds(
    account,
    expires_s=st.sampled_from([3600, 0, 60]),
    user_agent=st.sampled_from(["", "Mitel 6930/5.1"]),
    password=st.sampled_from(["secret", 'p"w\\1', "ümlaut"]),
)


Step = tuple[str, object]
USUAL_CHALLENGE = 'WWW-Authenticate: Digest realm="bench", nonce="{}", qop="auth"'


def asked(nonce: str, more: str = "") -> Step:
    """A 401."""
    return "answer", (401, [USUAL_CHALLENGE.format(nonce) + more], "usual", b"")


def final(status: int, *lines: str) -> Step:
    """Another final answer."""
    return "answer", (status, list(lines), "usual", b"")


GRANTED = final(200, f"Contact: {OWN};expires=60")
RARE: list[list[Step]] = [
    [asked("a"), asked("b", ", stale=true"), asked("c", ", stale=true"), GRANTED],
    [asked("a"), asked("b", ", stale=true"), *[asked("c", ", stale=true")] * 3],
    [asked("a"), asked("a"), ("wait", 2000.0), asked("b"), GRANTED],
    [asked("a"), GRANTED, ("wait", 50.0), asked("b", ", stale=true"), GRANTED, ("wait", 150.0)],
    [asked("a"), GRANTED, ("wait", 50.0), final(403), ("wait", 2000.0), asked("d"), GRANTED],
    [final(423, "Min-Expires: 7200"), asked("a"), GRANTED, ("stop", None), asked("b"), final(200)],
    [final(423, "Min-Expires: 10"), ("wait", 2000.0)],
    [final(503, "Retry-After: 20"), ("wait", 33.0), asked("a"), GRANTED],
    [("answer", (100, [], "usual", b"")), ("wait", 33.0), ("wait", 150.0), asked("a")],
    [asked("a"), GRANTED, ("again", None), ("wait", 50.0), ("wait", 33.0), ("wait", 150.0)],
]
"""What chance seldom finds."""


@settings(max_examples=100, deadline=None)
@given(ACCOUNTS, STEPS)
def test_a_line_says_and_does_what_the_agent_does(registering: Account, steps: list[Step]) -> None:
    hold_side_by_side(registering, steps)


@pytest.mark.parametrize("steps", RARE, ids=range(len(RARE)))
@pytest.mark.parametrize("expires_s", [3600, 0])
def test_also_where_chance_seldom_leads(steps: list[Step], expires_s: int) -> None:
    hold_side_by_side(account(expires_s=expires_s), steps)


def hold_side_by_side(registering: Account, steps: list[Step]) -> None:
    """Take both through the same steps; after each, all that they said must be equal."""
    twins = Twins(registering)
    heard = b""
    for number, (step, value) in enumerate(steps):
        match step, value:
            case "answer", (int(status), list(lines), str(style), bytes(body)):
                heard = rendered(twins.latest, (status, lines, style, body))
                twins.hear(heard)
            case "again", _:
                twins.hear(heard)
            case "wait", float(seconds):
                twins.wait(seconds)
            case "stop", _ if not twins.crowd.waiting():
                # The agent goes on to send again what un-registering has overtaken; a line doesn't.
                twins.stop()
            case "options", _:
                twins.hear(_options(number))
            case "noise", bytes(noise):
                twins.hear(noise)
        crowd, agent = twins.said
        assert crowd == agent, (step, value)
        assert twins.states[0] is twins.states[1], (step, value)
        if step == "options":  # so that the latest is a request again
            del crowd[-1], agent[-1]


@given(st.lists(answers(), min_size=1, max_size=8))
def test_a_glance_sees_what_the_parser_reads(
    answered: list[tuple[int, list[str], str, bytes]],
) -> None:
    twins, layouts = Twins(account()), Layouts()
    for answer in answered:
        data = rendered(twins.latest, answer)
        seen = layouts.glance(data)
        if seen is None:
            continue
        response = parse(data)
        assert isinstance(response, Response)
        status, (branch, value, *expires) = seen
        assert status == response.status
        assert f"z9hG4bK{branch.decode()}" == Via.parse(response.headers.all("via")[0]).branch
        assert cseq(response.headers)[1] == "REGISTER"
        if status != 200:
            name = "www-authenticate" if status == 401 else "proxy-authenticate"
            assert [value.decode()] == response.headers.all(name)
        elif value == OWN.encode():
            assert int(expires[0]) == granted_s(response, account())


@given(st.lists(CHALLENGES, min_size=1, max_size=3))
def test_a_challenge_by_its_shape_is_the_challenge(texts: list[str]) -> None:
    shapes = Shapes()
    for text in [text for text in texts for _ in range(2)]:  # new, and as the one before
        found = shapes.read(text.encode(), "domain")
        try:
            parsed = Challenge.parse(text)
        except MalformedDigest:
            assert found is None
            continue
        if found is not None:
            assert found[1] == parsed.nonce
            assert _values(found[0]) == _values(Shape(parsed, "domain"))


def test_a_challenge_that_begins_and_ends_as_the_one_before_may_be_another() -> None:
    shapes = Shapes()
    for text in (
        'Digest realm="b", nonce="n", qop="auth"',
        'Digest realm="b", nonce="m", opaque="o", qop="auth"',
        'Digest realm="b", nonce="m\\", qop="auth"',
    ):
        found = shapes.read(text.encode(), "domain")
        if "\\" in text:
            assert found is None
        else:
            assert found is not None and found[1] == Challenge.parse(text).nonce
            assert _values(found[0]) == _values(Shape(Challenge.parse(text), "domain"))
    assert shapes.read(b'Digest realm="b", nonce="n", qop="auth"', "other") is not None


def test_the_usual_answers_are_read_at_a_glance() -> None:
    """Else the twins would agree although the glance never helps."""
    twins = Twins(account())
    challenge = 'WWW-Authenticate: Digest realm="b", nonce="n", algorithm=MD5, qop="auth"'
    data = rendered(twins.latest, (401, [challenge], "usual", b""))
    seen = Layouts().glance(data)
    assert seen is not None and Shapes().read(seen[1][1], "d") is not None
    good = rendered(twins.latest, (200, [f"Contact: {OWN};expires=300"], "usual", b""))
    seen = Layouts().glance(good)
    assert seen is not None and seen[1][1:] == (OWN.encode(), b"300")


@given(st.binary(max_size=300))
def test_no_octets_do_harm(data: bytes) -> None:
    twins = Twins(account())
    twins.crowd.receive(data, REGISTRAR, 0.0, HOME[0])
    assert twins.crowd.state(4711) is State.REGISTERING


def test_a_crowd_of_one_socket_keeps_its_lines_apart() -> None:
    crowd = Crowd(lambda n: bytes(n))
    crowd.settle(HOME)
    for index in range(300):
        crowd.start(index, account(), 0.0)
    messages = [parse(data) for data, _, _ in crowd.to_send()]
    requests = [message for message in messages if isinstance(message, Request)]
    for header in ("call-id", "via", "from"):
        values = {request.headers.get(header) for request in requests}
        assert len(values) == 300, header
    data = rendered(requests[7], (200, [f"Contact: {OWN};expires=300"], "usual", b""))
    crowd.receive(data, REGISTRAR, 0.1, HOME[0])
    assert [i for i in range(300) if crowd.state(i) is State.REGISTERED] == [7]


def test_a_restart_is_another_call_and_an_old_answer_counts_no_more() -> None:
    crowd = Crowd(lambda n: bytes(n))
    crowd.settle(HOME)
    crowd.start(0, account(), 0.0)
    ((before, _, _),) = crowd.to_send()
    crowd.restart([0], 1.0)
    ((after, _, _),) = crowd.to_send()
    old, new = parse(before), parse(after)
    assert isinstance(old, Request) and isinstance(new, Request)
    for header in ("call-id", "via", "from"):
        assert old.headers.get(header) != new.headers.get(header)
    assert new.headers.get("cseq") == "1 REGISTER"
    crowd.receive(rendered(old, (200, [], "usual", b"")), REGISTRAR, 1.1, HOME[0])
    assert crowd.state(0) is State.REGISTERING
    crowd.cut(0)
    crowd.receive(rendered(new, (200, [], "usual", b"")), REGISTRAR, 1.2, HOME[0])
    assert crowd.state(0) is State.UNREGISTERED
    assert crowd.timer_at() is None


def _options(number: int) -> bytes:
    lines = [
        f"OPTIONS sip:tw2101@{HOME[0]} SIP/2.0",
        f"Via: SIP/2.0/UDP 127.20.0.10;branch=z9hG4bKo{number}",
        "From: <sip:mbg@x>;tag=1",
        "To: <sip:tw2101@x>",
        f"Call-ID: o{number}",
        "CSeq: 1 OPTIONS",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def _values(shape: Shape) -> list[object]:
    return [getattr(shape, name) for name in Shape.__slots__]
