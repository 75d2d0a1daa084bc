"""Layouts of plain REGISTERs: what they say is what the full parser says, whatever was learnt."""

from itertools import permutations

import pytest

from simulators.pbx.tests.plain_wishes import PEERS, REALM, Wish
from simulators.sip.digest import Challenge, Credentials
from simulators.sip.headers import NameAddress, seconds
from simulators.sip.message import Request, parse
from simulators.sip.plain import MOST_LAYOUTS, Layouts

NAMED = '"A, B" <sip:2101@127.10.64.7:64999;transport=udp>;expires=60'


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
