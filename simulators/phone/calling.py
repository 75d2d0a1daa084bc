"""What a person's hands do with calls: keys, and what they come to."""

from abc import abstractmethod

from simulators.errors import BenchError
from simulators.phone.calls.audio import Stream
from simulators.phone.calls.call_screen import (
    DIGITS,
    HARD_KEYS,
    LABELS,
    LINE_KEY,
    Act,
    in_front,
    meaning,
)
from simulators.phone.calls.line_call import LineCall
from simulators.phone.calls.line_table import LAMPS, Activity, Lamp
from simulators.phone.controls import Controls
from simulators.phone.files.keys import Key
from simulators.phone.menu.menu_table import KEYS, Place
from simulators.phone.telephone import Telephone

ONLY_FOR_CALLS = (HARD_KEYS | LABELS) - KEYS
"""Keys that the menu knows nothing of."""


class Calling(Controls):
    """The keys of calls over one telephone."""

    _telephone: Telephone

    @property
    @abstractmethod
    def keys(self) -> tuple[Key, ...]:
        """The keys that it shows."""

    # What it shows

    @property
    def calls(self) -> dict[int, LineCall]:
        """Each line in service with its call: activity, far end, how the last one ended."""
        return self._telephone.lines

    @property
    def call(self) -> LineCall | None:
        """The line that is used now; None while all are idle."""
        return in_front(self.calls)

    @property
    def lamps(self) -> dict[int, Lamp]:
        """How each line's lamp burns."""
        return {number: LAMPS[call.activity] for number, call in self.calls.items()}

    @property
    def backup_used(self) -> tuple[int, ...]:
        """The lines that are registered at their backup registrar."""
        return tuple(number for number in self.calls if self._telephone.uses_backup(number))

    @property
    def registered_as(self) -> list[str] | None:
        """The extensions under which it is registered; None while a registrar is being asked."""
        return self._telephone.registered_as

    @property
    def requests_sent_again(self) -> int:
        """SIP requests that a timer had sent once more, since the phone was made."""
        return self._telephone.requests_sent_again

    @property
    def audio(self) -> dict[int, Stream]:
        """What was said and heard in each line's latest call."""
        return {} if self._telephone.audio is None else self._telephone.audio.streams

    @property
    def heard_audio(self) -> bool:
        """Whether anything was heard in the latest call of a line since audio was agreed."""
        return any(stream.heard_from is not None for stream in self.audio.values())

    # What a person does

    def dial(self, number: str) -> None:
        """Call a number: speaker key, digits, Dial.

        Raises:
            BenchError: the phone can't call now.
        """
        self.press("Speaker")
        for digit in number:
            self.press(digit)
        self.press("Dial")
        self._check(Activity.CALLING, f"call {number}")

    def answer(self) -> None:
        """Take the call that rings.

        Raises:
            BenchError: none does.
        """
        self.press("Answer")
        self._check(Activity.CONNECTED, "answer")

    def refuse(self) -> None:
        """Refuse the call that rings, by the softkey Ignore.

        Raises:
            BenchError: none does.
        """
        if self.call is None or self.call.activity is not Activity.INCOMING:
            raise BenchError(
                f"expected a call that rings, to refuse it; the phone shows {self.screen}"
            )
        self.press("Ignore")

    def hold(self) -> None:
        """Let the far end wait.

        Raises:
            BenchError: nobody is there to wait, or the phone and its peer are still busy agreeing.
        """
        self.press("Hold")
        self._check(Activity.HELD, "hold")

    def resume(self) -> None:
        """Talk again with who waits.

        Raises:
            BenchError: nobody does.
        """
        if self.call is None or self.call.activity is not Activity.HELD:
            raise BenchError(f"expected a held call, to resume it; the phone shows {self.screen}")
        self.press("Hold")
        self._check(Activity.CONNECTED, "resume")

    def hang_up(self) -> None:
        """The Goodbye key; does nothing to a phone that is idle."""
        self.press("Goodbye")

    def _check(self, wanted: Activity, what: str) -> None:
        if self.call is None or self.call.activity is not wanted:
            raise BenchError(f"expected to {what}, but the phone shows {self.screen}")

    # What a key does

    def _call_key(self, key: str) -> bool:
        """Press a key; False where it is the menu's business."""
        call = self.call
        if call is None and self._menu.place is not Place.IDLE:
            return key in ONLY_FOR_CALLS
        number = self._line_of(key)
        if number is not None:
            return self._line_key(number)
        if call is None:
            return self._begin(key)
        if key in DIGITS:
            self._telephone.digit(call.number, key)
        elif (act := meaning(key, call)) is not None:
            self._act(act, call.number)
        return True  # while there is a call, all keys are for it

    def _line_key(self, number: int) -> bool:
        call = self.calls.get(number)
        if call is None:
            return True  # a line without an account: nothing comes of its key
        front = self.call
        if front is not None and front is not call and front.activity is Activity.CONNECTED:
            self._telephone.hold(front.number)
        act = LINE_KEY.get(call.activity)
        if act is not None:
            self._act(act, number)
        return True

    def _begin(self, key: str) -> bool:
        """The first key of a call: the speaker, or a digit, takes the first line."""
        line = next(iter(self.calls), None)
        if line is None or (key != "Speaker" and key not in DIGITS):
            return key in ONLY_FOR_CALLS
        self._telephone.off_hook(line)
        if key in DIGITS:
            self._telephone.digit(line, key)
        return True

    def _line_of(self, key: str) -> int | None:
        """The line whose key has this label."""
        return next((k.line for k in self.keys if k.type == "line" and k.label == key), None)

    def _act(self, act: Act, line: int) -> None:
        telephone = self._telephone
        {
            Act.OFF_HOOK: telephone.off_hook,
            Act.DIAL: telephone.dial,
            Act.ANSWER: telephone.answer,
            Act.IGNORE: telephone.ignore,
            Act.HOLD: telephone.hold,
            Act.RESUME: telephone.resume,
            Act.HANG_UP: telephone.hang_up,
        }[act](line)
