"""Releases of PBX nodes and CT Gateways, compared by their parts and never as text (PRE-5).

`6.3` < `6.3 SP1` < `6.3 SP2` < `6.10`, and `5.0.64` < `5.0.100`. A missing part counts as zero.
"""

import re
from dataclasses import dataclass, field

from simulators.errors import ConfigurationError

_FORM = re.compile(r"(\d{1,9}(?:\.\d{1,9}){0,7})(?:\s*SP\s*(\d{1,9}))?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Release:
    """A release; `text` is how it was written and takes no part in comparing."""

    numbers: tuple[int, ...]
    service_pack: int
    text: str = field(compare=False)

    @classmethod
    def parse(cls, text: str) -> "Release":
        """Read `6.3`, `6.3 SP1` or `5.0.64`.

        Raises:
            ConfigurationError: it is written in another way.
        """
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise ConfigurationError(
                f"expected a release such as '6.3 SP1' or '5.0.64', got {text[:40]!r}"
            )
        numbers = [int(part) for part in found[1].split(".")]
        while len(numbers) > 1 and numbers[-1] == 0:
            numbers.pop()  # 6.3.0 is 6.3
        return cls(tuple(numbers), int(found[2] or 0), text.strip())

    def __str__(self) -> str:
        return self.text


FIRST_WITH_CREDENTIALS = Release.parse("6.3 SP1")
"""First PBX release with random SIP credentials per extension (PRE-3)."""

FIRST_GATEWAY_WITH_CREDENTIALS = Release.parse("5.0.64")
"""First CT Gateway release that hands those credentials on (PRE-4)."""
