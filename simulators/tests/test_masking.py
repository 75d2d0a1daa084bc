"""Secrets in the journal's views, as clients write them: encoded once and twice, and as numbers."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.journal.masking import HIDDEN, SHORTEST_SECRET, Masker

SECRET = "L9hy/4+Q=="
FORM = f"a=1&{{name}}={quote(SECRET, safe='')}&zz=end"


def once(text: str) -> str:
    return quote(text, safe="")


def twice(text: str) -> str:
    return once(once(text))


def lower(text: str) -> str:
    return once(text).replace("%3D", "%3d").replace("%26", "%26").replace("%2F", "%2f")


@pytest.mark.parametrize("written", [str, once, twice])
def test_a_learned_secret_is_hidden_as_it_is_and_encoded(written: Callable[[str], str]) -> None:
    masker = Masker()
    masker.learn(SECRET)
    assert masker.view(f"[{written(SECRET)}]") == f"[{HIDDEN}]"


@pytest.mark.parametrize("encoded", [str, once, twice, lower])
@pytest.mark.parametrize(
    "name",
    ["oauth_token", "oauth_token_secret", "oauth_verifier", "set_password", "shared_secret"],
)
def test_places_in_a_form_are_hidden_also_within_a_base_string(
    name: str, encoded: Callable[[str], str]
) -> None:
    text = f"X-Signature-Base-String: POST&{encoded(FORM.format(name=name))}\nHost: mbg"
    view = Masker().view(text)
    assert "L9hy" in text
    assert "L9hy" not in view
    assert encoded("&zz=end") + "\nHost: mbg" in view, "what stands behind it is shown"
    assert encoded(f"a=1&{name}=") + HIDDEN in view


@pytest.mark.parametrize("number", ["12345678", "-1.5e9", "0"])
def test_a_password_sent_as_a_number_is_hidden(number: str) -> None:
    text = f'{{"set_password": {number}, "page": {number}, "icp_password":{number}}}'
    assert Masker().view(text) == (
        f'{{"set_password": {HIDDEN}, "page": {number}, "icp_password":{HIDDEN}}}'
    )


@pytest.mark.parametrize(
    "text", ['{"password": null}', "password=", "oauth_version=1.0", "oauth_version%3D1.0%26a%3Db"]
)
def test_where_no_secret_stands_nothing_is_hidden(text: str) -> None:
    assert Masker().view(text) == text


@given(
    st.lists(st.text("abc", min_size=SHORTEST_SECRET, max_size=9), min_size=1, max_size=6),
    st.lists(st.text("abcxyz", max_size=12), max_size=8),
    st.data(),
)
def test_however_many_secrets_are_known_each_is_found_where_it_stands(
    secrets: list[str], words: list[str], data: st.DataObject
) -> None:
    """Against the plain way: try all of them, the longest first."""
    for place in range(len(words)):
        if data.draw(st.booleans()):
            words[place] += data.draw(st.sampled_from(secrets))
    text = "-".join(words)
    masker = Masker()
    masker.learn(*secrets)
    expected = text
    for secret in sorted(set(secrets), key=lambda secret: (-len(secret), secret)):
        expected = expected.replace(secret, HIDDEN)
    assert masker.view(text) == expected
    assert not any(secret in masker.view(text) for secret in secrets)
