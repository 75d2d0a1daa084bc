"""Releases compared by their parts, never as text (PRE-5).

``6.3 SP1`` < ``6.3 SP2`` < ``6.10`` and ``5.0.64`` < ``5.0.100``. A release is dotted numbers, then
perhaps a service pack and a patch release. Trailing zeros say nothing: ``6.3`` equals ``6.3.0``.
"""

import re
from dataclasses import dataclass

_SHAPE = re.compile(
    r"\s*v?(?P<numbers>\d+(?:\.\d+)*)(?:\s*SP\s*(?P<pack>\d+))?(?:\s*PR\s*(?P<patch>\d+))?\s*",
    re.IGNORECASE | re.ASCII,
)


class UnreadableVersion(ValueError):
    """The text is no release."""


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """One release; the order of the fields is the order of comparison."""

    numbers: tuple[int, ...]
    service_pack: int = 0
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Read ``11.4.0.225``, ``6.3 SP1`` or ``6.3 SP1 PR2``.

        Raises:
            UnreadableVersion: anything else.
        """
        match = _SHAPE.fullmatch(text)
        if match is None or len(text) > 64:
            raise UnreadableVersion(f"{text[:64]!r} is not a release such as 6.3 SP1 or 5.0.64")
        numbers = [int(part) for part in match["numbers"].split(".")]
        while len(numbers) > 1 and numbers[-1] == 0:
            numbers.pop()
        return cls(tuple(numbers), int(match["pack"] or 0), int(match["patch"] or 0))

    def __str__(self) -> str:
        text = ".".join(str(number) for number in self.numbers)
        if self.service_pack:
            text += f" SP{self.service_pack}"
        if self.patch:
            text += f" PR{self.patch}"
        return text
