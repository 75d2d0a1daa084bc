"""Each message of RFC 4475 sent to a small UAS over a real socket: what it answers, or why not.

The UAS knows INVITE, OPTIONS, MESSAGE and REGISTER; it is busy, takes and makes SDP only, and lets
nobody register without digest. Over TCP each message comes one octet at a time.
"""

import asyncio

import pytest

import simulators.sip.tests.test_sip_torture as torture
from simulators.core import TCP, Datagram
from simulators.sip.authenticator import Authenticator
from simulators.sip.headers import NameAddress
from simulators.sip.inspection import Refusal, refusal
from simulators.sip.message import MalformedMessage, Request, Response, parse, response_to
from simulators.sip.transaction import Ignored, RequestReceived, Transactions
from simulators.sockets.tests.socket_bench import Bench, Probe, cut, until

METHODS = ("INVITE", "OPTIONS", "MESSAGE", "REGISTER")


class Uas(Transactions):
    """A transaction layer with the simplest of users on top."""

    def __init__(self) -> None:
        self._count = 0
        super().__init__(("192.0.2.9", 5060), self._octets)
        self._authenticator = Authenticator("torture", self._octets, lambda user: None)
        self.dropped: list[str] = []

    def events(self) -> list[object]:
        events = super().events()
        for event in events:
            if isinstance(event, RequestReceived):
                self.respond(event.transaction, self._answer(event.request), 0.0)
            elif isinstance(event, Ignored):
                self.dropped.append(event.reason)
        return events

    def _answer(self, request: Request) -> Response:
        refused = refusal(request) or self._unreadable(request)
        if refused is not None:
            return refused.response(request, "t")
        if request.method not in METHODS:
            allow = [("Allow", ", ".join(METHODS))]
            return response_to(request, 501, headers=allow, to_tag="t")
        if request.method == "REGISTER":
            verdict = self._authenticator.check(request, 0.0)
            return response_to(request, 200 if verdict.passed else 401, to_tag="t")
        if request.method == "INVITE":
            accepted = request.headers.get("accept", "application/sdp")
            return response_to(request, 486 if "application/sdp" in accepted else 406, to_tag="t")
        return response_to(request, 200, to_tag="t")

    def _unreadable(self, request: Request) -> Refusal | None:
        contacts = request.headers.all("contact") if request.method == "REGISTER" else []
        try:
            for value in (request.headers.get("to"), *contacts):
                NameAddress.parse(value)
        except MalformedMessage as error:
            return Refusal(400, str(error))
        return None

    def _octets(self, count: int) -> bytes:
        self._count += 1
        return self._count.to_bytes(count, "big")


ANSWERS: dict[str, int] = {
    # 3.1.1, valid
    "wsinv": 486, "intmeth": 501, "esc01": 486, "escnull": 401, "esc02": 501, "lwsdisp": 200,
    "longreq": 486, "dblreq": 401, "semiuri": 200, "transports": 200, "mpart01": 200,
    # 3.1.2, invalid, and what 400 is for; or passed over, where the RFC allows it
    "badinv01": 486, "scalar02": 400, "quotbal": 400, "escruri": 486, "baddate": 486,
    "regbadct": 400, "badaspec": 200, "baddn": 400, "mismatch01": 400, "mismatch02": 400,
    # 3.2, 3.3 and 3.4
    "badbranch": 200, "insuf": 400, "unkscm": 416, "novelsc": 416, "unksm2": 400, "bext01": 420,
    "invut": 415, "regaut01": 401, "multi01": 400, "mcl01": 400, "zeromf": 200, "cparam01": 401,
    "cparam02": 401, "regescrt": 401, "sdp01": 406, "inv2543": 400,
    # what the parser gives up on, but says who sent it
    "badvers": 505, "clerr": 400, "ltgtruri": 400, "lwsruri": 400, "lwsstart": 400, "ncl": 400,
    "trws": 400,
}  # fmt: skip
"""The final answer; an INVITE of RFC 2543 without a Contact can't be called back."""

DROPPED: dict[str, str] = {
    "bigcode": "expected a status of three digits",
    "scalarlg": "expected 'CSeq: number method'",
    "noreason": "an answer to no request",
    "unreason": "an answer to no request",
    "bcast": "an answer to no request",
}

STREAM_ENDS = {
    "clerr": "no whole message",  # the rest never comes
    "inv2543": "one Content-Length",
    "mcl01": "one Content-Length",
    "ncl": "one Content-Length",
}
"""On a stream these end the connection (sections 3.1.2.2, 3.1.2.3 and 3.3.9)."""


def statuses(answers: list[bytes]) -> list[int]:
    found = [parse(answer) for answer in answers]
    return [message.status for message in found if isinstance(message, Response)]


def test_each_message_is_answered_or_dropped() -> None:
    assert sorted([*ANSWERS, *DROPPED]) == torture.NAMES


@pytest.mark.parametrize("name", torture.NAMES)
async def test_over_udp(bench: Bench, name: str) -> None:
    uas, uac = Uas(), Probe()
    there = await bench.driver(uas).open((bench.plan.mbg_outside, 0))
    sender = bench.driver(uac)
    await sender.open((bench.plan.home(0), 0))
    uac.out.append(Datagram(torture.read(name), there))
    sender.pump()
    if name in ANSWERS:
        await bench.heard(uac)
        assert statuses([data for data, _, _ in uac.heard])[-1] == ANSWERS[name]
        return
    uac.out.append(Datagram(torture.read("semiuri"), there))
    sender.pump()
    await bench.heard(uac)
    assert statuses([data for data, _, _ in uac.heard]) == [200], "only what came after it"
    assert uas.dropped[0].startswith(DROPPED[name])


@pytest.mark.parametrize("name", torture.NAMES)
async def test_over_tcp_one_octet_at_a_time(bench: Bench, name: str) -> None:
    uas = Uas()
    driver = bench.driver(uas)
    there = await driver.open((bench.plan.mbg_outside, 0), "", TCP)
    reader, writer = await asyncio.open_connection(*there)
    octets = torture.read(name)
    for index in range(len(octets)):
        writer.write(octets[index : index + 1])
    if name in STREAM_ENDS:
        await writer.drain()
        await until(lambda: driver.connections() == 1 or bool(bench.lost()))
        await bench.clock.advance(11)
        await cut(reader)
        assert STREAM_ENDS[name] in bench.lost()[0].reason
    elif name in ANSWERS:
        answer = await reader.readuntil(b"\r\n\r\n")
        assert statuses([answer]) == [ANSWERS[name]]
    else:
        await until(lambda: bool(uas.dropped))
        assert uas.dropped[0].startswith(DROPPED[name])
    writer.close()


async def test_all_of_them_leave_a_good_client_its_answer(bench: Bench) -> None:
    uas, uac = Uas(), Probe()
    there = await bench.driver(uas).open((bench.plan.mbg_outside, 0))
    sender = bench.driver(uac)
    await sender.open((bench.plan.home(0), 0))
    good = torture.read("semiuri").replace(b"Kkdjuw", b"Kgood")
    uac.out += [Datagram(torture.read(name), there) for name in torture.NAMES]
    uac.out.append(Datagram(good, there))
    sender.pump()
    await until(lambda: any(b"Kgood" in data for data, _, _ in uac.heard))
