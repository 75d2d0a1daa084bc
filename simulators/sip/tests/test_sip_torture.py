"""The messages of RFC 4475, as files in `torture/`: which ones parse, and to what values.

The files hold the octets of the RFC's appendix, where it differs from the text only by an empty
line at the end; `baddn` has that line from the text, without which it would be no message.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from simulators.sip.headers import NameAddress, Uri, Via, cseq, seconds
from simulators.sip.message import MalformedMessage, Message, Request, Response, parse

TORTURE = Path(__file__).parent / "torture"
NAMES = sorted(path.stem for path in TORTURE.glob("*.dat"))


def read(name: str) -> bytes:
    return (TORTURE / f"{name}.dat").read_bytes()


def request(name: str) -> Request:
    message = parse(read(name))
    assert isinstance(message, Request)
    return message


REQUESTS: dict[str, tuple[str, str, int, int]] = {
    # name: method, user of To ("-": it can't be read), number of Vias, octets of body
    "badaspec": ("OPTIONS", "t.watson", 1, 0),  # the blanks in <...> are passed over
    "badbranch": ("OPTIONS", "user", 1, 0),
    "baddate": ("INVITE", "user", 1, 150),  # nobody here needs a Date
    "baddn": ("OPTIONS", "-", 1, 0),
    "badinv01": ("INVITE", "j.user", 2, 152),  # the second Via is one semicolon
    "bext01": ("OPTIONS", "j_user", 1, 0),
    "cparam01": ("REGISTER", "watson", 1, 0),
    "cparam02": ("REGISTER", "watson", 1, 0),
    "dblreq": ("REGISTER", "j.user", 1, 0),  # the INVITE behind it is noise
    "esc01": ("INVITE", "user", 1, 150),
    "esc02": ("RE%47IST%45R", "resource", 1, 0),  # a method of its own
    "escnull": ("REGISTER", "null-%00-null", 1, 0),
    "escruri": ("INVITE", "user", 1, 150),
    "insuf": ("INVITE", "-", 1, 152),
    "intmeth": (
        "!interesting-Method0123456789_*+`.%indeed'~",
        "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*",
        1,
        0,
    ),
    "inv2543": ("INVITE", "+16505552222", 1, 105),  # no Content-Length
    "invut": ("INVITE", "j.user", 1, 40),
    "longreq": ("INVITE", "user", 34, 150),
    "lwsdisp": ("OPTIONS", "user", 1, 0),
    "mcl01": ("OPTIONS", "user", 1, 13),  # as the first of two lengths says
    "mismatch01": ("OPTIONS", "j.user", 1, 0),
    "mismatch02": ("NEWMETHOD", "j.user", 1, 138),
    "mpart01": ("MESSAGE", "kumiko", 1, 553),
    "multi01": ("INVITE", "user", 1, 154),
    "novelsc": ("OPTIONS", "user", 1, 0),
    "quotbal": ("INVITE", "-", 1, 152),
    "regaut01": ("REGISTER", "j.user", 1, 0),
    "regbadct": ("REGISTER", "user", 1, 0),
    "regescrt": ("REGISTER", "user", 1, 0),
    "scalar02": ("REGISTER", "user", 1, 0),
    "sdp01": ("INVITE", "j_user", 1, 150),
    "semiuri": ("OPTIONS", "j_user", 1, 0),
    "transports": ("OPTIONS", "user", 5, 0),
    "unkscm": ("OPTIONS", "user", 1, 0),
    "unksm2": ("REGISTER", "-", 1, 0),
    "wsinv": ("INVITE", "vivekg", 3, 150),
    "zeromf": ("OPTIONS", "user", 1, 0),
}
RESPONSES: dict[str, tuple[int, str]] = {
    "bcast": (200, "OK"),
    "noreason": (100, ""),
    "scalarlg": (503, "Service Unavailable"),
    "unreason": (200, "= 2**3 * 5**2 но сто девяносто девять - простое"),
}
MALFORMED: dict[str, str] = {
    "badvers": "expected a request or status line of SIP/2.0",
    "bigcode": "expected a status of three digits",
    "clerr": "Content-Length is 9999, but 15",
    "ltgtruri": "expected a request or status line",
    "lwsruri": "expected a request or status line",
    "lwsstart": "expected a request or status line",
    "ncl": "Content-Length is '-999'",
    "trws": "expected a request or status line",
}


def test_the_tables_name_every_file_once() -> None:
    assert sorted([*REQUESTS, *RESPONSES, *MALFORMED]) == NAMES
    assert len(NAMES) == 49


@pytest.mark.parametrize("name", REQUESTS)
def test_requests_parse(name: str) -> None:
    method, user, vias, body = REQUESTS[name]
    message = request(name)
    assert message.method == method
    assert len(message.headers.all("via")) == vias
    assert Via.parse(message.headers.all("via")[0]).host
    assert len(message.body) == body
    try:
        to = NameAddress.parse(message.headers.get("to")).uri.user
    except MalformedMessage:
        to = "-"
    assert to == user


@pytest.mark.parametrize("name", RESPONSES)
def test_responses_parse(name: str) -> None:
    message = parse(read(name))
    assert isinstance(message, Response)
    assert (message.status, message.reason) == RESPONSES[name]


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_message_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(MalformedMessage) as refusal:
        parse(read(name))
    assert str(refusal.value).startswith(MALFORMED[name])


def _contacts(message: Message) -> list[NameAddress]:
    return [NameAddress.parse(value) for value in message.headers.all("contact")]


VALUES: dict[str, tuple[str, Callable[[Message], object], object]] = {
    # what the RFC points out: file, what is read, what it is
    "folded CSeq": ("wsinv", lambda m: cseq(m.headers), (9, "INVITE")),
    "folded Via": (
        "wsinv",
        lambda m: [(v.transport, v.host, v.branch) for v in map(Via.parse, m.headers.all("via"))],
        [
            ("UDP", "192.0.2.2", "390skdjuw"),
            ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
            ("UDP", "192.168.255.111", "z9hG4bK30239"),
        ],
    ),
    "quotes in a name": (
        "wsinv",
        lambda m: (NameAddress.parse(m.headers.get("from")).name, _contacts(m)[0].name),
        ('J Rosenberg \\"', 'Quoted string ""'),
    ),
    "parameters over lines": (
        "wsinv",
        lambda m: _contacts(m)[0].params,
        {"newparam": "newvalue", "secondparam": "", "q": "0.33"},
    ),
    "unknown header": (
        "wsinv",
        lambda m: m.headers.get("unknownheaderwithunusualvalue"),
        ";;,,;;,;",
    ),
    "folded value": (
        "wsinv",
        lambda m: m.headers.get("NewFangledHeader"),
        "newfangled value continued newfangled value",
    ),
    "empty Subject": (
        "wsinv",
        lambda m: (m.headers.get("subject"), "subject" in m.headers),
        ("", True),
    ),
    "control characters": (
        "intmeth",
        lambda m: NameAddress.parse(m.headers.get("to")).name,
        "BEL:\x07 NUL:\x00 DEL:\x7f",
    ),
    "UTF-8 parameter": (
        "intmeth",
        lambda m: NameAddress.parse(m.headers.get("from")).params,
        {"fromparam''~+*_!.-%": "работающий", "tag": "_token~1'+`*%!-."},
    ),
    "UTF-8 header": (
        "intmeth",
        lambda m: m.headers.get("extensionHeader-!.%*+_`'~"),
        "\ufeff大停電",
    ),
    "escapes that are needed stay": (
        "esc01",
        lambda m: (
            Uri.parse(m.uri).user if isinstance(m, Request) else "",
            _contacts(m)[0].uri.user,
        ),
        ("sips%3Auser%40example.com", "caller"),
    ),
    "an escaped header name is another": ("esc02", lambda m: len(_contacts(m)), 2),
    "no escapes in a name": (
        "esc02",
        lambda m: NameAddress.parse(m.headers.get("to")).name,
        "%Z%45",
    ),
    "nulls in users": (
        "escnull",
        lambda m: [c.uri.user for c in _contacts(m)],
        ["%00", "%00%00"],
    ),
    "no blank before <": (
        "lwsdisp",
        lambda m: NameAddress.parse(m.headers.get("from")).name,
        "caller",
    ),
    "semicolon in the user": (
        "semiuri",
        lambda m: Uri.parse(m.uri) if isinstance(m, Request) else None,
        Uri("user;par=u%40example.net", "example.com"),
    ),
    "all transports": (
        "transports",
        lambda m: [Via.parse(via).transport for via in m.headers.all("via")],
        ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"],
    ),
    "a body with nulls": (
        "mpart01",
        lambda m: (m.body.count(b"\0") > 0, m.body[-4:]),
        (True, b"--\r\n"),
    ),
    "a header parameter": (
        "cparam01",
        lambda m: (_contacts(m)[0].params, _contacts(m)[0].uri.params),
        ({"unknownparam": ""}, ""),
    ),
    "a URI parameter": (
        "cparam02",
        lambda m: (_contacts(m)[0].params, _contacts(m)[0].uri.params),
        ({}, "unknownparam"),
    ),
    "escaped headers in a contact": (
        "regescrt",
        lambda m: _contacts(m)[0].uri,
        Uri("user", "example.com"),
    ),
    "expiry beyond measure": (
        "scalar02",
        lambda m: (seconds(m.headers.get("expires")), seconds(_contacts(m)[0].params["expires"])),
        (2**32 - 1, 2**32 - 1),
    ),
}


@pytest.mark.parametrize("what", VALUES)
def test_values_are_what_the_rfc_says(what: str) -> None:
    name, read_value, value = VALUES[what]
    assert read_value(parse(read(name))) == value


@pytest.mark.parametrize("name", ["scalar02", "scalarlg"])
def test_a_cseq_out_of_range_is_refused(name: str) -> None:
    with pytest.raises(MalformedMessage, match="CSeq"):
        cseq(parse(read(name)).headers)


def test_a_contact_with_an_escaped_header_needs_brackets() -> None:
    with pytest.raises(MalformedMessage, match=r"'\?' in <\.\.\.>"):
        _contacts(parse(read("regbadct")))
