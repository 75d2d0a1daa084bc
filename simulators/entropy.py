"""One seed for a run, and from it one independent stream of randomness per purpose.

A stream depends on the seed and its own name alone, so drawing more from one (more phones, another
test) never shifts what another yields: the same seed gives the same names, MACs and passwords.
"""

import hashlib
import random

from simulators.errors import ConfigurationError

MAX_SEED = 2**63 - 1


class Seed:
    """The run's seed: a whole number from 0 to 2**63 - 1.

    Raises:
        ConfigurationError: the number is out of range.
    """

    def __init__(self, number: int) -> None:
        if not 0 <= number <= MAX_SEED:
            raise ConfigurationError(
                f"a seed is a whole number from 0 to {MAX_SEED}, got {number}: choose another"
            )
        self.number = number

    @classmethod
    def parse(cls, text: str) -> "Seed":
        """Read a seed as a person typed it."""
        try:
            return cls(int(text))
        except ValueError:
            raise ConfigurationError(
                f"a seed is a whole number from 0 to {MAX_SEED}, got {text!r}: choose another"
            ) from None

    def stream(self, name: str) -> random.Random:
        """A generator that depends on this seed and `name` alone."""
        digest = hashlib.sha256(f"{self.number}/{name}".encode()).digest()
        return random.Random(int.from_bytes(digest[:16], "big"))

    def __repr__(self) -> str:
        return f"Seed({self.number})"
