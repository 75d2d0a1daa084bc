"""Header values: by example, at random, and against `sipmessage` as a second opinion."""

import re
from collections.abc import Callable
from urllib.parse import quote, unquote

import pytest
import sipmessage
from hypothesis import example, given
from hypothesis import strategies as st

from simulators.sip.headers import (
    MAX_EXPIRES,
    NameAddress,
    Uri,
    Via,
    branch_of,
    cseq,
    parameters,
    seconds,
)
from simulators.sip.message import Headers, MalformedMessage, Request, parse


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("sip:2101@127.10.0.21", Uri("2101", "127.10.0.21")),
        ("sip:127.10.0.21:5062", Uri("", "127.10.0.21", 5062)),
        ("SIPS:a@b;transport=tcp;lr", Uri("a", "b", None, "sips", "transport=tcp;lr")),
        ("sip:a@b:5060;x=1?subject=y", Uri("a", "b", 5060, "sip", "x=1")),
        ("sip:user;par=u%40x?y@b", Uri("user;par=u%40x?y", "b")),
        ("sip:a@[2001:db8::1]:5070", Uri("a", "[2001:db8::1]", 5070)),
    ],
)
def test_uris(text: str, uri: Uri) -> None:
    assert Uri.parse(text) == uri
    assert Uri.parse(str(uri)) == uri


@pytest.mark.parametrize(
    "text",
    [
        "", "sip", "sip:", "tel:+4930", "sip:@b", "sip:a@", "sip:a@b:port", "sip:a@b:65536",
        "sip:a@b:" + "9" * 5000, "sip:a@b c", "sip:a@::1", "sip:a@b:٣",
    ],
)  # fmt: skip
def test_what_is_no_sip_uri(text: str) -> None:
    with pytest.raises(MalformedMessage):
        Uri.parse(text)


def test_a_uri_without_port_means_the_schemes() -> None:
    assert Uri.parse("sip:a@b").address == ("b", 5060)
    assert Uri.parse("sips:a@b").address == ("b", 5061)
    assert Uri.parse("sip:a@b:5070").address == ("b", 5070)


@pytest.mark.parametrize(
    ("text", "name", "user", "params"),
    [
        ("<sip:a@b>;tag=1", "", "a", {"tag": "1"}),
        ("sip:a@b;tag=1", "", "a", {"tag": "1"}),
        ('"Ada" <sip:a@b;lr>;Expires = 60;q="0.5"', "Ada", "a", {"expires": "60", "q": "0.5"}),
        (r'"A < \"b\" \\" <sip:a@b>', 'A < "b" \\', "a", {}),
        ("Ada Home <sip:a@b>", "Ada Home", "a", {}),
        ('<sip:a@b>;x="1;2";y', "", "a", {"x": "1;2", "y": ""}),
    ],
)
def test_addresses(text: str, name: str, user: str, params: dict[str, str]) -> None:
    address = NameAddress.parse(text)
    assert (address.name, address.uri.user, address.params) == (name, user, params)


@pytest.mark.parametrize("text", ["", "<sip:a@b", "*", '"Ada', "Ada <tel:1>"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(MalformedMessage):
        NameAddress.parse(text)


@pytest.mark.parametrize(
    ("text", "via"),
    [
        ("SIP/2.0/UDP a:1;branch=z;rport", Via("UDP", "a", 1, {"branch": "z", "rport": ""})),
        ("SIP / 2.0\t/ UDP  192.0.2.2 ;branch=z", Via("UDP", "192.0.2.2", None, {"branch": "z"})),
        ("SIP/2.0/TCP a : 5060", Via("TCP", "a", 5060, {})),
        ("sip/2.0/UDP [::1]:5060", Via("UDP", "[::1]", 5060, {})),
    ],
)  # fmt: skip
def test_vias(text: str, via: Via) -> None:
    assert Via.parse(text) == via
    assert Via.parse(str(via)) == via
    assert via.branch == via.params.get("branch", "")


@pytest.mark.parametrize(
    "text",
    ["", "SIP/2.0/UDP", "SIP/3.0/UDP a", "HTTP/2.0/UDP a", "SIP/2.0 a", "SIP/2.0/UDP a:x",
     "SIP/2.0/UDP a:" + "9" * 5000, "SIP/2.0/UDP a b"],
)  # fmt: skip
def test_what_is_no_via(text: str) -> None:
    with pytest.raises(MalformedMessage):
        Via.parse(text)


def test_a_via_parameter_that_needs_quotes_gets_them() -> None:
    via = Via.parse('SIP/2.0/UDP a;x="1; \\"2"')
    assert via.params == {"x": '1; "2'}
    assert Via.parse(str(via)) == via


@pytest.mark.parametrize("text", ["1 REGISTER", "  00001   REGISTER ", "2147483647 REGISTER"])
def test_cseq(text: str) -> None:
    assert cseq(Headers([("CSeq", text)])) == (int(text.split()[0]), "REGISTER")


@pytest.mark.parametrize(
    "text", ["", "1", "REGISTER", "x REGISTER", "-1 REGISTER", "2147483648 A", "9" * 5000 + " A"]
)
def test_what_is_no_cseq(text: str) -> None:
    with pytest.raises(MalformedMessage):
        cseq(Headers([("CSeq", text)]))


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), (" 3600 ", 3600), ("0000000000003600", 3600), ("9" * 5000, MAX_EXPIRES),
     ("", None), ("-1", None), ("1.5", None), ("soon", None), ("٣", None)],
)  # fmt: skip
def test_seconds(text: str, value: int | None) -> None:
    assert seconds(text) == value


@given(st.text(max_size=60))
def test_any_text_is_read_or_malformed(text: str) -> None:
    readers = (Uri.parse, NameAddress.parse, Via.parse, lambda t: cseq(Headers([("CSeq", t)])))
    for prefix in ("", "sip:", "<sip:a@b", "SIP/2.0/UDP "):
        for read in readers:
            try:
                read(prefix + text)
            except MalformedMessage:
                continue
    parameters(text)
    seconds(text)


# A second opinion: what is generated after RFC 3261 section 25.1 reads the same in `sipmessage`

users = st.text(st.sampled_from("abz019-_.!~*'()&=+$,;?/"), min_size=1, max_size=12)
labels = st.from_regex(r"[a-z0-9]{1,3}(-[a-z0-9]{1,3})?", fullmatch=True)
# The library reads a top label of letters alone; the RFC also has letters, digits and hyphens.
tops = st.from_regex(r"[a-z]{1,4}(-[a-z0-9]{1,3})?", fullmatch=True)
hosts = st.builds(lambda head, top: ".".join([*head, top]), st.lists(labels, max_size=2), tops)
hosts |= st.ip_addresses(v=4).map(str)
ports = st.none() | st.integers(1, 65535)
names = st.from_regex(r"[a-z][a-z0-9-]{0,6}", fullmatch=True)
params = st.dictionaries(names, st.from_regex(r"[A-Za-z0-9.]{1,8}", fullmatch=True), max_size=3)
displays = st.text(st.sampled_from('Ada <>,;@:"\\é'), max_size=10)
displays = displays.map(lambda text: " ".join(text.split()))  # the library folds blanks


def written(values: dict[str, str]) -> str:
    return "".join(f";{name}={value}" for name, value in values.items())


uris = st.builds(
    lambda scheme, user, host, port, uri_params: (
        f"{scheme}:{user}@{host}{'' if port is None else f':{port}'}{written(uri_params)}"
    ),
    st.sampled_from(["sip", "sips"]),
    users,
    hosts,
    ports,
    params,
)


@given(uris)
def test_uris_read_as_in_sipmessage(text: str) -> None:
    ours, theirs = Uri.parse(text), sipmessage.URI.parse(text)
    assert (ours.scheme, ours.host, ours.port) == (theirs.scheme, theirs.host, theirs.port)
    assert ours.user == theirs.user
    assert parameters(ours.params) == dict(theirs.parameters)
    assert str(ours) == str(theirs)


@given(uris, displays, params)
def test_addresses_read_as_in_sipmessage(uri: str, name: str, more: dict[str, str]) -> None:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    text = f'"{escaped}" <{uri}>{written(more)}'
    ours, theirs = NameAddress.parse(text), sipmessage.Address.parse(text)
    assert ours.name == theirs.name == name
    assert str(ours.uri) == str(theirs.uri)
    assert ours.params == dict(theirs.parameters)


@given(st.sampled_from(["UDP", "TCP", "TLS"]), hosts, ports, params)
def test_vias_read_as_in_sipmessage(
    transport: str, host: str, port: int | None, more: dict[str, str]
) -> None:
    text = f"SIP/2.0/{transport} {host}{'' if port is None else f':{port}'}{written(more)}"
    ours, theirs = Via.parse(text), sipmessage.Via.parse(text)
    assert (ours.transport, ours.host, ours.port) == (theirs.transport, theirs.host, theirs.port)
    assert ours.params == dict(theirs.parameters)
    assert str(ours) == str(theirs)


@given(st.integers(0, 2**31 - 1), uris, st.lists(uris, min_size=1, max_size=3), params)
def test_whole_messages_read_as_in_sipmessage(
    number: int, to: str, contacts: list[str], more: dict[str, str]
) -> None:
    items = [
        ("Via", f"SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1{written(more)}"),
        ("From", f"<{to}>;tag=a"),
        ("To", f"<{to}>"),
        ("Call-ID", "c1@192.0.2.1"),
        ("CSeq", f"{number} REGISTER"),
        ("Contact", ", ".join(f"<{contact}>;expires=60" for contact in contacts)),
        ("Max-Forwards", "70"),
    ]
    octets = Request("REGISTER", "sip:192.0.2.9", Headers(items), b"body").encode()
    ours, theirs = parse(octets), sipmessage.Message.parse(octets)
    assert isinstance(ours, Request) and isinstance(theirs, sipmessage.Request)
    assert (ours.method, ours.uri) == (theirs.method, str(theirs.uri))
    assert cseq(ours.headers) == (theirs.cseq.sequence, theirs.cseq.method)
    found = [NameAddress.parse(value) for value in ours.headers.all("contact")]
    assert [str(a.uri) for a in found] == [str(a.uri) for a in theirs.contact]
    assert [a.params for a in found] == [dict(a.parameters) for a in theirs.contact]
    assert ours.headers.get("call-id") == theirs.call_id
    assert ours.body == theirs.body == b"body"


@given(st.text(st.sampled_from("abAB09-_.!~*'()@:;?&=+$,/% é"), min_size=1, max_size=12))
def test_escapes_in_users_mean_the_same_afterwards(user: str) -> None:
    written = quote(user, safe="")
    ours = Uri.parse(f"sip:{written}@b")
    assert unquote(ours.user) == user
    assert Uri.parse(str(ours)) == ours


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("sip:%75se%72@b", "user"),
        ("sip:a%3ab@c", "a%3Ab"),
        ("sip:%00@b", "%00"),
        ("sip:%zz@b", "%zz"),
    ],
)
def test_escapes_that_are_not_needed_go(text: str, user: str) -> None:
    assert Uri.parse(text).user == user


@pytest.mark.parametrize("text", ['"Ada <sip:a@b>', "Bell, A <sip:a@b>", "sip:a@b?Route=x"])
def test_addresses_that_need_quotes_or_brackets(text: str) -> None:
    with pytest.raises(MalformedMessage, match="expected"):
        NameAddress.parse(text)


def test_bare_names_may_have_letters_of_all_scripts() -> None:
    assert NameAddress.parse("Zoë Müller <sip:a@b>").name == "Zoë Müller"


NEVER = re.compile(r"(?!)")
"""What recognizes nothing as usual, so that all is read the long way."""

words = st.sampled_from(
    ["SIP/2.0/UDP", "sip/2.0/tls", " ", "127.10.64.7", ":5060", ":70000", ";", "branch=z9hG4bK1",
     "rport", "rport=5", "received=1.2.3.4", "=", '"a;b"', "BRANCH=x", "\t", ",", "maddr=h", "<",
     ">", "sip:2101@h", "sips:", "tel:1", ";expires=90", ";expires=", "q=0.5", "%41", "Ada"]
)  # fmt: skip
texts = st.lists(words, max_size=9).map("".join)


def outcome(read: Callable[[str], object], text: str) -> object:
    try:
        return read(text)
    except MalformedMessage as error:
        return str(error)


@given(texts)
@example("SIP/2.0/UDP 127.10.64.7:5060;branch=z9hG4bK1;rport=5;received=1.2.3.4")
@example("SIP/2.0/TCP h;branch=z9hG4bK1")
@example('SIP/2.0/UDP h:5060;branch="z9"')
def test_a_usual_branch_is_that_of_the_whole_via(text: str) -> None:
    assert outcome(branch_of, text) == outcome(lambda via: Via.parse(via).branch, text)


@given(texts)
@example("<sip:2101@127.10.64.7:5060;transport=udp>;expires=90")
@example(';a=b;;c;D= e ;f="g;h"')
def test_usual_forms_are_read_as_all_others(text: str) -> None:
    reads: list[Callable[[str], object]] = [parameters, NameAddress.parse, Via.parse]
    short = [outcome(read, text) for read in reads]
    with pytest.MonkeyPatch.context() as patch:
        for usual in ("_UNQUOTED", "_PLAIN_ADDRESS"):
            patch.setattr(f"simulators.sip.headers.{usual}", NEVER)
        assert [outcome(read, text) for read in reads] == short
