"""Random credentials: strong, mixed, and fit for every format that carries them."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.entropy import Seed
from simulators.errors import LocalProtocolError
from simulators.pbx.extensions import (
    ALPHABET,
    DeviceType,
    Extension,
    is_mixed,
    make_password,
)
from simulators.pbx.oai import Text, join_fields, split_fields
from simulators.sip.digest import Challenge, answer, verifies


@given(st.integers(0, 2**63 - 1), st.integers(12, 16))
def test_a_password_is_mixed_and_survives_every_format(seed: int, length: int) -> None:
    password = make_password(Seed(seed).stream("p").randbytes, length)
    assert len(password) == length
    assert is_mixed(password)
    assert quote(password, safe="") == password  # a URI
    assert split_fields(join_fields([Text(password)])) == [password]  # OAI
    assert f"sip line1 password: {password}".partition(": ")[2].strip() == password
    credentials = answer(
        Challenge("r", "n"),
        method="M",
        uri="u",
        username="1",
        password=password,
        cnonce="",
        count=1,
    )
    assert verifies(credentials, method="M", password=password)


def test_passwords_do_not_repeat_and_use_the_whole_alphabet() -> None:
    entropy = Seed(3).stream("p").randbytes
    passwords = [make_password(entropy) for _ in range(500)]
    assert len(set(passwords)) == 500
    assert set("".join(passwords)) == set(ALPHABET)


def test_the_same_seed_gives_the_same_password() -> None:
    assert make_password(Seed(3).stream("p").randbytes) == make_password(
        Seed(3).stream("p").randbytes
    )


@pytest.mark.parametrize("length", [0, 11, 17])
def test_other_lengths_are_refused(length: int) -> None:
    with pytest.raises(LocalProtocolError, match="12 to 16"):
        make_password(Seed(1).stream("p").randbytes, length)


@pytest.mark.parametrize("password", ["abcdefgh", "12345678", "abc123", "abc-_.~", "123-"])
def test_what_lacks_a_kind_is_not_mixed(password: str) -> None:
    assert not is_mixed(password)
    assert is_mixed(password + "a1-")


@pytest.mark.parametrize(("password", "weak"), [("", True), ("2101", True), ("2101x", False)])
def test_weak_is_empty_or_the_number(password: str, weak: bool) -> None:
    extension = Extension("2101", "Ada", DeviceType.SIP_PHONE, "2101", password)
    assert extension.has_weak_password is weak


def test_an_extension_never_shows_its_password() -> None:
    shown = repr(Extension("2101", "Ada", DeviceType.SIP_HOT_DESK, "2101", "s3cret-word"))
    assert "s3cret-word" not in shown
    assert "2101" in shown
    assert (int(DeviceType.SIP_PHONE), int(DeviceType.SIP_HOT_DESK)) == (38, 48)
