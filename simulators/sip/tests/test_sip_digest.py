"""Digest arithmetic, pinned by the vectors of RFC 2617 and RFC 7616 (the hash of RFC 8760)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import sipmessage
from hypothesis import example, given
from hypothesis import strategies as st

from simulators.sip.digest import Challenge, Credentials, MalformedDigest, answer, verifies

RFC2617 = Challenge(
    "testrealm@host.com",
    "dcd98b7102dd2f0e8b11d0f600bfb0c093",
    opaque="5ccc069c403ebaf9f0171e9517f40e41",
)
RFC7616 = Challenge(
    "http-auth@example.org",
    "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
)
CNONCE_7616 = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
# challenge, password, cnonce, response: RFC 2617 section 3.5, its form without qop (RFC 2069
# section 2.4 with its erratum), RFC 7616 section 3.9.1 with MD5 and with SHA-256
VECTORS = [
    (RFC2617, "Circle Of Life", "0a4f113b", "6629fae49393a05397450978507c4ef1"),
    (replace(RFC2617, qop=""), "CircleOfLife", "", "1949323746fe6a43ef61f9606e7febea"),
    (RFC7616, "Circle of Life", CNONCE_7616, "8ca523f5e9506fed4657c9700eebdbec"),
    (
        replace(RFC7616, algorithm="SHA-256"),
        "Circle of Life",
        CNONCE_7616,
        "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
    ),
]


def mufasa(challenge: Challenge, password: str, cnonce: str = "c", count: int = 1) -> Credentials:
    return answer(
        challenge,
        method="GET",
        uri="/dir/index.html",
        username="Mufasa",
        password=password,
        cnonce=cnonce,
        count=count,
    )


@pytest.mark.parametrize(("challenge", "password", "cnonce", "response"), VECTORS)
def test_vectors(challenge: Challenge, password: str, cnonce: str, response: str) -> None:
    credentials = mufasa(challenge, password, cnonce)
    assert credentials.response == response
    assert credentials.opaque == challenge.opaque
    assert verifies(credentials, method="GET", password=password)


@pytest.mark.parametrize(("challenge", "password", "cnonce", "response"), VECTORS)
def test_whatever_differs_the_credentials_do_not_verify(
    challenge: Challenge, password: str, cnonce: str, response: str
) -> None:
    good = mufasa(challenge, password, cnonce)
    assert not verifies(good, method="GET", password=password + " ")
    assert not verifies(good, method="POST", password=password)
    changed = [
        good._replace(username="mufasa"),
        good._replace(realm="elsewhere"),
        good._replace(nonce=good.nonce + "0"),
        good._replace(uri="/"),
        good._replace(response="0" * len(response)),
        good._replace(response="é"),
        good._replace(algorithm="MD5-sess"),
    ]
    if challenge.qop:
        changed += [good._replace(nc="00000002"), good._replace(cnonce="x")]
        changed += [good._replace(qop=""), good._replace(qop="auth-int")]
    assert not any(verifies(each, method="GET", password=password) for each in changed)


def test_the_count_is_eight_hexadecimal_digits() -> None:
    assert mufasa(RFC2617, "x", count=1).nc == "00000001"
    assert mufasa(RFC2617, "x", count=255).nc == "000000ff"
    assert mufasa(replace(RFC2617, qop=""), "x").nc == ""


def test_credentials_as_a_phone_writes_them() -> None:
    text = (
        'digest  USERNAME = "Mufasa" ,realm="testrealm@host.com",nonce="'
        + RFC2617.nonce
        + '", uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", '
        'response="6629FAE49393A05397450978507C4EF1", opaque="o"'
    )
    credentials = Credentials.parse(text)
    assert credentials.algorithm == "MD5"
    assert verifies(credentials, method="GET", password="Circle Of Life")


GOOD = 'Digest username="u", realm="r", nonce="n", uri="sip:x", response="0"'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Basic dTpw",
        "Digest",
        "Digest garbage",
        GOOD.replace('username="u", ', ""),
        GOOD.replace(', uri="sip:x"', ""),
        GOOD + ", qop=auth",
        GOOD + ', qop=auth, cnonce="c"',
    ],
)
def test_credentials_that_lack_something(text: str) -> None:
    assert Credentials.parse(GOOD).username == "u"
    with pytest.raises(MalformedDigest):
        Credentials.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        'Digest realm="r"',
        'Digest nonce="n"',
        'Digest realm="r", nonce="n", algorithm=MD5-sess',
        'NTLM realm="r", nonce="n"',
    ],
)
def test_challenges_that_can_not_be_answered(text: str) -> None:
    with pytest.raises(MalformedDigest):
        Challenge.parse(text)


@pytest.mark.parametrize(
    ("offered", "qop"),
    [('qop="auth"', "auth"), ('qop="auth-int, auth"', "auth"), ("qop=auth", "auth"), ("x=y", "")],
)
def test_auth_is_taken_where_it_is_offered(offered: str, qop: str) -> None:
    assert Challenge.parse(f'Digest realm="r", nonce="n", {offered}').qop == qop


quotable = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12
)


@given(quotable, quotable, st.sampled_from(["MD5", "SHA-256"]), st.booleans(), quotable)
def test_challenges_survive_the_wire(
    realm: str, nonce: str, algorithm: str, stale: bool, opaque: str
) -> None:
    challenge = Challenge(realm, nonce, algorithm, stale=stale, opaque=opaque)
    assert Challenge.parse(str(challenge)) == challenge


@given(quotable, quotable, quotable, quotable, st.integers(1, 2**32 - 1))
def test_credentials_survive_the_wire_and_verify(
    username: str, password: str, realm: str, cnonce: str, count: int
) -> None:
    credentials = answer(
        Challenge(realm, "n0", "SHA-256"),
        method="REGISTER",
        uri="sip:127.10.0.21",
        username=username,
        password=password,
        cnonce=cnonce,
        count=count,
    )
    read = Credentials.parse(str(credentials))
    assert read == credentials
    assert verifies(read, method="REGISTER", password=password)
    assert not verifies(read, method="REGISTER", password=password + "x")


@given(st.text(max_size=60))
def test_any_text_is_read_or_malformed_digest(text: str) -> None:
    for read in (Challenge.parse, Credentials.parse):
        for prefix in ("", "Digest ", 'Digest realm="r", nonce="'):
            try:
                read(prefix + text)
            except MalformedDigest:
                continue


def test_quoted_commas_equals_signs_and_escapes_stay_in_their_value() -> None:
    read = Challenge.parse(r'Digest realm="a, b=\"c\\", nonce = "n" junk, opaque=o=p ,stale=TRUE')
    assert (read.realm, read.nonce, read.opaque, read.stale) == ('a, b="c\\', "n", "o=p", True)


@pytest.mark.parametrize("filler", ["a", ",", "=", '"', "\\", 'a="', "a=,"])
def test_long_garbage_is_read_in_one_pass(filler: str) -> None:
    """64 KiB of what invites backtracking; read twice over it would take minutes."""
    with pytest.raises(MalformedDigest):
        Credentials.parse("Digest " + filler * (65_536 // len(filler)))


def test_a_second_opinion_on_the_written_form() -> None:
    theirs = sipmessage.AuthCredentials.parse(str(mufasa(RFC2617, "Circle Of Life", "0a4f113b")))
    assert theirs.parameters is not None
    found = dict(theirs.parameters)
    assert (found["username"], found["realm"]) == ("Mufasa", "testrealm@host.com")
    assert (found["nc"], found["qop"], found["cnonce"]) == ("00000001", "auth", "0a4f113b")
    assert found["response"] == "6629fae49393a05397450978507c4ef1"
    challenge = sipmessage.AuthChallenge.parse(str(replace(RFC2617, stale=True)))
    assert dict(challenge.parameters)["realm"] == "testrealm@host.com"


pieces = st.sampled_from(
    ["Digest ", "digest ", "Basic ", 'nonce="', 'realm="R"', 'cnonce="', "a", '"', ", ", ",", "\\",
     "nonce=b", "qop=auth", 'qop="auth,auth-int"', "stale=TRUE", "algorithm=SHA-256", 'opaque="o"',
     "algorithm=x", "nonce in between"]
)  # fmt: skip


@given(st.lists(pieces, max_size=10).map("".join))
@example('Digest realm="R", nonce="a", qop="auth"')
@example('Digest realm="R", cnonce="x", nonce="a"')
@example('Digest realm="R", nonce="a", nonce="b"')
@example('Digest realm="R", nonce="nonce in between"')
@example('Digest nonce="a\\"", realm="R"')
def test_a_challenge_of_a_known_form_is_read_as_any_other(text: str) -> None:
    def outcome(read: Callable[[str], Challenge]) -> object:
        try:
            return read(text)
        except MalformedDigest as error:
            return str(error)

    whole = outcome(Challenge._parsed)
    assert outcome(Challenge.parse) == whole
    assert outcome(Challenge.parse) == whole  # by what is remembered
