"""Looking somebody up over LDAP, pure: anonymous bind, one search, unbind (RFC 4511).

Octets of the connection go in with `receive`, what is to be sent comes out of `to_send`; `found`
has the contacts once `state` is DONE, `reason` says why it FAILED. Messages are those of the schema
in pyasn1-modules (RFC 2251, whose protocol RFC 4511 revises). Referrals and controls are passed
over.
"""

from enum import Enum

from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pyasn1_modules import rfc2251

from simulators.errors import LocalProtocolError
from simulators.phone.local.directory import Contact

MAX_MESSAGE = 262_144
"""Octets of one message that are taken."""
MAX_CONTACTS = 50
"""The size limit of a search, chosen: a screen is small."""
TIME_LIMIT_S = 10
BIND, SEARCH = 1, 2
"""Message ids."""
SUCCESS, SIZE_LIMIT_EXCEEDED = 0, 4
ATTRIBUTES = ("cn", "sn", "givenName", "telephoneNumber")


class State(Enum):
    """How far a look-up is."""

    NEW = "new"
    BINDING = "binding"
    SEARCHING = "searching"
    DONE = "done"
    FAILED = "failed"


class Event(Enum):
    """What moves it."""

    CONNECTED = "connected"
    BOUND = "bound"
    ENTRY = "entry"
    FINISHED = "search done"
    REFUSED = "refused, or what breaks the rules"
    LOST = "connection lost, or no answer"


_ENDS = {Event.REFUSED: State.FAILED, Event.LOST: State.FAILED}
TRANSITIONS: dict[State, dict[Event, State]] = {
    State.NEW: {Event.CONNECTED: State.BINDING, Event.LOST: State.FAILED},
    State.BINDING: {Event.BOUND: State.SEARCHING, **_ENDS},
    State.SEARCHING: {Event.ENTRY: State.SEARCHING, Event.FINISHED: State.DONE, **_ENDS},
    State.DONE: {},
    State.FAILED: {},
}


class LookUp:
    """One search for `text`, in names and numbers, below `base_dn`."""

    def __init__(self, base_dn: str, text: str) -> None:
        self.state = State.NEW
        self.found: list[Contact] = []
        self.reason = ""
        self._base_dn = base_dn
        self._text = text
        self._out: list[bytes] = []
        self._in = b""

    @property
    def over(self) -> bool:
        """Whether it has ended, one way or the other."""
        return self.state in (State.DONE, State.FAILED)

    def connected(self) -> None:
        """The connection is there: bind."""
        self._move(Event.CONNECTED)
        self._out.append(_bind())

    def receive(self, data: bytes) -> None:
        """Take octets from the connection."""
        self._in += data
        while not self.over and (length := message_length(self._in)) is not None:
            if length > MAX_MESSAGE:
                self._fail(Event.REFUSED, f"a message of {length} octets")
            elif len(self._in) < length:
                return
            else:
                message, self._in = self._in[:length], self._in[length:]
                self._take(message)

    def lost(self, reason: str = "connection lost") -> None:
        """The connection has ended, or couldn't be opened."""
        if not self.over:
            self._fail(Event.LOST, reason)

    def to_send(self) -> bytes:
        """Octets to send now, once."""
        out, self._out = b"".join(self._out), []
        return out

    def _take(self, octets: bytes) -> None:
        try:
            message, _ = decoder.decode(octets, asn1Spec=rfc2251.LDAPMessage())
            name = message["protocolOp"].getName()
            body = message["protocolOp"][name]
        except PyAsn1Error:
            self._fail(Event.REFUSED, "no LDAP message")
            return
        if name == "bindResponse" and self.state is State.BINDING:
            if int(body["resultCode"]) != SUCCESS:
                self._fail(Event.REFUSED, _result(body))
                return
            self._move(Event.BOUND)
            self._out.append(_search(self._base_dn, self._text))
        elif name == "searchResEntry" and self.state is State.SEARCHING:
            self._move(Event.ENTRY)
            contact = _contact(body)
            if contact is not None and len(self.found) < MAX_CONTACTS:
                self.found.append(contact)
        elif name == "searchResDone" and self.state is State.SEARCHING:
            if int(body["resultCode"]) not in (SUCCESS, SIZE_LIMIT_EXCEEDED):
                self._fail(Event.REFUSED, _result(body))
                return
            self._move(Event.FINISHED)
            self._out.append(_unbind())
        elif name == "extendedResp":
            self._fail(Event.REFUSED, _result(body))  # notice of disconnection, section 4.4.1
        elif name != "searchResRef":
            self._fail(Event.REFUSED, f"an unexpected {name}")

    def _fail(self, event: Event, reason: str) -> None:
        self._move(event)
        self.reason = reason

    def _move(self, event: Event) -> None:
        try:
            self.state = TRANSITIONS[self.state][event]
        except KeyError:
            raise LocalProtocolError(
                f"a look-up that is {self.state.value} can't take '{event.value}'"
            ) from None


def message_length(data: bytes) -> int | None:
    """Octets of the message that `data` begins with, by its header; None while that isn't whole.

    RFC 4511 section 5.1: definite lengths alone; what has none counts as too long.
    """
    if len(data) < 2:
        return None
    first = data[1]
    if first < 0x80:
        return 2 + first
    count = first & 0x7F
    if not 1 <= count <= 4:
        return MAX_MESSAGE + 1
    if len(data) < 2 + count:
        return None
    return 2 + count + int.from_bytes(data[2 : 2 + count], "big")


def _bind() -> bytes:
    message = _message(BIND)
    request = message["protocolOp"]["bindRequest"]
    request["version"] = 3
    request["name"] = ""
    request["authentication"]["simple"] = ""
    return bytes(encoder.encode(message))


def _search(base_dn: str, text: str) -> bytes:
    message = _message(SEARCH)
    request = message["protocolOp"]["searchRequest"]
    request["baseObject"] = base_dn
    request["scope"] = "wholeSubtree"
    request["derefAliases"] = "neverDerefAliases"
    request["sizeLimit"] = MAX_CONTACTS
    request["timeLimit"] = TIME_LIMIT_S
    request["typesOnly"] = False
    _filter(request["filter"], text)
    for index, name in enumerate(ATTRIBUTES):
        request["attributes"][index] = name
    return bytes(encoder.encode(message))


def _filter(wanted: rfc2251.Filter, text: str) -> None:
    """`(|(cn=*text*)(telephoneNumber=*text*))`; without a text whoever has a number."""
    if not text:
        wanted["present"] = "telephoneNumber"
        return
    for index, name in enumerate(("cn", "telephoneNumber")):
        part = wanted["or"][index]["substrings"]
        part["type"] = name
        part["substrings"][0]["any"] = text.encode()


def _unbind() -> bytes:
    """By hand: the library marks its NULL as constructed, which BER does not allow (X.690, 8.8)."""
    return bytes([0x30, 5, 2, 1, SEARCH + 1, 0x42, 0])


def _message(number: int) -> rfc2251.LDAPMessage:
    message = rfc2251.LDAPMessage()
    message["messageID"] = number
    return message


def _contact(entry: rfc2251.SearchResultEntry) -> Contact | None:
    """A contact; None without a number."""
    values: dict[str, str] = {}
    for attribute in entry["attributes"]:
        texts = [bytes(value).decode("utf-8", "replace") for value in attribute["vals"]]
        if texts:
            values[bytes(attribute["type"]).decode("utf-8", "replace").lower()] = texts[0]
    number = values.get("telephonenumber", "")
    if not number:
        return None
    first, last = values.get("givenname", ""), values.get("sn", "")
    if not first or not last:
        first, last = values.get("cn", ""), ""
    return Contact(first, last, "", number)


def _result(body: rfc2251.LDAPResult) -> str:
    text = bytes(body["errorMessage"]).decode("utf-8", "replace")
    return f"result {body['resultCode'].prettyPrint()} {text}".strip()
