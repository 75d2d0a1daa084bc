"""REGISTERs in plain and in odd forms, by hand and at random."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

from simulators.core import Address
from simulators.sip.digest import Challenge, answer

REALM = "Head Office, Annex"
PEERS: list[Address] = [("127.10.0.10", 5060), ("127.10.64.7", 40_000)]


@dataclass
class Wish:
    """A REGISTER to be; `credentials` makes the Authorization of the latest challenge."""

    extension: str = "2101"
    password: str = "right-2101"
    call: str = "c1@h"
    cseq: str = "1 REGISTER"
    contact: str = "<sip:2101@127.10.64.7:5062>"
    expires: str = "300"
    credentials: bool = True
    count: int = 1
    qop: str = "auth"
    uri: str = "sip:127.10.0.21"
    via: str = "SIP/2.0/UDP 127.10.64.7:5062;branch=z9hG4bK{branch};rport"
    branch: int = 0
    to: str = "<sip:{extension}@127.10.0.21>"
    extra: list[str] = field(default_factory=list)
    order: int = 0
    twist: int = 0
    peer: int = 0
    after: float = 0.5

    def octets(self, challenge: Challenge | None) -> bytes:
        lines = [
            f"Via: {self.via.format(branch=self.branch)}",
            "Max-Forwards: 70",
            f"From: <sip:{self.extension}@127.10.0.21>;tag=f1",
            f"To: {self.to.format(extension=self.extension)}",
            f"Call-ID: {self.call}",
            f"CSeq: {self.cseq}",
        ]
        if self.contact:
            lines.append(f"Contact: {self.contact}")
        if self.expires:
            lines.append(f"Expires: {self.expires}")
        if self.credentials and challenge is not None:
            lines.append(f"Authorization: {self._answered(challenge)}")
        lines += [*self.extra, "Content-Length: 0"]
        turn = self.order % len(lines)
        lines = lines[turn:] + lines[:turn]
        text = "\r\n".join([f"REGISTER {self.uri} SIP/2.0", *lines, "", ""])
        return TWISTS[self.twist](text.encode())

    def _answered(self, challenge: Challenge) -> str:
        asked = Challenge(challenge.realm, challenge.nonce, challenge.algorithm, self.qop)
        return str(
            answer(
                asked, method="REGISTER", uri=self.uri, username=self.extension,
                password=self.password, cnonce="cn", count=self.count,
            )
        )  # fmt: skip


TWISTS: list[Callable[[bytes], bytes]] = [
    lambda data: data,
    lambda data: data.replace(b"\r\n", b"\n"),
    lambda data: data.replace(b"\r\n", b"\n", 1),
    lambda data: data.replace(b"Call-ID:", b"i:"),
    lambda data: data.replace(b"Call-ID: ", b"call-id:"),
    lambda data: data.replace(b"To: ", b"To:  "),
    lambda data: data.replace(b"To: ", b"To:\r\n "),
    lambda data: data.replace(b"Expires: ", b"Expires:  "),
    lambda data: data.replace(b"Contact: ", b"Contact:   "),
    lambda data: data.replace(b"\r\nCSeq", b" \r\nCSeq"),
    lambda data: data.replace(b"\r\nExpires", b" \r\nExpires"),
    lambda data: data.replace(b"300", b"0300"),
    lambda data: data + b"body",
    lambda data: data.replace(b"Content-Length: 0", b"Content-Length: 4") + b"body",
    lambda data: data.replace(b"Content-Length: 0\r\n", b""),
    lambda data: data[:-2],
    lambda data: b"\r\n" + data,
    lambda data: data.replace(b"Max-Forwards: 70", b"Max-Forwards: 256"),
    lambda data: data.replace(b"Max-Forwards: 70", b"Max-Forwards: 0"),
    lambda data: data.replace(b"Max-Forwards: 70\r\n", b""),
    lambda data: data.replace(b"From: <", b"From: \xc3\x84da <"),
    lambda data: data.replace(b"From: <", b"From: \xff <"),
    lambda data: data.replace(b"From: ", b"From:\t"),
    lambda data: data.replace(b"From: ", b"From: \x00"),
    lambda data: data.replace(b"CSeq: ", b"CSeq: 0"),
    lambda data: data.replace(b"SIP/2.0\r\n", b"SIP/3.0\r\n", 1),
    lambda data: data.replace(b"sip:127", b"tel:127", 1),
    lambda data: data.replace(b"REGISTER ", b"register ", 1),
    lambda data: data.replace(b", nc=", b",nc="),
    lambda data: data.replace(b'realm="', b'realm = "'),
    lambda data: data.replace(b"Digest ", b"digest "),
    lambda data: data.replace(b"qop=auth", b'qop="auth"'),
    lambda data: data.replace(b"algorithm=MD5", b"algorithm=md5"),
    lambda data: data.replace(b"algorithm=MD5, ", b""),
    lambda data: data.replace(b'username="', b'username="\\'),
    lambda data: data.replace(b"nc=00000001", b"nc=1"),
    lambda data: data.replace(b"Digest ", b'Digest username="2102", '),
    lambda data: data.replace(b"response=", b"respond="),
]

wishes = st.builds(
    Wish,
    extension=st.sampled_from(["2101"] * 4 + ["2102", "2150", "9999", "ada"]),
    password=st.sampled_from(["right-2101"] * 5 + ["right-2102", "right-2150", "wrong"]),
    call=st.sampled_from(["c1@h", "c1@h", "c2@h", "c3@h"]),
    cseq=st.one_of(
        st.integers(1, 9).map(lambda n: f"{n} REGISTER"),
        st.sampled_from(
            ["4294967296 REGISTER", "1 INVITE", "1", "x REGISTER", "2147483648 REGISTER"]
        ),
    ),
    contact=st.sampled_from(
        ["<sip:2101@127.10.64.7:5062>"] * 4
        + [
            "",
            "*",
            "sip:2101@127.10.64.7:5062;expires=90",
            "<sip:2101@127.10.64.7:5062>;expires=0",
            "<sip:2101@127.10.64.7:5062>;expires=10",
            "<sip:21%301@127.10.64.7:5062;transport=udp>",
            "<sip:2101@127.10.64.8>, <sip:2101@127.10.64.9>;expires=600",
            '"A, B" <sip:2101@127.10.64.7>',
            "<sip:@>",
            "<sip:2101@127.10.64.7:99999>",
            "tel:2101",
        ]
    ),
    expires=st.sampled_from(["300"] * 4 + ["", "0", "10", "99999", "4294967296", "soon"]),
    credentials=st.sampled_from([True, True, True, False]),
    count=st.integers(1, 3),
    qop=st.sampled_from(["auth", "auth", "auth", ""]),
    uri=st.sampled_from(["sip:127.10.0.21"] * 4 + ["sip:", "sips:127.10.0.21", "sip:x@y:1;a=b"]),
    via=st.sampled_from(
        ["SIP/2.0/UDP 127.10.64.7:5062;branch=z9hG4bK{branch};rport"] * 5
        + [
            "SIP/2.0/UDP 127.10.64.7;rport;branch=z9hG4bK{branch}",
            "SIP/2.0/UDP 127.10.64.7:5062;branch=z9hG4bK{branch}",
            "SIP/2.0/UDP 127.10.64.7:5062;rport;branch=z9hG4bK{branch};rport",
            "SIP/2.0/UDP 127.10.64.7:5062;branch=old{branch}",
            "SIP/2.0/UDP 127.10.64.7:5062",
            "SIP/2.0/UDP host.example:70000;branch=z9hG4bK{branch}",
            "SIP/2.0/TCP 127.10.64.7:5062;branch=z9hG4bK{branch};rport=1;received=1.2.3.4",
            "SIP/2.0/UDP a;branch=z9hG4bK{branch}, SIP/2.0/UDP b;branch=z9hG4bKb",
        ]
    ),
    branch=st.integers(0, 30),
    to=st.sampled_from(
        ["<sip:{extension}@127.10.0.21>"] * 5
        + [
            "<sip:{extension}@127.10.0.21>;tag=x",
            "sip:{extension}@127.10.0.21",
            '"Ada" <sip:{extension}@127.10.0.21>',
            "Ada <sip:{extension}@127.10.0.21>",
            "<sip:{extension}@127.10.0.21;tag=x>",
            "<sip:>",
            "<tel:1>",
        ]
    ),
    extra=st.sampled_from(
        [[]] * 5
        + [
            ["User-Agent: Mitel6930"],
            ["X-Own: 1"],
            ["Require: gruu"],
            ["Supported: path", "Allow: INVITE"],
            ["Call-ID: c9@h"],
            ["Expires: 60"],
            ["Contact: <sip:2101@127.10.64.8>"],
            ["Authorization: Basic eA=="],
            ["no colon"],
        ]
    ),
    order=st.sampled_from([0, 0, 0, 3, 5]),
    twist=st.one_of(st.just(0), st.just(0), st.integers(0, len(TWISTS) - 1)),
    peer=st.integers(0, 1),
    after=st.sampled_from([0.5, 0.5, 40.0, 200.0, 400.0]),
)
