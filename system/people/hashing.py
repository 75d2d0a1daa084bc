"""Password hashes: argon2id, off the event loop, a few at a time, and as dear for unknown names."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from system.config import PasswordHashCost
from system.domain.credentials import Entropy

_AT_ONCE = 2
_NOBODYS_PASSWORD = "no such account"


class Hashing:
    """Makes and checks password hashes."""

    def __init__(self, cost: PasswordHashCost, entropy: Entropy) -> None:
        self._entropy = entropy
        if cost == "test":
            self._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        else:
            self._hasher = PasswordHasher()
        # Each hash takes 64 MiB and much of a processor: a flood of log-ins must queue up.
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._nobody = self._hasher.hash(_NOBODYS_PASSWORD)
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
