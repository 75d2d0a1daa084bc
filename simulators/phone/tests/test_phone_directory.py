"""Directories: CSV files, numbers that are matched, LDAP as a core, and the screen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pyasn1_modules import rfc2251

from simulators.errors import LocalProtocolError
from simulators.phone.local.directory import MAX_ROWS, Contact, Directory, read_directory
from simulators.phone.local.directory_screen import DirectoryScreen
from simulators.phone.local.directory_table import SOFTKEYS, TRANSITIONS, Place, Step
from simulators.phone.local.ldap import MAX_MESSAGE, LookUp, State, message_length

ADA = Contact("Ada", "Home", "", "2101")
BEN = Contact("Ben", "Away", "Acme", "+44 20 7946 0123")


# CSV


def test_rows_become_contacts_and_others_are_reported() -> None:
    found = read_directory(
        b"\xef\xbb\xbffirst name,last name,company,number\r\nAda,Home,,2101\r\n\r\n"
        b'"Ben","Away","Acme, Ltd","+44 20 7946 0123",extra\r\nno number,,,\r\nshort,row\r\n'
        b",,Shop,7\r\n"
    )
    assert [c.name for c in found.contacts] == ["Ada Home", "Ben Away", "Shop"]
    assert found.contacts[1].company == "Acme, Ltd"
    assert [p.split(":")[0] for p in found.problems] == ["row 5", "row 6"]


def test_no_more_than_5000_rows_are_kept() -> None:
    rows = "".join(f"A,B,,{n}\n" for n in range(MAX_ROWS + 3))
    found = read_directory(rows.encode())
    assert len(found.contacts) == MAX_ROWS and len(found.problems) == 1
    assert read_directory("\n".join(rows.splitlines()[:MAX_ROWS]).encode()).problems == ()


@given(st.binary(max_size=300))
def test_any_octets_are_read(data: bytes) -> None:
    assert all(contact.number for contact in read_directory(data).contacts)


@pytest.mark.parametrize(
    "number, name",
    [
        ("2101", "Ada Home"),
        ("21-01", "Ada Home"),
        ("+442079460123", "Ben Away"),
        ("02079460123", "Ben Away"),  # the same last digits
        ("9460123", "Ben Away"),
        ("12101", ""),  # too few to be sure
        ("101", ""),
        ("2079460124", ""),
        ("", ""),
    ],
)
def test_a_number_is_matched_by_its_last_digits(number: str, name: str) -> None:
    found = Directory.of([ADA, BEN]).of_number(number)
    assert (found.name if found else "") == name


def test_of_several_directories_the_first_counts() -> None:
    other = Contact("Eve", "Else", "", "2101")
    joined = Directory.joined([Directory.of([ADA]), Directory.of([other, BEN])])
    assert joined.of_number("2101") == ADA and len(joined.contacts) == 3


# LDAP


def message(number: int, name: str, **fields: object) -> bytes:
    made = rfc2251.LDAPMessage()
    made["messageID"] = number
    body = made["protocolOp"][name]
    for field, value in fields.items():
        body[field] = value
    return bytes(encoder.encode(made))


def result(number: int, name: str, code: str = "success", text: str = "") -> bytes:
    return message(number, name, resultCode=code, matchedDN="", errorMessage=text)


def entry(**values: str) -> bytes:
    made = rfc2251.LDAPMessage()
    made["messageID"] = 2
    body = made["protocolOp"]["searchResEntry"]
    body["objectName"] = "cn=x,dc=mcs"
    for index, (name, value) in enumerate(values.items()):
        body["attributes"][index]["type"] = name
        body["attributes"][index]["vals"][0] = value.encode()
    return bytes(encoder.encode(made))


def bound(text: str = "ad") -> LookUp:
    look = LookUp("dc=mcs", text)
    look.connected()
    request, _ = decoder.decode(look.to_send(), asn1Spec=rfc2251.LDAPMessage())
    assert int(request["protocolOp"]["bindRequest"]["version"]) == 3
    look.receive(result(1, "bindResponse"))
    return look


def test_bind_search_unbind() -> None:
    look = bound()
    request, _ = decoder.decode(look.to_send(), asn1Spec=rfc2251.LDAPMessage())
    search = request["protocolOp"]["searchRequest"]
    assert bytes(search["baseObject"]) == b"dc=mcs" and int(search["scope"]) == 2
    parts = [bytes(p["substrings"]["type"]) for p in search["filter"]["or"]]
    assert parts == [b"cn", b"telephoneNumber"]
    octets = entry(cn="Ada Home", sn="Home", givenName="Ada", telephoneNumber="2101")
    octets += entry(cn="No Number") + entry(cn="Shop", telephoneNumber="7")
    octets += result(2, "searchResDone")
    for octet in octets:  # one at a time
        look.receive(bytes([octet]))
    assert look.state is State.DONE and [c.name for c in look.found] == ["Ada Home", "Shop"]
    assert look.to_send() == b"\x30\x05\x02\x01\x03\x42\x00"


def test_without_a_text_all_who_have_a_number_are_asked_for() -> None:
    look = bound("")
    request, _ = decoder.decode(look.to_send(), asn1Spec=rfc2251.LDAPMessage())
    wanted = request["protocolOp"]["searchRequest"]["filter"]
    assert wanted.getName() == "present" and bytes(wanted["present"]) == b"telephoneNumber"


@pytest.mark.parametrize(
    "octets, reason",
    [
        (result(2, "searchResDone", "noSuchObject", "no such base"), "no such base"),
        (result(1, "bindResponse"), "unexpected bindResponse"),
        (b"\x30\x84\x7f\xff\xff\xff", "octets"),
        (b"\x30\x80", "octets"),
        (b"\x30\x03abc", "no LDAP message"),
    ],
)
def test_what_a_server_does_wrong_ends_it(octets: bytes, reason: str) -> None:
    look = bound()
    look.receive(octets)
    assert look.state is State.FAILED and reason in look.reason


def test_a_refused_bind_and_a_lost_connection() -> None:
    look = LookUp("dc=mcs", "x")
    look.connected()
    look.receive(result(1, "bindResponse", "inappropriateAuthentication", "log in"))
    assert look.state is State.FAILED and "log in" in look.reason
    look.lost()  # after the end it changes nothing
    assert "log in" in look.reason
    other = bound()
    other.lost()
    assert other.reason == "connection lost"
    with pytest.raises(LocalProtocolError):
        other.connected()


def test_more_than_the_limit_is_no_failure() -> None:
    look = bound()
    look.receive(entry(cn="A", telephoneNumber="1"))
    look.receive(result(2, "searchResDone", "sizeLimitExceeded"))
    assert look.state is State.DONE and len(look.found) == 1


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_any_octets_from_a_server_are_survived(chunks: list[bytes]) -> None:
    look = bound()
    for chunk in chunks:
        look.receive(chunk)
    assert look.over or (message_length(b"") is None and not look.found)


def test_lengths() -> None:
    assert message_length(b"\x30") is None and message_length(b"\x30\x05") == 7
    assert message_length(b"\x30\x82\x01") is None and message_length(b"\x30\x82\x01\x00") == 260
    assert message_length(b"\x30\x80") == MAX_MESSAGE + 1


# The screen


def screen(*contacts: Contact) -> DirectoryScreen:
    made = DirectoryScreen(lambda: Directory.of(contacts or (ADA, BEN)))
    made.open()
    return made


def test_typing_narrows_the_list_and_dial_hands_the_number_out() -> None:
    directory = screen()
    assert directory.screen().lines == ("Ada Home 2101", "Ben Away +44 20 7946 0123")
    directory.type_text("acme")
    assert directory.screen().lines == ("Ben Away +44 20 7946 0123",)
    assert directory.screen().message == "acme"
    directory.press("Dial")
    assert directory.place is Place.CLOSED and directory.chosen() == BEN.number
    assert directory.chosen() == ""


def test_the_server_is_asked_and_its_answer_shown() -> None:
    directory = screen()
    directory.type_text("ca")
    directory.press("Search")
    assert directory.wanted() == "ca" and directory.screen().message == "Searching"
    directory.press("Dial")  # nothing to dial yet
    directory.answered((Contact("Cas", "Far", "", "2199"),), "")
    assert directory.screen().lines == ("Cas Far 2199",)
    directory.press("Down")
    directory.press("Select")
    assert directory.chosen() == "2199"


def test_nobody_found_and_an_answer_that_nobody_waits_for() -> None:
    directory = screen()
    directory.press("Search")
    directory.answered((), "no answer")
    assert directory.place is Place.LIST and directory.screen().message == "no answer"
    directory.press("Search")
    directory.press("Back")
    directory.answered((ADA,), "")
    assert directory.place is Place.LIST and directory.wanted() is None


@given(st.lists(st.sampled_from([*SOFTKEYS[Place.LIST], "Up", "Down", "Select", "Left", "Goodbye",
                                 "open", "found", "nobody", "a"]), max_size=30))  # fmt: skip
def test_any_keys(keys: list[str]) -> None:
    directory = DirectoryScreen(lambda: Directory.of([ADA, BEN]))
    for key in keys:
        match key:
            case "open" if directory.place is Place.CLOSED:
                directory.open()
            case "found":
                directory.answered((ADA,), "")
            case "nobody":
                directory.answered((), "")
            case "a":
                directory.type_text("a")
            case _ if directory.place is not Place.CLOSED:
                directory.press(key)
        shown = directory.screen()
        assert shown.selected is None or 0 <= shown.selected < len(shown.lines)


def test_the_table_has_no_dead_end() -> None:
    assert set(TRANSITIONS) == set(Place)
    assert all(Step.QUIT in steps for steps in TRANSITIONS.values())
