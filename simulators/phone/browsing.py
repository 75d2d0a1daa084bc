"""What XML objects and configured keys do on a handset: the desk's driver, and hands for both."""

import asyncio
from abc import abstractmethod

from simulators.clock import Clock, Timer
from simulators.journal import Journal
from simulators.phone.calls.history import CallHistory
from simulators.phone.calls.line_table import Activity
from simulators.phone.errands import Errands
from simulators.phone.files.config_file import is_secret
from simulators.phone.files.server import validates
from simulators.phone.key_hands import KeyHands
from simulators.phone.life import actions as do
from simulators.phone.life.commands import ERASE, RESTARTS
from simulators.phone.life.life import Life
from simulators.phone.life.states import IN_SERVICE
from simulators.phone.menu.menu import Menu
from simulators.phone.sound import Sound
from simulators.phone.xml.desk import Desk, Get, Noted, Outcome, Press, Reconfigure, Restart
from simulators.phone.xml.media import EndFile, EndStream, PlayFile, Receive, Send
from simulators.phone.xml.uris import DialNumber

GET_TIMEOUT_S = 30
"""`xml get timeout` where it isn't configured; a whole GET is bounded anyway."""


class Browsing(KeyHands):
    """Drives the desk of a handset: GETs, timers, what it wants of the phone."""

    role: str
    _life: Life
    _clock: Clock
    _journal: Journal
    _errands: Errands

    def __init__(self, menu: Menu) -> None:
        super().__init__(menu)
        self._desk = Desk()
        self.history = CallHistory()
        self._pages = {}
        self._desk_timer: Timer | None = None
        self._desk_working = False
        self._sound = Sound(
            self.role, self._clock, self._journal, lambda: self._telephone.audio, self._handle
        )

    @abstractmethod
    async def _get(self, path: str, url: str, validate: bool) -> do.Fetched | do.FetchFailed:
        """GET an address."""

    @abstractmethod
    def _handle(self, result: do.Result) -> None:
        """Give the life a result."""

    @abstractmethod
    def _told(self) -> None:
        """Tell who waits for news."""

    # What comes

    def take_object(self, data: bytes, source: str, refresh: str = "") -> None:
        """An XML object came as octets from `source` (a push, NOTIFY, an action URI's answer)."""
        self._desk.take(data, source, self._clock.steady(), refresh=refresh)
        self._desk_work()

    def _notified(self, body: bytes) -> None:
        """A NOTIFY aastra-xml: a push, or without a body a request to call the action URI."""
        if body:
            self.take_object(body, "NOTIFY")
        else:
            self._handle(do.XmlNotified())

    def _action_answered(self, name: str, result: do.Fetched | do.FetchFailed) -> None:
        if isinstance(result, do.FetchFailed):
            self._journal.happened(self.role, "action URI failed", uri=name, reason=result.reason)
        elif result.status == 200 and result.body.strip():
            self.take_object(result.body, name, result.refresh)

    def _line_used(self, used: do.LineUsed) -> None:
        """Remember calls; a call goes before the screens that were there."""
        facts, before = used.after, used.before
        minutes = int(self._clock.now() // 60)
        at = f"{minutes // 60 % 24:02}:{minutes % 60:02}"
        self.history.ended(before, facts.activity, facts.number, facts.name, facts.incoming, at)
        others = [call for number, call in self.calls.items() if number != facts.line]
        busy = any(call.activity is not Activity.IDLE for call in others)
        if facts.activity is Activity.IDLE and not busy:
            self._desk.call_ended()
        elif before is Activity.IDLE:
            self._sound.stop()
            self._desk.call_began()

    def _close_desk(self) -> None:
        self._sound.drop()
        self._desk.clear(self._clock.steady())
        self._pages.clear()
        self.notice = ""
        if self._desk_timer is not None:
            self._desk_timer.cancel()
            self._desk_timer = None

    # The desk's outcomes

    def _desk_work(self) -> None:
        """Carry out what the desk wants; a key that it presses may make it want more."""
        if self._desk_working:
            return
        self._desk_working = True
        try:
            while outcomes := self._desk.outcomes():
                for outcome in outcomes:
                    self._desk_outcome(outcome)
        finally:
            self._desk_working = False
        self._arm_desk()
        self._told()

    def _desk_outcome(self, outcome: Outcome) -> None:
        match outcome:
            case Noted(name, facts):
                self._journal.happened(self.role, name, **facts)
            case Get():
                self._errands.start(self._visit(outcome))
            case Reconfigure(values):
                given = [v for layer in values.values() for n, v in layer.items() if is_secret(n)]
                self._journal.masker.learn(*given)
                self._handle(do.ParametersGiven(values))
            case Restart():
                self._restart_by_xml(outcome)
            case DialNumber(number, line):
                self._dial_number(number, line)
            case Receive() | Send() | EndStream():
                self._stream(outcome)
            case PlayFile():
                self._errands.start(self._play(outcome))
            case EndFile(melody):
                self._sound.stop(melody)
            case Press(wish, depth):
                self._pressed_at = depth
                try:
                    self._press_wish(wish)
                finally:
                    self._pressed_at = -1

    def _stream(self, wish: Receive | Send | EndStream) -> None:
        """RTP without SIP has an audio path of its own: a call waits, unless both are mixed."""
        front = self.call
        talks = front is not None and front.activity is Activity.CONNECTED
        if front is not None and talks and not isinstance(wish, EndStream) and not wish.mix:
            self._telephone.hold(front.number)
        self._sound.stream(wish)

    async def _play(self, wish: PlayFile) -> None:
        result = await self._get("wave file", wish.url, False)
        idle = self.call is None and self._life.state in IN_SERVICE
        self._sound.fetched(wish, result, idle=idle)
        self._told()

    def _restart_by_xml(self, asked: Restart) -> None:
        """A command to restart; one that comes while the phone starts or flashes is too early."""
        if self._life.state not in IN_SERVICE:
            self._journal.happened(self.role, "command not obeyed", uri=asked.command,
                                   reason=f"the phone is {self._life.state.value}")  # fmt: skip
            return
        if asked.command == ERASE:
            self._life.set_local({}, erase=True)
        self._handle(RESTARTS[asked.command])

    async def _visit(self, get: Get) -> None:
        validate = validates(self._life.configuration)
        try:
            async with asyncio.timeout(self._get_timeout_s()):
                result = await self._get(f"xml {get.number}", self._life.url(get.url), validate)
        except TimeoutError:
            result = do.FetchFailed("", f"no answer within {self._get_timeout_s()} s")
        now = self._clock.steady()
        if isinstance(result, do.FetchFailed):
            self._desk.failed(get.number, result.reason, now)
        else:
            self._desk.answered(get.number, result.status, result.body, now, result.refresh)
        self._desk_work()

    def _get_timeout_s(self) -> int:
        text = self._life.configuration.get("xml get timeout", "")
        usable = text.isascii() and text.isdigit() and 0 < len(text) < 5
        return int(text) or GET_TIMEOUT_S if usable else GET_TIMEOUT_S

    def _arm_desk(self) -> None:
        at = self._desk.timer_at()
        if self._desk_timer is not None:
            self._desk_timer.cancel()
            self._desk_timer = None
        if at is not None:
            self._desk_timer = self._clock.call_at_steady(at, self._on_desk_timer)

    def _on_desk_timer(self) -> None:
        self._desk_timer = None
        self._desk.handle_timer(self._clock.steady())
        self._desk_work()
