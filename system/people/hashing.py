"""Password hashes: argon2id, off the event loop, a few at a time, and as dear for unknown names."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from system.config import PasswordHashCost
from system.domain.credentials import Entropy

_AT_ONCE = 2
NOBODYS: dict[PasswordHashCost, str] = {
    "standard": "$argon2id$v=19$m=65536,t=3,p=4$EQcGjYtiuhmoGCihD2XNOA"
    "$6xEni6f6+awm8XBD5sCWjEQbVhUICR68SNJ1A0osx68",
    "test": "$argon2id$v=19$m=8,t=1,p=1$2cMO8VQezGeRY1fVGbA7RQ"
    "$PJR8Io94jKRBjfJuWkt9QXKB/cL0RwEbfTqaMyHLU8Y",
}
"""What passwords for unknown names are checked against: hashes of random passwords that nobody
kept. Made beforehand, for one takes a quarter of a second, at each start."""


def hasher(cost: PasswordHashCost) -> PasswordHasher:
    """What makes hashes of that cost."""
    if cost == "test":
        return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return PasswordHasher()


class Hashing:
    """Makes and checks password hashes."""

    def __init__(self, cost: PasswordHashCost, entropy: Entropy) -> None:
        self._entropy = entropy
        self._hasher = hasher(cost)
        # Each hash takes 64 MiB and much of a processor: a flood of log-ins must queue up.
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._nobody = NOBODYS[cost]
        self.checks = 0
        """How many passwords were checked; one per try, whoever it was for."""

    async def make(self, password: str) -> str:
        """The hash of a new password, with a salt of its own."""
        salt = self._entropy(16)
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password, salt=salt)

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether the password fits.

        ``None`` is a name that nobody has: checked against a hash of the same cost, so that the
        answer takes as long and names cannot be probed.
        """
        self.checks += 1
        async with self._slots:
            try:
                fits = await asyncio.to_thread(
                    self._hasher.verify, password_hash or self._nobody, password
                )
            except (VerificationError, InvalidHashError):
                return False
        return fits and password_hash is not None
