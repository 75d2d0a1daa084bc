"""OAuth signatures: the RFC's worked example, and oauthlib as an independent signer."""

from typing import Literal
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, SIGNATURE_HMAC_SHA256, SIGNATURE_TYPE_AUTH_HEADER
from oauthlib.oauth1 import Client as OauthlibClient

from simulators.mbg import oauth
from simulators.mbg.oauth import HttpRequest
from simulators.mbg.refusals import Refused

# RFC 5849 section 3.4.1.1 (with the form body of section 3.4.1.3.1)
RFC_REQUEST = HttpRequest(
    "POST",
    "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
    'OAuth realm="Example", oauth_consumer_key="9djdj82h48djs9d2", '
    'oauth_token="kkk9d7dh3k39sjv7", oauth_signature_method="HMAC-SHA1", '
    'oauth_timestamp="137131201", oauth_nonce="7d8f3e4a", '
    'oauth_signature="djosJKDKJSD8743243%2Fjdk33klY%3D"',
    b"c2&a3=2+q",
)
RFC_BASE_STRING = (
    "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%2525"
    "3D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oaut"
    "h_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
)

VALID = (
    'OAuth oauth_consumer_key="k", oauth_signature_method="HMAC-SHA1", oauth_timestamp="1", '
    'oauth_nonce="n", oauth_signature="AA=="'
)


def test_base_string_is_the_one_of_rfc_5849_3_4_1_1() -> None:
    assert oauth.read(RFC_REQUEST).base_string == RFC_BASE_STRING


@pytest.mark.parametrize(
    ("uri", "expected"),
    [  # section 3.4.1.2, both examples, and what they leave out
        ("http://EXAMPLE.COM:80/r%20v/X?id=123", "http://example.com/r%20v/X"),
        ("https://www.example.net:8080/?q=1", "https://www.example.net:8080/"),
        ("https://www.example.net:443/a", "https://www.example.net/a"),
        ("https://www.example.net:80/a", "https://www.example.net:80/a"),
    ],
)
def test_base_string_uri(uri: str, expected: str) -> None:
    assert oauth.base_string_uri(uri) == expected


def test_encoding_leaves_only_unreserved_characters() -> None:
    assert oauth.encode("aZ09-._~ +/%=é") == "aZ09-._~%20%2B%2F%25%3D%C3%A9"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("oauth_nonce", "oauth_once"), "parameter_absent"),
        (("HMAC-SHA1", "PLAINTEXT"), "signature_method_rejected"),
        (('="1"', '="soon"'), "parameter_rejected"),
        (('oauth_nonce="n"', 'oauth_nonce="n", oauth_nonce="m"'), "parameter_rejected"),
        (('oauth_nonce="n"', 'oauth_nonce="n", oauth_version="2.0"'), "version_rejected"),
        (('"n"', "n"), "parameter_rejected"),
        (("OAuth", "Bearer"), "parameter_absent"),
    ],
)
def test_malformed_requests_are_refused_by_code(change: tuple[str, str], code: str) -> None:
    oauth.read(HttpRequest("GET", "https://h/", VALID))  # the positive
    with pytest.raises(Refused) as refused:
        oauth.read(HttpRequest("GET", "https://h/", VALID.replace(*change)))
    assert (refused.value.status, refused.value.code) == (400, code)


Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
METHODS: tuple[Method, ...] = ("GET", "POST", "PUT", "PATCH", "DELETE")
NAME = st.text("abcXYZ019-._~%é /&=realm", min_size=1, max_size=8)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=12)


@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(METHODS),
    path=st.lists(st.text("abcZ09-._~", min_size=1, max_size=8), max_size=4),
    query=st.lists(st.tuples(NAME, TEXT), max_size=4),
    form=st.lists(st.tuples(NAME, TEXT), max_size=3),
    secrets=st.tuples(TEXT, TEXT),
    algorithm=st.sampled_from([SIGNATURE_HMAC_SHA1, SIGNATURE_HMAC_SHA256]),
)
def test_what_oauthlib_signs_verifies_and_another_secret_does_not(
    method: Method,
    path: list[str],
    query: list[tuple[str, str]],
    form: list[tuple[str, str]],
    secrets: tuple[str, str],
    algorithm: str,
) -> None:
    client = OauthlibClient(
        "consumer",
        client_secret=secrets[0],
        resource_owner_key="token",
        resource_owner_secret=secrets[1],
        signature_method=algorithm,
        signature_type=SIGNATURE_TYPE_AUTH_HEADER,
    )
    uri = "https://Mbg.Example.test:443/" + "/".join(path)
    if query:
        uri += "?" + urlencode(query, quote_via=quote)
    body = urlencode(form, quote_via=quote) if form and method in ("POST", "PUT") else None
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    uri, signed_headers, signed_body = client.sign(uri, method, body, headers)
    request = HttpRequest(
        method, uri, signed_headers["Authorization"], (signed_body or "").encode()
    )
    read = oauth.read(request)
    good = oauth.signature(algorithm, read.base_string, *secrets)
    bad = oauth.signature(algorithm, read.base_string, secrets[0] + "x", secrets[1])
    assert oauth.matches(read.get("signature"), good)
    assert not oauth.matches(read.get("signature"), bad)


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest("GET", "https://[/", VALID),
        HttpRequest("GET", "https://a:b/", VALID),
        HttpRequest("GET", "https://a:99999999/", VALID),
        HttpRequest("GET", "https://\udcff/", VALID),
        HttpRequest("GET", "https://h/", VALID.replace('"1"', '"\udcff"', 1)),
        HttpRequest("GET", "https://h/", VALID + ', \udcff="1"'),
    ],
)
def test_octets_that_no_header_or_host_has_are_refused(request_: HttpRequest) -> None:
    with pytest.raises(Refused) as refused:
        oauth.read(request_)
    assert (refused.value.status, refused.value.code) == (400, "parameter_rejected")


def test_an_ipv6_host_keeps_its_brackets() -> None:
    assert oauth.base_string_uri("https://[2001:DB8::1]:8443/a") == "https://[2001:db8::1]:8443/a"
    assert oauth.base_string_uri("https://[::1]:443") == "https://[::1]/"


def test_a_realm_may_hold_commas_and_quotes() -> None:
    plain = oauth.read(HttpRequest("GET", "https://h/", VALID))
    realm = VALID.replace("OAuth ", 'OAuth realm="a, \\"b\\", oauth_nonce=\\"x\\"", ')
    assert oauth.read(HttpRequest("GET", "https://h/", realm)) == plain
