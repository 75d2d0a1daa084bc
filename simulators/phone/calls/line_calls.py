"""The calls of a phone's lines, pure: what a person does with them and what the far end does.

One call a line, busy beyond that; audio agreed in session descriptions (RFC 3264), hold by
re-INVITE. What a person does returns False where it can't be done now: the far end was quicker, or
the line is used otherwise.
"""

from simulators.core import Entropy
from simulators.phone.calls import description
from simulators.phone.calls.audio import AudioPorts
from simulators.phone.calls.description import UnusableDescription
from simulators.phone.calls.line_call import FarEnd, LineCall, caller, how, invitation
from simulators.phone.calls.line_table import ALERTING, TALKING, Activity, Step
from simulators.phone.calls.srtp import KEY, SALT, MasterKey
from simulators.phone.calls.unsolicited import ALLOW
from simulators.phone.files.lines import Line, Lines
from simulators.sip.call_events import (
    CallAcknowledged,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallProgress,
    CallReoffered,
    DialogRequest,
    ReofferRefused,
)
from simulators.sip.calls import Calls
from simulators.sip.headers import Uri
from simulators.sip.message import Request
from simulators.sip.transaction import Transactions

DECLINED = 603
RINGING = 180


class LineCalls:
    """All lines of one phone.

    Args:
        transactions: the layer; who owns it drives it, and offers its events to `take`.
        audio: opens RTP ports.
        events: where to put each `LineChanged`.
    """

    def __init__(
        self,
        transactions: Transactions,
        entropy: Entropy,
        audio: AudioPorts,
        events: list[object],
    ) -> None:
        self.lines: dict[int, LineCall] = {}
        self._calls = Calls(transactions, entropy)
        self._audio = audio
        self._trusted: frozenset[str] | None = None
        self._events = events
        self._entropy = entropy

    def serve(self, lines: Lines) -> None:
        """Take and make calls for these lines."""
        self.lines = {line.number: LineCall(line) for line in lines.lines}
        self.trust(lines)

    def trust(self, lines: Lines) -> None:
        """Who may call from now on."""
        spares = (line.backup.registrar for line in lines.lines if line.backup)
        proxies = (line.backup_proxy for line in lines.lines if line.backup_proxy)
        firsts = (at for line in lines.lines for at in (line.proxy, line.account.registrar))
        hosts = {host for ends in (firsts, spares, proxies) for host, _ in ends}
        self._trusted = frozenset(hosts) if lines.whitelist else None

    def put(self, line: Line) -> None:
        """A line that is idle is another one, or a new one."""
        if line.number in self.lines:
            self.lines[line.number].line, self.lines[line.number].proxy = line, None
        else:
            self.lines = dict(sorted({**self.lines, line.number: LineCall(line)}.items()))

    def idle(self, number: int) -> bool:
        """Whether a line has no call, or there is none."""
        return number not in self.lines or self.lines[number].activity is Activity.IDLE

    # What a person does

    def off_hook(self, line: int) -> bool:
        """Take the line for a call."""
        call = self.lines.get(line)
        if call is None or not call.takes(Step.OFF_HOOK):
            return False
        call.digits, call.message = "", ""
        self._move(call, Step.OFF_HOOK)
        return True

    def digit(self, line: int, digit: str) -> bool:
        """One digit of the number to call."""
        call = self.lines.get(line)
        if call is None or not call.takes(Step.DIGIT):
            return False
        call.digits += digit
        self._move(call, Step.DIGIT)
        return True

    def dial(self, line: int, now: float) -> bool:
        """Call the number that was dialled."""
        call = self.lines.get(line)
        if call is None or not call.takes(Step.DIAL) or not call.digits:
            return False
        port = self._audio.open(line)
        if port is None:
            return False
        call.begin("", FarEnd(call.digits), port, incoming=False)
        call.srtp_key = self._srtp_key(call)
        call.key = self._calls.invite(invitation(call), now)
        self._move(call, Step.DIAL)
        return True

    def answer(self, line: int, now: float) -> bool:
        """Take the call that rings."""
        call = self.lines.get(line)
        if call is None or not call.takes(Step.ANSWER):
            return False
        if not self._calls.answer(call.key, now, body=self._description(call)):
            return False
        self._move(call, Step.ANSWER)
        self._aim(call)
        return True

    def ignore(self, line: int, now: float) -> bool:
        """Refuse the call that rings."""
        call = self.lines.get(line)
        if call is None or not call.takes(Step.IGNORE):
            return False
        self._move(call, Step.IGNORE)
        self._calls.refuse(call.key, DECLINED, now)
        return True

    def hold(self, line: int, now: float) -> bool:
        """Let the far end wait (RFC 3264 section 8.4)."""
        return self._reoffer(line, Step.HOLD, "sendonly", now)

    def resume(self, line: int, now: float) -> bool:
        """Talk again."""
        return self._reoffer(line, Step.RESUME, "sendrecv", now)

    def hang_up(self, line: int, now: float) -> bool:
        """End whatever the line does."""
        call = self.lines.get(line)
        if call is None or not call.takes(Step.HANG_UP):
            return False
        if call.activity is Activity.INCOMING:
            return self.ignore(line, now)
        self._move(call, Step.HANG_UP)
        if call.activity is Activity.CLEARING:
            self._audio.close(line)
            self._calls.hang_up(call.key, now)
        return True

    # What drives them

    def take(self, event: object, now: float) -> bool:
        """Take an event of the transaction layer; False if it is about no call."""
        return self._calls.take(event, now)

    def work(self, now: float) -> None:
        """Heed what happened to calls."""
        while events := self._calls.events():
            for event in events:
                self._heed(event, now)

    def timer_at(self) -> float | None:
        """When `handle_timer` wants to be called, or None."""
        return self._calls.timer_at()

    def handle_timer(self, now: float) -> None:
        """Repeat answers, give up, end what rang too long."""
        self._calls.handle_timer(now)

    # What the far end does

    def _heed(self, event: object, now: float) -> None:
        match event:
            case CallOffered():
                self._offered(event, now)
            case CallProgress():
                self._progress(event)
            case CallAnswered():
                self._answered(event, now)
            case CallAcknowledged():
                self._acknowledged(event, now)
            case CallReoffered():
                self._reoffered(event, now)
            case ReofferRefused():
                self._reoffer_refused(event)
            case DialogRequest():
                self._dialog_request(event, now)
            case CallEnded():
                self._ended(event)

    def _offered(self, event: CallOffered, now: float) -> None:
        call = self._called(event.request)
        trusted = self._trusted is None or event.peer[0] in self._trusted
        if not trusted or call is None:
            self._calls.refuse(event.key, 404 if trusted else 403, now)
            return
        if not call.takes(Step.OFFERED):
            self._calls.refuse(event.key, 486, now)
            return
        try:
            body = event.request.body
            peer = description.read(body, call.line.srtp) if body else None
        except UnusableDescription:
            self._calls.refuse(event.key, 488, now)
            return
        port = self._audio.open(call.number)
        if port is None:
            self._calls.refuse(event.key, 480, now)
            return
        call.begin(event.key, caller(event.request), port, incoming=True)
        call.srtp_key = self._srtp_key(call)
        call.peer = peer
        self._calls.ring(event.key, now)
        self._move(call, Step.OFFERED)

    def _progress(self, event: CallProgress) -> None:
        call = self._by_key(event.key)
        if call is not None and event.response.status >= RINGING and call.takes(Step.RINGS):
            self._move(call, Step.RINGS)

    def _answered(self, event: CallAnswered, now: float) -> None:
        call = self._by_key(event.key)
        if call is None:
            return
        if call.activity in ALERTING:
            self._move(call, Step.ANSWERED)
        if call.activity in TALKING:
            self._heard_description(call, event.response.body, now)

    def _acknowledged(self, event: CallAcknowledged, now: float) -> None:
        call = self._by_key(event.key)
        if call is not None and call.peer is None and call.activity in TALKING:
            self._heard_description(call, event.request.body, now)

    def _reoffered(self, event: CallReoffered, now: float) -> None:
        call = self._by_key(event.key)
        if call is None:
            self._calls.refuse(event.key, 481, now)
            return
        try:
            body = event.request.body
            call.peer = description.read(body, call.line.srtp) if body else None
        except UnusableDescription:
            self._calls.refuse(event.key, 488, now)
            return
        self._calls.answer(event.key, now, body=self._description(call))
        self._aim(call)

    def _reoffer_refused(self, event: ReofferRefused) -> None:
        call = self._by_key(event.key)
        if call is not None and call.activity is Activity.CONNECTED:
            self._aim(call)  # a refused resume: the call is as it was, and we talk on

    def _dialog_request(self, event: DialogRequest, now: float) -> None:
        method, body = event.request.method, event.request.body
        if method == "UPDATE" and body:
            status = 488  # sessions are changed by re-INVITE alone
        else:
            status = 200 if method in ("INFO", "OPTIONS", "UPDATE") else 405
        self._calls.respond(event.transaction, event.request, status, now, headers=(ALLOW,))

    def _ended(self, event: CallEnded) -> None:
        call = self._by_key(event.key)
        if call is None:
            return
        self._audio.close(call.number)
        call.key, call.message = "", call.message or how(event)
        self._move(call, Step.OVER, event)

    # Shared

    def _reoffer(self, line: int, step: Step, direction: str, now: float) -> bool:
        call = self.lines.get(line)
        if call is None or not call.takes(step):
            return False
        body = description.offer(
            call.port, call.version + 1, direction, srtp=call.line.srtp, key=call.srtp_key
        )
        if not self._calls.reinvite(call.key, now, body=body):
            return False
        call.next_version()
        self._move(call, step)
        if step is Step.HOLD:
            self._aim(call)
        return True

    def _heard_description(self, call: LineCall, body: bytes, now: float) -> None:
        """The far end's answer; without one that we can speak there is nothing to talk about."""
        try:
            call.peer = description.read(body, call.line.srtp)
        except UnusableDescription:
            call.message = "No common codec"
            self.hang_up(call.number, now)
        else:
            self._aim(call)

    def _description(self, call: LineCall) -> bytes:
        """Our answer to the peer's offer, or our offer where it made none."""
        held = call.activity is Activity.HELD
        if call.peer is None:
            direction = "sendonly" if held else "sendrecv"
            return call.offer(direction)
        version = call.next_version()
        return description.answer(call.peer, call.port, version, holds=held, key=call.srtp_key)

    def _srtp_key(self, call: LineCall) -> MasterKey | None:
        return MasterKey(self._entropy(KEY + SALT)) if call.line.srtp else None

    def _aim(self, call: LineCall) -> None:
        peer = call.peer
        if peer is not None:
            if call.srtp_key is not None:
                self._audio.secure(call.number, call.srtp_key, peer.key)
            talks = call.activity is Activity.CONNECTED
            to = peer.address if talks and peer.receives else None
            self._audio.aim(call.number, to, peer.payload, listens=talks and peer.talks)

    def _called(self, request: Request) -> LineCall | None:
        """The line whose Contact the Request-URI is; Calls has seen that it can be read."""
        user = Uri.parse(request.uri).user
        return next((c for c in self.lines.values() if c.line.account.username == user), None)

    def _by_key(self, key: str) -> LineCall | None:
        return next((call for call in self.lines.values() if call.key == key), None)

    def _move(self, call: LineCall, step: Step, ended: CallEnded | None = None) -> None:
        self._events.append(call.move(step, ended))
