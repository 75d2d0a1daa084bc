"""A registrar and an agent back to back, and a hand that writes REGISTER; time moved by hand."""

from dataclasses import replace

from simulators.core import Address
from simulators.entropy import Seed
from simulators.pbx.exchange import Exchange
from simulators.pbx.extensions import DeviceType, Extension, Extensions
from simulators.pbx.settings import NodeSettings
from simulators.sip.agent import RegistrationAgent
from simulators.sip.digest import Challenge, answer
from simulators.sip.message import Headers, Request, Response, parse
from simulators.sip.registration import Account, State
from simulators.tests.back_to_back import Wire

NODE, MBG = ("127.10.0.21", 5060), ("127.10.0.10", 5060)
REALM = "Head Office"
Headers_ = list[tuple[str, str]]


class Pair:
    """A registrar with two extensions, an agent, and the wire between them."""

    def __init__(self, settings: NodeSettings | None = None) -> None:
        seed = Seed(1)
        self.extensions = Extensions(
            Extension(number, "", DeviceType.SIP_PHONE, number, f"right-{number}")
            for number in ("2101", "2102")
        )
        self.exchange = Exchange(
            REALM, self.extensions, seed.stream("pbx").randbytes, settings, local=NODE
        )
        self.agent = RegistrationAgent(MBG, seed.stream("mbg").randbytes)
        self.wire = Wire()
        self.wire.join(NODE, self.exchange)
        self.wire.join(MBG, self.agent)

    def account(self, number: str = "2101", **changes: object) -> Account:
        account = Account(NODE, NODE[0], number, number, f"right-{number}", MBG)
        return replace(account, **changes)  # type: ignore[arg-type]

    def register(self, number: str = "2101", **changes: object) -> State:
        self.agent.register(number, self.account(number, **changes), self.wire.now)
        self.wire.run()
        return self.state(number)

    def state(self, number: str = "2101") -> State:
        return self.agent.registrations[number].state

    def last(self, number: str = "2101") -> Response:
        response = self.agent.registrations[number].last
        assert response is not None
        return response

    def events(self) -> list[object]:
        events, self.wire.happened[NODE] = self.wire.happened[NODE], []
        return events

    def statuses(self) -> list[int]:
        """Of all answers that the registrar has sent."""
        answers = [parse(d.data) for _, source, d in self.wire.seen if source == NODE]
        return [message.status for message in answers if isinstance(message, Response)]


def contact(number: str = "2101") -> str:
    return f"sip:{number}@{MBG[0]}:{MBG[1]}"


class Hand:
    """Writes REGISTER by hand, with the right digest unless told otherwise."""

    def __init__(self, pair: Pair, peer: Address = MBG) -> None:
        self.pair, self.peer = pair, peer
        self.branch = 0

    def send(
        self,
        *contacts: str,
        expires: str = "",
        call_id: str = "hand",
        cseq: int = 1,
        method: str = "REGISTER",
        to: str = "<sip:2101@127.10.0.21>",
        more: Headers_ | None = None,
        authorization: str | None = None,
    ) -> Response:
        self.branch += 1
        if authorization is None:
            challenge = self.pair.exchange.authentication.authenticator.challenge(
                self.pair.wire.now
            )
            authorization = self.authorization(challenge)
        items = [
            ("Via", f"SIP/2.0/UDP {self.peer[0]}:{self.peer[1]};branch=z9hG4bKh{self.branch}"),
            ("From", "<sip:2101@127.10.0.21>;tag=h"),
            ("To", to),
            ("Call-ID", call_id),
            ("CSeq", f"{cseq} {method}"),
            *(("Contact", value) for value in contacts),
            *([("Expires", expires)] if expires else []),
            *([("Authorization", authorization)] if authorization else []),
            *(more or []),
        ]
        request = Request(method, "sip:127.10.0.21", Headers(items))
        self.pair.exchange.receive(request.encode(), self.peer, self.pair.wire.now)
        self.pair.wire.happened[NODE] += self.pair.exchange.events()
        [datagram] = self.pair.exchange.to_send()
        response = parse(datagram.data)
        assert isinstance(response, Response)
        return response

    def nonce(self) -> str:
        """A fresh nonce of the exchange's own."""
        return self.pair.exchange.authentication.authenticator.challenge(self.pair.wire.now).nonce

    def authorization(self, challenge: Challenge, count: int = 1) -> str:
        credentials = answer(
            challenge,
            method="REGISTER",
            uri="sip:127.10.0.21",
            username="2101",
            password="right-2101",
            cnonce="c",
            count=count,
        )
        return str(credentials)
