"""One round of downloading the configuration: the files in their order, all or nothing."""

from collections.abc import Mapping

from simulators.errors import LocalProtocolError
from simulators.phone.files.config_file import EMPTY, ConfigurationFile, Layers, Problem, read
from simulators.phone.habits import LifeSettings

FIRST_FILE = "startup.cfg"
OLDER_FIRST_FILE = "aastra.cfg"
FOUND = 200
MISSING = (404, 410)


class Download:
    """Knows which file is next and what came.

    Args:
        model_file: `6930.cfg`.
        phone_file: `1400E9123456.cfg`.
        habits: whether the older name of the first file is asked for, and whether an empty first
            file ends it.
        background: the phone is in service meanwhile, with its cached configuration.
        asked: a check-sync or a resync asked for it; then a failure shows no message and is not
            tried again.
    """

    def __init__(
        self,
        model_file: str,
        phone_file: str,
        *,
        habits: LifeSettings | None = None,
        background: bool = False,
        asked: bool = False,
    ) -> None:
        self.background = background
        self.asked = asked
        self._habits = habits or LifeSettings()
        self._left = [FIRST_FILE, model_file, phone_file]
        self._files: list[ConfigurationFile] = []

    @property
    def awaited(self) -> str:
        """The file to ask for now; empty when all came."""
        return self._left[0] if self._left else ""

    def expect(self, path: str) -> None:
        """Check that an answer is the awaited one.

        Raises:
            LocalProtocolError: it is not.
        """
        if not path or path != self.awaited:
            awaited = self.awaited or "nothing"
            raise LocalProtocolError(f"an answer for {path} came, {awaited} was asked for")

    def usable(self, status: int) -> bool:
        """Whether an HTTP status tells what the file is: found, or not there (no error)."""
        return status == FOUND or status in MISSING

    def take(self, status: int, body: bytes) -> tuple[Problem, ...]:
        """Take the awaited file; returns what could not be read in it."""
        if self._left[0] == FIRST_FILE and status != FOUND and self._habits.asks_older_first_file:
            self._left[0] = OLDER_FIRST_FILE
            return ()
        file = read(body) if status == FOUND else EMPTY
        self._left.pop(0)
        self._files.append(file)
        first_is_empty = len(self._files) == 1 and status == FOUND and not body.strip()
        if first_is_empty and self._habits.empty_first_file_ends:
            self._left.clear()
            return (*file.problems, Problem(0, "the first file is empty: no other is asked for"))
        return file.problems

    def layers(self, local: Mapping[str, str], elsewhere: ConfigurationFile = EMPTY) -> Layers:
        """The layers that the complete files make with the local values."""
        startup, model, phone = (*self._files, EMPTY, EMPTY)[:3]
        return Layers(startup, model, phone, local, elsewhere=elsewhere)
