"""What a UAS refuses before it works on a request, and what it lets pass."""

import pytest

from simulators.sip.inspection import refusal, too_many_hops
from simulators.sip.message import Headers, Request


def request(
    *more: tuple[str, str],
    method: str = "INVITE",
    uri: str = "sip:2102@127.10.0.21",
    body: bytes = b"",
    contact: str = "<sip:2101@127.10.0.10>",
) -> Request:
    items = [
        ("Max-Forwards", "70"),
        ("From", "<sip:a@b>;tag=1"),
        ("To", "<sip:a@b>"),
        ("Call-ID", "c1"),
        ("CSeq", f"1 {method}"),
        *([("Contact", contact)] if contact else []),
        *more,
    ]
    return Request(method, uri, Headers(items), body)


SDP = ("Content-Type", "application/sdp;charset=utf-8")


@pytest.mark.parametrize(
    "good",
    [
        request(),
        request(SDP, body=b"v=0"),
        request(method="INFO", uri="sips:a@b"),
        request(("Require", "timer"), SDP, body=b"v=0"),
        request(("Require", "path"), method="ACK"),
        request(("Content-Type", "text/x"), ("Content-Disposition", "icon;handling=optional"),
                body=b"x"),
        request(method="OPTIONS", contact="", body=b"x"),
        request(("Content-Encoding", "identity"), SDP, body=b"v=0"),
    ],
)  # fmt: skip
def test_what_a_uas_can_take_passes(good: Request) -> None:
    assert refusal(good, extensions=("timer",)) is None


@pytest.mark.parametrize(
    ("bad", "status", "header"),
    [
        (request(("f", "<sip:b@c>;tag=2")), 400, None),
        (request(("Max-Forwards", "7")), 400, None),
        (request(uri="2102"), 400, None),
        (request(uri="sip:@x"), 400, None),
        (request(uri="unknown:2102@x"), 416, None),
        (request(("Require", "timer, nothing, else")), 420, ("Unsupported", "nothing, else")),
        (request(("Require", "path"), method="OPTIONS"), 420, ("Unsupported", "path")),
        (request(contact=""), 400, None),
        (request(contact="<sip:a@b>, <sip:a@c>"), 400, None),
        (request(contact="<sip:a@b"), 400, None),
        (request(body=b"v=0"), 400, None),
        (request(("c", "text/plain"), body=b"hello"), 415, ("Accept", "application/sdp")),
        (
            request(SDP, ("Content-Encoding", "gzip"), body=b"x"),
            415,
            ("Accept-Encoding", "identity"),
        ),
    ],
)
def test_what_a_uas_cannot_take_is_refused(
    bad: Request, status: int, header: tuple[str, str] | None
) -> None:
    found = refusal(bad, extensions=("timer",))
    assert found is not None
    response = found.response(bad, "t")
    assert (response.status, response.reason) == (status, found.reason)
    assert found.headers == ((header,) if header else ())
    assert response.headers.get("to").endswith(";tag=t")


@pytest.mark.parametrize("hops", ["x", "256", "-1", "1000000", "²"])
def test_max_forwards_is_a_small_number(hops: str) -> None:
    headers = request().headers.replaced("Max-Forwards", hops)
    found = refusal(Request("OPTIONS", "sip:a@b", headers))
    assert found is not None and found.status == 400


def test_only_who_passes_a_request_on_counts_its_hops() -> None:
    last = Request("OPTIONS", "sip:a@b", request().headers.replaced("Max-Forwards", "0"))
    assert refusal(last) is None
    found = too_many_hops(last)
    assert found is not None and found.status == 483
    assert too_many_hops(request()) is None
