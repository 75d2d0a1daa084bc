"""Thousands of lines that register, as one core: what a `RegistrationAgent` does, at a third of
its cost. Pure.

Each line is a user agent by itself, with the states, challenges, retransmissions (timers E and F)
and refreshes of `simulators.sip`; `side` names the socket that it uses, alone or with others. The
tests hold crowd and agent side by side: the same answers bring the same octets at the same times.
Only UDP. Requests that come in are answered without state (RFC 3261 section 8.2.7).
"""

from collections.abc import Callable, Iterable

from simulators.core import UDP, Address, Entropy
from simulators.errors import ConfigurationError
from simulators.phone.crowd.glance import Layouts
from simulators.phone.crowd.line import MAGIC, MOST_LINES, Line
from simulators.phone.crowd.moments import Awaited, Moments
from simulators.phone.crowd.results import (
    Challenged,
    Failed,
    Lost,
    Refreshed,
    Registered,
    Result,
    Sent,
    Unregistered,
)
from simulators.phone.crowd.rows import REFRESHING, REGISTERED, Row, moved
from simulators.phone.crowd.shapes import Shape, Shapes
from simulators.phone.crowd.why import why
from simulators.sip.challenged import first_known
from simulators.sip.headers import Via, cseq
from simulators.sip.message import MalformedMessage, Request, Response, parse, response_to
from simulators.sip.registration import (
    MAX_STALE_ANSWERS,
    Account,
    Event,
    State,
    granted_s,
    lengthened_s,
    refused_for_s,
    renewal_after_s,
)
from simulators.sip.transaction import RequestReceived, Timers, Transactions

Outgoing = tuple[bytes, Address, str]
"""Octets to send, to whom, from which side; as `simulators.core.Datagram`, but cheaper to make."""


class Crowd:
    """The five verbs over many lines.

    Args:
        entropy: gives the salt of all identifiers, once.
        timers: of RFC 3261; 64 * T1 = 32 s before a request counts as unanswered.
        retries: try again after a refusal or silence, at the documented times; else such a line
            stays as it is, since in a burst a retry would be a second attempt.
        steps: also hand out `Sent` and `Challenged`, for time lines.
    """

    def __init__(
        self,
        entropy: Entropy,
        timers: Timers | None = None,
        *,
        retries: bool = False,
        steps: bool = False,
    ) -> None:
        self.retransmissions = 0
        self.ignored = 0
        self.lines: dict[int, Line] = {}
        self._timers = timers or Timers()
        self._give_up_s = self._timers.f
        self._salt = entropy(4).hex()
        self._retries = retries
        self._steps = steps
        self._heads: dict[tuple[str, str], str] = {}
        self._places: dict[str, Address] = {}
        self._open: dict[bytes, Line] = {}
        self._moments = Moments()
        self._layouts = Layouts()
        self._shapes = Shapes()
        self._out: list[Outgoing] = []
        self._results: list[Result] = []

    # What is done to lines

    def settle(self, place: Address, side: str | None = None) -> None:
        """Make a socket's address known; `side` is the IP address unless it is said."""
        self._places[place[0] if side is None else side] = place

    def start(self, index: int, account: Account, now: float, side: str | None = None) -> None:
        """Line `index` (from 0) boots and registers; one of that index starts anew.

        Args:
            side: its socket; the one of its contact's IP address unless it is said.

        Raises:
            ConfigurationError: an index beyond 2**24, or another transport than UDP.
        """
        line = self.lines.get(index)
        if line is None or line.account != account:
            if not 0 <= index < MOST_LINES or account.transport != UDP:
                raise ConfigurationError(
                    f"a crowd has lines 0 to {MOST_LINES - 1} over UDP, got {index} over "
                    f"{account.transport}: use handsets for anything else"
                )
            socket = account.contact[0] if side is None else side
            boots = 0
            if line is not None:
                self._close(line)
                boots = line.boots + 1
            head = self._heads.get((account.domain, socket)) or self._head(account.domain, socket)
            line = self.lines[index] = Line(index, account, self._salt, head, socket, boots & 0xFF)
        else:
            self._open.pop(line.branch, None)
            line.boot()
        line.row = line.row.start or moved(line.row, Event.START)
        if self._steps:
            self._results.append(Sent(index))
        self._request(line, now)

    def stop(self, index: int, now: float) -> None:
        """Line `index` takes its registration back; nothing happens if it has none.

        A request under way is overtaken: it isn't sent again, and its answer no longer counts.
        """
        line = self.lines.get(index)
        if line is None or line.row.stop is None:
            return
        line.row = line.row.stop
        self._close(line)
        if line.row.leaves:
            line.answers = 0
            self._request(line, now)
        else:
            self._results.append(Unregistered(index))

    def cut(self, index: int) -> None:
        """The power of line `index` fails: it says nothing and forgets all."""
        line = self.lines.get(index)
        if line is not None:
            self._close(line)
            line.boot()

    def restart(self, indices: Iterable[int], now: float) -> None:
        """Lines boot anew at once, as after a power failure: another Call-ID, no nonce."""
        for index in indices:
            self.start(index, self.lines[index].account, now)

    def refresh(self, index: int, now: float) -> None:
        """Line `index`, if it is registered, refreshes before it would by itself."""
        line = self.lines.get(index)
        if line is not None and line.row is REGISTERED:
            line.row = moved(line.row, Event.DUE)
            self._request(line, now)

    def state(self, index: int) -> State:
        """Where the registration of a line stands."""
        line = self.lines.get(index)
        return State.UNREGISTERED if line is None else line.row.state

    # The five verbs

    def receive(
        self, data: bytes, peer: Address, now: float, side: str = "", transport: str = UDP
    ) -> None:
        """Take one datagram that came to the socket `side`."""
        seen = self._layouts.glance(data)
        if seen is not None:
            status, read = seen
            line = self._open.get(read[0])
            if line is None:
                self.ignored += 1
                return
            if status == 200:
                if read[1] == line.contact:
                    self._accepted(line, int(read[2]), now)
                    return
            elif (asked := self._shapes.read(read[1], line.account.domain)) is not None:
                if not self._challenged(line, asked[0], asked[1], now):
                    self._refused(line, self._parsed(data), now)
                return
        self._slowly(data, peer, now, side)

    def handle_timer(self, now: float) -> None:
        """Retransmit, give up, refresh, retry: whatever is due."""
        for at, who in self._moments.by(now):
            line = _line(who)
            if line.branch:
                self._unanswered(line, at, now)
            else:
                line.row = moved(line.row, Event.DUE)
                self._request(line, now)

    def timer_at(self) -> float | None:
        """When `handle_timer` is wanted next."""
        return self._moments.first()

    def to_send(self) -> list[Outgoing]:
        """Datagrams to send now, once."""
        out, self._out = self._out, []
        return out

    def results(self) -> list[Result]:
        """What became of lines since the last call, once."""
        results, self._results = self._results, []
        return results

    def events(self) -> list[object]:
        """The same, by the name that all cores have."""
        return list(self.results())

    def waiting(self) -> bool:
        """Whether an answer is outstanding."""
        return bool(self._open)

    # Requests

    def _head(self, domain: str, side: str) -> str:
        """How each request to a domain begins from this socket; one text for all its lines."""
        host, port = self._places[side]
        head = f"REGISTER sip:{domain} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch={MAGIC}"
        self._heads[domain, side] = head
        return head

    def _request(self, line: Line, now: float) -> None:
        timers = self._timers
        data = line.data = line.request()
        line.interval = timers.t1
        line.ends_at = now + self._give_up_s
        line.proceeding = False
        self._open[line.branch] = line
        self._out.append((data, line.account.registrar, line.side))
        self._moments.set(line, now, timers.t1)

    def _close(self, line: Line) -> None:
        """What is under way, or planned, no longer concerns anybody."""
        self._open.pop(line.branch, None)
        line.branch = b""
        line.data = b""
        self._moments.clear(line)

    def _unanswered(self, line: Line, at: float, now: float) -> None:
        """Timer E, or timer F."""
        timers = self._timers
        if line.ends_at <= at:
            self._close(line)
            self._not_accepted(line, moved(line.row, Event.NO_ANSWER), None, now)
            return
        line.interval = timers.t2 if line.proceeding else min(line.interval * 2, timers.t2)
        self.retransmissions += 1
        self._out.append((line.data, line.account.registrar, line.side))
        if at + line.interval > line.ends_at:
            self._moments.set(line, line.ends_at, 0.0)
        else:
            self._moments.set(line, at, line.interval)

    # Answers

    def _accepted(self, line: Line, seconds: int, now: float) -> None:
        before = line.row
        line.row = row = before.accepted or moved(before, Event.ACCEPTED)
        line.answers = 0
        self._open.pop(line.branch, None)
        line.branch = b""
        line.data = b""
        if row is not REGISTERED:
            line.granted_s = 0
            self._moments.clear(line)
            self._results.append(Unregistered(line.index))
            return
        line.granted_s = seconds
        self._moments.set(line, now, renewal_after_s(seconds, line.account.renewal_threshold_s))
        kind = Refreshed if before is REFRESHING else Registered
        self._results.append(kind(line.index, seconds))

    def _challenged(self, line: Line, shape: Shape, nonce: str, now: float) -> bool:
        """Answer a challenge; False where the credentials were refused already."""
        if line.answers >= (MAX_STALE_ANSWERS if shape.stale else 1):
            return False
        line.row = line.row.challenged or moved(line.row, Event.CHALLENGED)
        line.shape = shape
        line.nonce = nonce
        line.uses = 0
        line.answers += 1
        del self._open[line.branch]
        if self._steps:
            self._results.append(Challenged(line.index))
        self._request(line, now)
        return True

    def _refused(self, line: Line, response: Response, now: float) -> None:
        self._close(line)
        line.shape = None
        self._not_accepted(line, moved(line.row, Event.REFUSED), response, now)

    def _not_accepted(self, line: Line, row: Row, response: Response | None, now: float) -> None:
        before, line.row = line.row, row
        line.answers = 0
        if row.state is State.UNREGISTERED:
            self._results.append(Unregistered(line.index))
            return
        kind: Callable[[int, str], Failed | Lost] = Lost if before is REFRESHING else Failed
        self._results.append(kind(line.index, why(response, self._give_up_s)))
        if self._retries:
            account = line.account
            away_s = account.timeout_retry_s
            self._moments.set(
                line, now, away_s if response is None else refused_for_s(response, account)
            )

    # Whatever is not as usual

    def _slowly(self, data: bytes, peer: Address, now: float, side: str) -> None:
        """Take what a glance did not understand, by the full parser."""
        if not data.strip(b"\r\n\x00"):
            return
        try:
            message = parse(data)
            if isinstance(message, Request):
                self._asked(data, peer, now, side)
                return
            vias = message.headers.all("via")
            branch = Via.parse(vias[0] if vias else "").branch
            method = cseq(message.headers)[1]
        except MalformedMessage:
            self.ignored += 1
            self._asked(data, peer, now, side)  # a request with a mistake may hear of it
            return
        known = branch.startswith(MAGIC)
        line = self._open.get(branch.removeprefix(MAGIC).encode()) if known else None
        if line is None or method != "REGISTER":
            self.ignored += 1
        else:
            self._answered(line, message, now)

    def _answered(self, line: Line, response: Response, now: float) -> None:
        status = response.status
        if status < 200:
            line.proceeding = True
            return
        if status in (401, 407):
            challenge = first_known(response)
            if challenge is not None:
                shape = Shape(challenge, line.account.domain)
                if self._challenged(line, shape, challenge.nonce, now):
                    return
        if status == 423 and not line.row.leaves:
            longer = lengthened_s(response, line.expires_s)
            if longer is not None:
                line.ask_for(longer)
                del self._open[line.branch]
                self._request(line, now)
                return
        if status < 300:
            seconds = 0 if line.row.leaves else granted_s(response, line.asking)
            self._accepted(line, seconds, now)
        else:
            self._refused(line, response, now)

    def _asked(self, data: bytes, peer: Address, now: float, side: str) -> None:
        """OPTIONS is answered, other requests are not for a crowd.

        The transaction layer that answers is forgotten at once: when the request comes again, the
        same answer is made anew.
        """
        layer = Transactions(self._places[side], self._tag_of_answers, self._timers, side)
        layer.receive(data, peer, now, side)
        for event in layer.events():
            if isinstance(event, RequestReceived):
                status = 200 if event.request.method == "OPTIONS" else 501
                answer = response_to(event.request, status, to_tag=self._salt)
                layer.respond(event.transaction, answer, now)
        self._out += [(d.data, d.to, side) for d in layer.to_send()]

    def _tag_of_answers(self, octets: int) -> bytes:
        """No chance in it: equal requests get equal answers (RFC 3261 section 8.2.7)."""
        return bytes.fromhex(self._salt * 4)[:octets]

    def _parsed(self, data: bytes) -> Response:
        message = parse(data)
        assert isinstance(message, Response), "a glance at it saw a response"
        return message


def _line(who: Awaited) -> Line:
    assert isinstance(who, Line)
    return who
