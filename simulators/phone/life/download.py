"""One round of downloading the configuration: three files, in their order, all or nothing."""

from collections.abc import Mapping

from simulators.errors import LocalProtocolError
from simulators.phone.files.config_file import EMPTY, ConfigurationFile, Layers, Problem, read

FIRST_FILE = "startup.cfg"
FOUND = 200
MISSING = (404, 410)


class Download:
    """Knows which file is next and what came.

    Args:
        model_file: `6930.cfg`.
        phone_file: `1400E9123456.cfg`.
        background: the phone is in service meanwhile, with its cached configuration.
        asked: a check-sync asked for it; then a failure shows no message and is not tried again.
    """

    def __init__(
        self, model_file: str, phone_file: str, *, background: bool = False, asked: bool = False
    ) -> None:
        self.background = background
        self.asked = asked
        self._order = (FIRST_FILE, model_file, phone_file)
        self._files: list[ConfigurationFile] = []

    @property
    def awaited(self) -> str:
        """The file to ask for now; empty when all came."""
        return self._order[len(self._files)] if len(self._files) < len(self._order) else ""

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
        file = read(body) if status == FOUND else EMPTY
        self._files.append(file)
        return file.problems

    def layers(self, local: Mapping[str, str]) -> Layers:
        """The layers that the complete files make with the local values."""
        startup, model, phone = self._files
        return Layers(startup, model, phone, local)
