"""What `Calls` tells its user; `key` names the call. Each call ends with exactly one `CallEnded`.

Where a `response` or `request` is given, its body is the session description, if any.
"""

from dataclasses import dataclass
from enum import Enum

from simulators.core import UDP, Address
from simulators.sip.message import Request, Response


class Party(Enum):
    """Who brought a call's end about."""

    US = "we"
    PEER = "the peer"


class Reason(Enum):
    """How a call ended."""

    BYE = "bye"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    LOST = "connection lost"


@dataclass(frozen=True, slots=True)
class CallOffered:
    """Somebody calls: `ring`, then `answer` or `refuse`."""

    key: str
    request: Request
    peer: Address
    transport: str = UDP


@dataclass(frozen=True, slots=True)
class CallProgress:
    """A provisional response to our INVITE, above 100."""

    key: str
    response: Response


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """A 2xx to our INVITE or re-INVITE.

    Its ACK is sent, unless our INVITE had no body: then the 2xx has the offer, and `acknowledge`
    wants the answer.
    """

    key: str
    response: Response


@dataclass(frozen=True, slots=True)
class CallAcknowledged:
    """The ACK of our answer came; its body is the session's answer if ours was the offer."""

    key: str
    request: Request


@dataclass(frozen=True, slots=True)
class CallReoffered:
    """A re-INVITE of the peer: `answer` or `refuse` it; the call goes on either way."""

    key: str
    request: Request


@dataclass(frozen=True, slots=True)
class ReofferRefused:
    """The peer won't have our re-INVITE; the call goes on as it was."""

    key: str
    response: Response


@dataclass(frozen=True, slots=True)
class DialogRequest:
    """Another request within the call (INFO, UPDATE, NOTIFY ...): answer it with `respond`."""

    key: str
    transaction: str
    request: Request


@dataclass(frozen=True, slots=True)
class DialogResponse:
    """The final response to a `request` of ours within the call; None if none came."""

    key: str
    transaction: str
    response: Response | None


@dataclass(frozen=True, slots=True)
class CallEnded:
    """A call is over. `response` is the peer's refusal of our INVITE, if that was it.

    `by` is `PEER` also for a peer that fell silent.
    """

    key: str
    by: Party
    reason: Reason
    response: Response | None = None
