"""What is written into a phone's file is what a reader of the documented grammar reads."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from system.domain.addresses import Location
from system.domain.file_values import is_writable, nearest, one_line, written
from system.domain.keymap import Key, KeyKind, PlacedKey, key_problem
from system.phones.accounts import UNWRITABLE, account_of
from system.phones.configuration import LONGEST_ACTION_URI, longest_action_uri, render
from system.storage.models import Extension, Node
from system.tests.conftest import Site
from system.tests.file_reader import read_file
from system.tests.test_configuration import LINE, SETTINGS

TEXTS = st.text(max_size=24) | st.text('ab #"\\:!^\t\r\n\x0b\x85\u2028\xa0', max_size=12)


@settings(deadline=None)
@given(name=TEXTS, password=TEXTS, label=TEXTS, value=TEXTS)
@example(name='Ada #2 "Home"', password=" #", label='"', value='"quoted"')
def test_values_are_read_back_and_forge_no_line(
    name: str, password: str, label: str, value: str
) -> None:
    line = replace(LINE, display_name=name, password=password)
    key = PlacedKey(Key(KeyKind.SOFTKEY, 1, "xml", label or "x", value or "y"), None)
    body = render(replace(SETTINGS, line=line, keys=(key,), remarks=(name, value))).body
    found = read_file(body)
    plain = render(replace(SETTINGS, keys=(replace(key, key=replace(key.key, label="l")),))).body
    assert set(found) == set(read_file(plain)) | {"softkey1 label", "softkey1 value"}
    for parameter, meant in {
        "sip line1 display name": name,
        "sip line1 password": password,
        "softkey1 label": label or "x",
        "softkey1 value": value or "y",
    }.items():
        if is_writable(meant):
            assert found[parameter] == meant
        else:
            assert found[parameter] == nearest(meant)
            assert found[parameter].replace("'", '"') == one_line(meant).replace("'", '"')


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("Ada Home", "Ada Home"),
        ("Desk #2", '"Desk #2"'),
        ("a#b", "a#b"),
        ("#1", '"#1"'),
        (" Ada ", '" Ada "'),
        ('say "hi"', 'say "hi"'),
        ("", ""),
    ],
)
def test_quotes_stand_only_where_they_are_needed(value: str, line: str) -> None:
    assert written(value) == line
    assert read_file(f"x: {line}") == {"x": value}


@pytest.mark.parametrize("value", ['"Ada"', '"', 'a "b" #c', ' "a', "a\nb", "a\x00", "a\u2028b"])
def test_what_cannot_be_written_is_told(value: str) -> None:
    assert not is_writable(value)
    with pytest.raises(ValueError, match="cannot hold"):
        written(value)
    assert is_writable(nearest(value))
    for key in (
        Key(KeyKind.SOFTKEY, 1, "speeddial", label=value),
        Key(KeyKind.SOFTKEY, 1, "speeddial", value=value),
    ):
        assert "cannot stand in a phone's file" in (key_problem(key) or "")


def test_the_reader_would_notice() -> None:
    """Negative control: what was written before quotes were is read as something else."""
    assert read_file("x: Desk #2") == {"x": "Desk"}
    assert read_file('x: "Ada"') == {"x": "Ada"}
    assert read_file("x:  Ada ") == {"x": "Ada"}


@pytest.mark.parametrize(
    ("password", "handed"), [("plain", True), ("a #b", True), ('"a', False), ("a\nb", False)]
)
def test_credentials_of_the_pbx_are_never_altered(password: str, handed: bool) -> None:
    extension = Extension(
        extension="2101",
        name="Ada",
        internal_auth_name="2101",
        internal_auth_password=password,
        node=Node(number=1, address="10.0.0.1"),
    )
    account = account_of(extension, Location.LOCAL, rest_api_enabled=True)
    if handed:
        assert account.line is not None
        file = read_file(render(replace(SETTINGS, line=account.line)).body)
        assert file["sip line1 password"] == password
    else:
        assert account.line is None
        assert account.reason.startswith(UNWRITABLE)


async def test_keys_that_cannot_be_written_are_refused(site: Site) -> None:
    key = {"kind": "softkey", "position": 1, "type": "speeddial", "label": "Desk #2", "value": "9"}
    await site.ok("PUT", "/keymaps/default/all", {"keys": [key]})
    key["label"] = 'the "desk" #2'
    status, error = await site.call("PUT", "/keymaps/default/all", {"keys": [key]})
    assert status == 422
    assert "label cannot stand" in error["message"]


def host_of(length: int) -> str:
    return "m" * 10 + "." + "c" * (length - 11)


async def test_remote_names_too_long_for_action_uris_are_refused(site: Site) -> None:
    port = site.mcs.phones_port
    rest = longest_action_uri(f"https://{host_of(20)}:{port}") - 20
    longest = LONGEST_ACTION_URI - rest

    def body(length: int) -> dict[str, Any]:
        return {"nat_ip_address_or_hostname": host_of(length)}

    await site.ok("PUT", "/client-locations/remote", body(longest))
    status, error = await site.call("PUT", "/client-locations/remote", body(longest + 1))
    assert (status, error["code"], error["field"]) == (422, "too_long", body(0).popitem()[0])
    assert f"may have {longest}" in error["message"]
    assert "128" in error["message"]
    uris = read_file(render(replace(SETTINGS, uri_base=f"https://{host_of(longest)}:{port}")).body)
    lengths = [len(value) for name, value in uris.items() if name.startswith("action uri")]
    assert max(lengths) == LONGEST_ACTION_URI


async def test_a_stored_remote_name_that_is_too_long_is_told_of(
    site: Site, sql: Callable[[str], None]
) -> None:
    """Stored by an older MCS, or before the port grew."""
    host = host_of(200)
    assert (await site.ok("GET", "/client-locations/remote"))["warnings"] == []
    await site.mcs.stop()
    sql(f"UPDATE client_locations SET nat_ip_address_or_hostname = '{host}'")
    for _ in range(2):
        await site.restart()
    (notice,) = (await site.ok("GET", "/notices"))["items"]
    assert (notice["kind"], notice["level"]) == ("remote host", "warning")
    assert "Client Locations -> Remote is too long: phones outside do not poll" in notice["message"]
    stored = await site.ok("GET", "/client-locations/remote")
    assert stored["nat_ip_address_or_hostname"] == host
    assert "has 200 characters and may have" in stored["warnings"][0]
    assert (await site.call("PUT", "/client-locations/remote", stored))[0] == 422
    short = {"nat_ip_address_or_hostname": host_of(20)}
    assert (await site.ok("PUT", "/client-locations/remote", short))["warnings"] == []
