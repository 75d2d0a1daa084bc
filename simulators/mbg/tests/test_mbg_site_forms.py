"""Forms of the MBG's site: whatever is typed, a check says what is wrong and never fails."""

from ipaddress import IPv4Address
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.mbg.refusals import Refused, duplicate, invalid
from simulators.mbg.site.forms import Form
from simulators.mbg.site.view import PREFIX, at, octets, path_of


@given(st.text())
def test_a_port_is_a_number_or_a_problem(typed: str) -> None:
    form = Form([("port", typed)])
    number = form.port("port")
    assert ("port" in form.problems) != (1 <= number <= 65_535 and int(typed) == number)


@given(st.one_of(st.text(), st.ip_addresses(v=4).map(str)))
def test_an_address_is_one_or_a_problem(typed: str) -> None:
    form = Form([("host", typed)])
    address = form.ipv4("host")
    assert "host" in form.problems or str(IPv4Address(address)) == address


@given(st.text())
def test_a_host_or_a_problem(typed: str) -> None:
    form = Form([("host", typed)])
    host = form.host("host")
    assert "host" in form.problems or (host.isascii() and " " not in host)


@pytest.mark.parametrize("good", ["127.0.0.1", "a", "node-1.example", "A.b", "a" * 63, "1a.b"])
def test_hosts(good: str) -> None:
    form = Form([("host", f" {good} ")])
    assert (form.host("host"), form.problems) == (good, {})


@pytest.mark.parametrize(
    "bad", ["", "127.0.0", "1", "a_b", "a..b", "-a", "a-", "a" * 64, "a b", "ä"]
)
def test_what_is_no_host(bad: str) -> None:
    form = Form([("host", bad)])
    form.host("host")
    assert form.problems


@given(st.text(), st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_link_brings_its_values_back(value: str, other: str) -> None:
    link = urlsplit(at("/x", id=other))
    assert link.path == PREFIX + "/x"
    assert parse_qs(link.query, keep_blank_values=True) == {"id": [other]}
    at("/x", id=value)


def test_refusals_find_their_fields() -> None:
    form = Form()
    form.refused(invalid({"set_username": "must not be empty"}))
    form.refused(duplicate("icp_username", "7"))
    form.refused(Refused(409, "no", "as a whole"))
    assert form.problems == {
        "set_username": "must not be empty",
        "icp_username": "is in use by device 7",
        "": "as a whole",
    }


def test_small_words() -> None:
    assert [octets(n) for n in (0, 999, 999_600, 123_456, 10**15)] == [
        "0 B",
        "999 B",
        "1 MB",
        "123 kB",
        "1,000 TB",
    ]
    assert path_of("https://a:1/b/c?d=//e") == "/b/c"
    assert path_of("nonsense") == "/"
