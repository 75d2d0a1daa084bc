"""OAuth signatures: every worked example of RFC 5849, and oauthlib as an independent signer."""

import base64
from typing import Literal
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oauthlib.oauth1 import (
    SIGNATURE_HMAC_SHA1,
    SIGNATURE_HMAC_SHA256,
    SIGNATURE_TYPE_AUTH_HEADER,
    SIGNATURE_TYPE_BODY,
    SIGNATURE_TYPE_QUERY,
)
from oauthlib.oauth1 import Client as OauthlibClient

from simulators.mbg.refusals import Refused
from simulators.mbg.services import oauth
from simulators.mbg.services.oauth import HttpRequest

FORM = "application/x-www-form-urlencoded"
CONSUMER = ("dpf43f3p2l4k3l03", "kd94hf93k423kf44")

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


def fits(request: HttpRequest, consumer_secret: str, token_secret: str) -> bool:
    read = oauth.read(request)
    made = oauth.digest(
        read.get("signature_method"), read.base_string, consumer_secret, token_secret
    )
    return oauth.matches(read.get("signature"), made)


# Section 1.2: the dance, with each signature as it is printed.
SECTION_1_2 = {
    "initiate": (
        HttpRequest(
            "POST",
            "https://photos.example.net/initiate",
            'OAuth realm="Photos",\n   oauth_consumer_key="dpf43f3p2l4k3l03",\n'
            '   oauth_signature_method="HMAC-SHA1",\n   oauth_timestamp="137131200",\n'
            '   oauth_nonce="wIjqoS",\n'
            '   oauth_callback="http%3A%2F%2Fprinter.example.com%2Fready",\n'
            '   oauth_signature="74KNZJeDHnMBp0EMJ9ZHt%2FXKycU%3D"',
        ),
        "",
    ),
    "token": (
        HttpRequest(
            "POST",
            "https://photos.example.net/token",
            'OAuth realm="Photos",oauth_consumer_key="dpf43f3p2l4k3l03",'
            'oauth_token="hh5s93j4hdidpola",oauth_signature_method="HMAC-SHA1",'
            'oauth_timestamp="137131201",oauth_nonce="walatlh",'
            'oauth_verifier="hfdp7dh39dks9884",'
            'oauth_signature="gKgrFCywp7rO0OXSjdot%2FIHF7IU%3D"',
        ),
        "hdhd0244k9j7ao03",
    ),
    "photo": (
        HttpRequest(
            "GET",
            "http://photos.example.net/photos?file=vacation.jpg&size=original",
            'OAuth realm="Photos",oauth_consumer_key="dpf43f3p2l4k3l03",'
            'oauth_token="nnch734d00sl2jdk",oauth_signature_method="HMAC-SHA1",'
            'oauth_timestamp="137131202",oauth_nonce="chapoH",'
            'oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D"',
        ),
        "pfkkdhi9sl3r4s00",
    ),
}


@pytest.mark.parametrize("step", SECTION_1_2)
def test_the_dance_of_section_1_2_verifies(step: str) -> None:
    request, token_secret = SECTION_1_2[step]
    assert fits(request, CONSUMER[1], token_secret)
    assert not fits(request, CONSUMER[1], token_secret + "x")


def test_section_3_1_verifies_as_its_erratum_2550_says() -> None:
    def with_signature(text: str) -> HttpRequest:
        header = RFC_REQUEST.authorization.replace("djosJKDKJSD8743243%2Fjdk33klY%3D", text)
        return HttpRequest("POST", RFC_REQUEST.uri, header, RFC_REQUEST.form)

    secrets = ("j49sk3j29djd", "dh893hdasih9")
    assert fits(with_signature("r6%2FTJjbCOr97%2F%2BUU0NsvSne7s5g%3D"), *secrets)
    assert not fits(with_signature("bYT5CMsGcbgUdFHObYMEfcx6bsw%3D"), *secrets), "as printed"


def test_base_string_is_the_one_of_rfc_5849_3_4_1_1() -> None:
    assert oauth.read(RFC_REQUEST).base_string == RFC_BASE_STRING


def test_parameters_are_the_ones_of_section_3_4_1_3_1() -> None:
    assert sorted(oauth.read(RFC_REQUEST).parameters) == sorted(
        [
            ("b5", "=%3D"),
            ("a3", "a"),
            ("c@", ""),
            ("a2", "r b"),
            ("oauth_consumer_key", "9djdj82h48djs9d2"),
            ("oauth_token", "kkk9d7dh3k39sjv7"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131201"),
            ("oauth_nonce", "7d8f3e4a"),
            ("c2", ""),
            ("a3", "2 q"),
        ]
    )


def test_parameters_are_normalized_as_in_section_3_4_1_3_2() -> None:
    assert oauth.normalized(oauth.read(RFC_REQUEST).parameters) == (
        "a2=r%20b&a3=2%20q&a3=a&b5=%3D%253D&c%40=&c2=&oauth_consumer_key=9djdj82h48djs9d2"
        "&oauth_nonce=7d8f3e4a&oauth_signature_method=HMAC-SHA1&oauth_timestamp=137131201"
        "&oauth_token=kkk9d7dh3k39sjv7"
    )


SECTION_3_5 = {
    "oauth_consumer_key": "0685bd9184jfhq22",
    "oauth_token": "ad180jjd733klru7",
    "oauth_signature_method": "HMAC-SHA1",
    "oauth_signature": "wOJIO9A2W5mFwDgiDvZbTSMK/PY=",
    "oauth_timestamp": "137131200",
    "oauth_nonce": "4572616e48616d6d65724c61686176",
    "oauth_version": "1.0",
}
SECTION_3_5_FORM = (
    "oauth_consumer_key=0685bd9184jfhq22&oauth_token=ad180jjd733klru7"
    "&oauth_signature_method=HMAC-SHA1&oauth_signature=wOJIO9A2W5mFwDgiDvZbTSMK%2FPY%3D"
    "&oauth_timestamp=137131200&oauth_nonce=4572616e48616d6d65724c61686176&oauth_version=1.0"
)
SECTION_3_5_1 = (
    'OAuth realm="Example",\n   oauth_consumer_key="0685bd9184jfhq22",\n'
    '   oauth_token="ad180jjd733klru7",\n   oauth_signature_method="HMAC-SHA1",\n'
    '   oauth_signature="wOJIO9A2W5mFwDgiDvZbTSMK%2FPY%3D",\n'
    '   oauth_timestamp="137131200",\n   oauth_nonce="4572616e48616d6d65724c61686176",\n'
    '   oauth_version="1.0"'
)


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest("POST", "https://h/a", SECTION_3_5_1),
        HttpRequest("POST", "https://h/a", SECTION_3_5_1.replace("OAuth", "oauth")),
        HttpRequest("POST", "https://h/a", form=SECTION_3_5_FORM.encode()),
        HttpRequest("POST", f"https://h/a?{SECTION_3_5_FORM}"),
    ],
    ids=["3.5.1 header", "3.5.1 scheme in lower case", "3.5.2 body", "3.5.3 query"],
)
def test_parameters_are_taken_from_each_of_the_three_places(request_: HttpRequest) -> None:
    assert oauth.read(request_).protocol == SECTION_3_5


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest("POST", f"https://h/a?{SECTION_3_5_FORM}", SECTION_3_5_1),
        HttpRequest("POST", "https://h/a?oauth_callback=oob", SECTION_3_5_1),
        HttpRequest("POST", "https://h/a", SECTION_3_5_1, b"oauth_verifier=1"),
    ],
)
def test_parameters_in_two_places_are_refused(request_: HttpRequest) -> None:
    with pytest.raises(Refused) as refused:
        oauth.read(request_)
    assert refused.value.code == "parameter_rejected"


def test_a_method_of_ones_own_is_encoded() -> None:
    assert oauth.base_string("b c", "https://h/", []).startswith("B%20C&")


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


def test_encoding_is_that_of_section_3_6() -> None:
    for character in map(chr, range(128)):
        plain = character.isalnum() or character in "-._~"
        assert oauth.encode(character) == (character if plain else f"%{ord(character):02X}")
    assert oauth.encode("aZ09-._~ +/%=é") == "aZ09-._~%20%2B%2F%25%3D%C3%A9"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("oauth_nonce", "oauth_once"), "parameter_absent"),
        (("HMAC-SHA1", "PLAINTEXT"), "signature_method_rejected"),
        (("HMAC-SHA1", "RSA-SHA1"), "signature_method_rejected"),
        (("HMAC-SHA1", "hmac-sha1"), "signature_method_rejected"),
        (('="1"', '="0"'), "parameter_rejected"),
        (('="1"', '="-1"'), "parameter_rejected"),
        (('"n"', '"%ff"'), "parameter_rejected"),
        (('"n"', '"n"x'), "parameter_rejected"),
        (('="1"', '="soon"'), "parameter_rejected"),
        (('oauth_nonce="n"', 'oauth_nonce="n", oauth_nonce="m"'), "parameter_rejected"),
        (('oauth_nonce="n"', 'oauth_nonce="n", oauth_version="2.0"'), "version_rejected"),
        (('"n"', "n"), "parameter_rejected"),
        (("OAuth", "Bearer"), "unsigned"),
    ],
)
def test_malformed_requests_are_refused_by_code(change: tuple[str, str], code: str) -> None:
    oauth.read(HttpRequest("GET", "https://h/", VALID))  # the positive
    with pytest.raises(Refused) as refused:
        oauth.read(HttpRequest("GET", "https://h/", VALID.replace(*change)))
    assert (refused.value.status, refused.value.code) == (401 if code == "unsigned" else 400, code)


def test_hmac_sha256_is_taken_only_where_it_is_offered() -> None:
    request = HttpRequest("GET", "https://h/", VALID.replace("SHA1", "SHA256"))
    oauth.read(request)
    with pytest.raises(Refused) as refused:
        oauth.read(request, ("HMAC-SHA1",))
    assert refused.value.code == "signature_method_rejected"


def test_octets_that_are_no_utf_8_are_signed_as_octets() -> None:
    read = oauth.read(HttpRequest("GET", "https://h/?a=%ff", VALID))
    assert "a%3D%25FF%26" in read.base_string


def test_an_unclosed_quote_is_read_in_one_pass() -> None:
    with pytest.raises(Refused):
        oauth.read(HttpRequest("GET", "https://h/", 'OAuth a="' + "b" * 100_000))


Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
METHODS: tuple[Method, ...] = ("GET", "POST", "PUT", "PATCH", "DELETE")
NAME = st.text("abcXYZ019-._~%é /&=+;@realm", min_size=1, max_size=8).filter(
    lambda name: not name.startswith("oauth_")
)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12)
SECRET = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=12)
HOSTS = ("Mbg.Example.test", "127.0.0.1", "[2001:DB8::1]")


@settings(max_examples=2500, deadline=None)
@given(
    method=st.sampled_from(METHODS),
    host=st.sampled_from(HOSTS),
    scheme_and_port=st.sampled_from(
        ["https://{}", "https://{}:443", "https://{}:8443", "https://{}:80", "http://{}:80"]
    ),
    path=st.lists(st.text("abcZ09-._~", min_size=1, max_size=8) | st.just("%C3%a9%2f"), max_size=4),
    query=st.lists(st.tuples(NAME, TEXT), max_size=5),
    form=st.lists(st.tuples(NAME, TEXT), max_size=4),
    plus=st.booleans(),
    secrets=st.tuples(SECRET, TEXT),
    algorithm=st.sampled_from([SIGNATURE_HMAC_SHA1, SIGNATURE_HMAC_SHA256]),
    place=st.sampled_from([SIGNATURE_TYPE_AUTH_HEADER, SIGNATURE_TYPE_QUERY, SIGNATURE_TYPE_BODY]),
    nonce=st.text("abc019+/=-_ é", min_size=1, max_size=20),
)
def test_what_oauthlib_signs_verifies_and_what_was_changed_since_does_not(
    method: Method,
    host: str,
    scheme_and_port: str,
    path: list[str],
    query: list[tuple[str, str]],
    form: list[tuple[str, str]],
    plus: bool,
    secrets: tuple[str, str],
    algorithm: str,
    place: str,
    nonce: str,
) -> None:
    if method == "GET" and place == SIGNATURE_TYPE_BODY:
        place = SIGNATURE_TYPE_QUERY  # a GET has no body
    client = OauthlibClient(
        "consumer",
        client_secret=secrets[0],
        resource_owner_key="token",
        resource_owner_secret=secrets[1] or None,
        signature_method=algorithm,
        signature_type=place,
        nonce=nonce,
    )
    coder = quote_plus if plus else quote
    uri = scheme_and_port.format(host) + "/" + "/".join(path)
    if query:
        uri += "?" + urlencode(query, quote_via=coder)
    has_form = place == SIGNATURE_TYPE_BODY or (bool(form) and method != "GET")
    body = urlencode(form, quote_via=coder) if has_form else None
    headers = {"Content-Type": FORM} if has_form else {}
    uri, signed_headers, signed_body = client.sign(uri, method, body, headers)
    request = HttpRequest(
        method, uri, signed_headers.get("Authorization", ""), (signed_body or "").encode()
    )
    assert fits(request, *secrets)
    assert not fits(request, secrets[0] + "x", secrets[1])
    separator = "&" if "?" in uri else "?"
    more = HttpRequest(method, f"{uri}{separator}a=", request.authorization, request.form)
    assert not fits(more, *secrets)


@pytest.mark.parametrize("given_", ["", "=", "AA=", "é", "AA==\n", " AA=="])
def test_a_signature_that_is_no_base64_matches_nothing(given_: str) -> None:
    assert oauth.matches(base64.b64encode(b"\0").decode(), b"\0")
    assert not oauth.matches(given_, b"\0")


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
