"""One registration as a UAC keeps it: REGISTER, challenge, refresh, retry (RFC 3261 section 10.2).

A `Registration` makes requests and takes responses; who carries them is the agent's business. The
phone's lines, the MBG's ICP side and the load engine all use it. Its states are a table; timing
rules are settings, whose defaults are those of the 69xx (reference: administrator guide,
registration timers).
"""

from dataclasses import dataclass, replace
from enum import Enum

from simulators.core import STREAMS, UDP, Address, Entropy
from simulators.errors import LocalProtocolError
from simulators.sip.challenged import first_known
from simulators.sip.digest import Challenge, Credentials, answer
from simulators.sip.headers import NameAddress, seconds
from simulators.sip.message import Headers, MalformedMessage, Request, Response

MAX_STALE_ANSWERS = 3
"""How often one attempt answers a challenge that says our nonce was only too old."""

MIN_RETRY_S = 1.0
"""A `Retry-After: 0` is no leave to ask without a pause."""


class State(Enum):
    """Where a registration stands."""

    __hash__ = object.__hash__  # as equality: an `Enum`'s own hashes the name, each time anew

    UNREGISTERED = "unregistered"
    REGISTERING = "registering"
    REGISTERED = "registered"
    REFRESHING = "refreshing"
    UNREGISTERING = "unregistering"
    REFUSED = "refused"
    TIMED_OUT = "timed out"


class Event(Enum):
    """What moves a registration."""

    __hash__ = object.__hash__  # as in `State`

    START = "start"
    CHALLENGED = "challenged"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    NO_ANSWER = "no answer"
    DUE = "refresh or retry is due"
    STOP = "stop"


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.UNREGISTERED: {Event.START: State.REGISTERING},
    State.REGISTERING: {
        Event.CHALLENGED: State.REGISTERING,
        Event.ACCEPTED: State.REGISTERED,
        Event.REFUSED: State.REFUSED,
        Event.NO_ANSWER: State.TIMED_OUT,
        Event.STOP: State.UNREGISTERING,
    },
    State.REGISTERED: {Event.DUE: State.REFRESHING, Event.STOP: State.UNREGISTERING},
    State.REFRESHING: {
        Event.CHALLENGED: State.REFRESHING,
        Event.ACCEPTED: State.REGISTERED,
        Event.REFUSED: State.REFUSED,
        Event.NO_ANSWER: State.TIMED_OUT,
        Event.STOP: State.UNREGISTERING,
    },
    State.UNREGISTERING: {
        Event.CHALLENGED: State.UNREGISTERING,
        Event.ACCEPTED: State.UNREGISTERED,
        Event.REFUSED: State.UNREGISTERED,
        Event.NO_ANSWER: State.UNREGISTERED,
    },
    State.REFUSED: {
        Event.DUE: State.REGISTERING,
        Event.START: State.REGISTERING,
        Event.STOP: State.UNREGISTERED,
    },
    State.TIMED_OUT: {
        Event.DUE: State.REGISTERING,
        Event.START: State.REGISTERING,
        Event.STOP: State.UNREGISTERED,
    },
}


@dataclass(frozen=True, slots=True)
class Account:
    """Who registers where, and how often.

    Args:
        registrar: where REGISTER is sent.
        domain: host part of the request URI and the AOR.
        username: user part of the AOR.
        auth_username: digest user name.
        password: digest password; never shown by `repr`.
        contact: our own address, as the registrar shall reach it.
        expires_s: what we ask for; 0 leaves it to the registrar.
        renewal_threshold_s: renew half-way through the granted time, or this long before its end,
            whichever is later.
        refused_retry_s: wait after a refusal.
        timeout_retry_s: wait after no answer.
        transport: by which we reach the registrar, and anybody us.
    """

    registrar: Address
    domain: str
    username: str
    auth_username: str
    password: str
    contact: Address
    expires_s: int = 3600
    renewal_threshold_s: float = 15.0
    refused_retry_s: float = 1800.0
    timeout_retry_s: float = 120.0
    user_agent: str = ""
    transport: str = UDP

    def __repr__(self) -> str:
        return f"Account({self.username}@{self.domain})"


class Registration:
    """One registration's state, driven by `start`, `stop`, `response`, `no_answer` and `due`."""

    def __init__(self, account: Account, entropy: Entropy) -> None:
        self.account = account
        self.state = State.UNREGISTERED
        self.last: Response | None = None
        self.granted_s = 0
        self.due_at: float | None = None
        self._entropy = entropy
        self._call_id = entropy(8).hex() + f"@{account.contact[0]}"
        self._tag = entropy(4).hex()
        self._cseq = 0
        self._challenge: Challenge | None = None
        self._uses = 0
        self._answers = 0

    def start(self, now: float) -> Request:
        """Begin to register."""
        self._move(Event.START)
        self.due_at = None
        return self._register(self.account.expires_s)

    def due(self, now: float) -> Request:
        """Refresh, or try again, when `due_at` has come."""
        self._move(Event.DUE)
        self.due_at = None
        return self._register(self.account.expires_s)

    def stop(self, now: float) -> Request | None:
        """Un-register; None when there is nothing to take back."""
        self._move(Event.STOP)
        self.due_at = None
        return self._register(0) if self.state is State.UNREGISTERING else None

    def response(self, response: Response, now: float) -> Request | None:
        """Take a response; returns the next request when one must follow (a challenge)."""
        if response.status < 200:
            return None
        self.last = response
        if response.status in (401, 407):
            request = self._answer_challenge(response)
            if request is not None:
                self._move(Event.CHALLENGED)
                return request
        unregistering = self.state is State.UNREGISTERING
        if response.status == 423 and not unregistering and self._lengthen(response):
            return self._register(self.account.expires_s)
        if 200 <= response.status < 300:
            self._move(Event.ACCEPTED)
            self.granted_s = 0 if unregistering else granted_s(response, self.account)
            threshold_s = self.account.renewal_threshold_s
            renewal_s = renewal_after_s(self.granted_s, threshold_s)
            self.due_at = None if unregistering else now + renewal_s
            return None
        self._move(Event.REFUSED)
        self._challenge = None
        unregistered = self.state is State.UNREGISTERED
        self.due_at = None if unregistered else now + refused_for_s(response, self.account)
        return None

    def no_answer(self, now: float) -> None:
        """The request timed out."""
        self._move(Event.NO_ANSWER)
        unregistered = self.state is State.UNREGISTERED
        self.due_at = None if unregistered else now + self.account.timeout_retry_s

    def _move(self, event: Event) -> None:
        if event is not Event.CHALLENGED:
            self._answers = 0
        try:
            self.state = TRANSITIONS[self.state][event]
        except KeyError:
            raise LocalProtocolError(
                f"a registration that is {self.state.value} can't take '{event.value}'"
            ) from None

    def _register(self, expires_s: int) -> Request:
        account = self.account
        self._cseq += 1
        aor = f"sip:{account.username}@{account.domain}"
        uri = f"sip:{account.domain}"
        host, port = account.contact
        by = f";transport={account.transport.lower()}" if account.transport in STREAMS else ""
        items = [
            ("Max-Forwards", "70"),
            ("From", f"<{aor}>;tag={self._tag}"),
            ("To", f"<{aor}>"),
            ("Call-ID", self._call_id),
            ("CSeq", f"{self._cseq} REGISTER"),
            ("Contact", f"<sip:{account.username}@{host}:{port}{by}>"),
        ]
        if expires_s or self.state is State.UNREGISTERING:
            items.append(("Expires", str(expires_s)))
        if account.user_agent:
            items.append(("User-Agent", account.user_agent))
        if self._challenge is not None:
            self._uses += 1
            items.append(("Authorization", str(self._credentials(uri, self._challenge))))
        return Request("REGISTER", uri, Headers(items))

    def _credentials(self, uri: str, challenge: Challenge) -> Credentials:
        return answer(
            challenge,
            method="REGISTER",
            uri=uri,
            username=self.account.auth_username,
            password=self.account.password,
            cnonce=self._entropy(8).hex(),
            count=self._uses,
        )

    def _answer_challenge(self, response: Response) -> Request | None:
        """The request with credentials; None when they were already refused (wrong password)."""
        challenge = first_known(response)
        if challenge is None:
            return None
        if self._answers >= (MAX_STALE_ANSWERS if challenge.stale else 1):
            return None
        self._challenge = challenge
        self._uses = 0
        self._answers += 1
        return self._register(0 if self.state is State.UNREGISTERING else self.account.expires_s)

    def _lengthen(self, response: Response) -> bool:
        longer = lengthened_s(response, self.account.expires_s)
        if longer is None:
            return False
        self.account = replace(self.account, expires_s=longer)
        return True


# The rules by themselves: who registers thousands reads answers by the same ones


def lengthened_s(response: Response, asked_s: int) -> int | None:
    """What to ask for after a 423 (section 10.2.8); None where it names nothing longer."""
    shortest = seconds(response.headers.get("min-expires"))
    return None if shortest is None or shortest <= asked_s else shortest


def granted_s(response: Response, account: Account) -> int:
    """Seconds granted to our own contact (section 10.2.4), else the Expires header's."""
    for value in response.headers.all("contact"):
        try:
            contact = NameAddress.parse(value)
        except MalformedMessage:
            continue
        if contact.uri.address == account.contact and "expires" in contact.params:
            granted = seconds(contact.params["expires"])
            if granted is not None:
                return granted
    granted = seconds(response.headers.get("expires"))
    return account.expires_s or 3600 if granted is None else granted


def renewal_after_s(granted_s: int, threshold_s: float) -> float:
    """When to renew, in seconds after the answer that granted so many."""
    half = granted_s / 2
    return max(1.0, half if half <= threshold_s else granted_s - threshold_s)


def refused_for_s(response: Response, account: Account) -> float:
    """How long a refusal keeps us away: as long as it says (section 20.33), else our own time."""
    asked = seconds(response.headers.get("retry-after").partition(";")[0].partition("(")[0])
    return account.refused_retry_s if asked is None else max(MIN_RETRY_S, float(asked))
