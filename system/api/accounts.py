"""Administrators and their log-ins: argon2 password hashes, bearer tokens of which only a digest is
kept.
"""

import asyncio
import base64
import hashlib

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import delete

from system.clock import Clock
from system.config import PasswordHashCost
from system.domain.credentials import Entropy, random_password
from system.errors import NotLoggedIn
from system.storage.database import Database
from system.storage.models import Administrator, ApiSession

ADMINISTRATOR = "admin"
_HASHING_AT_ONCE = 2


class Accounts:
    """Log-ins of administrators."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        entropy: Entropy,
        *,
        cost: PasswordHashCost,
        session_s: float,
    ) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._session_s = session_s
        if cost == "test":
            self._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        else:
            self._hasher = PasswordHasher()
        # Each hash takes 64 MiB and much of a processor: a flood of log-ins must queue up.
        self._slots = asyncio.Semaphore(_HASHING_AT_ONCE)

    async def ensure_administrator(self, password: str | None) -> str | None:
        """See to it that the account "admin" is there, with ``password`` if one is given.

        Returns:
            The password, only if it was made here at random.
        """
        async with self._database.read() as session:
            stored = await session.get(Administrator, ADMINISTRATOR)
        if password is None and stored is not None:
            return None
        if (
            password is not None
            and stored is not None
            and await self._matches(stored.password_hash, password)
        ):
            return None
        chosen = password or random_password(self._entropy)
        password_hash = await self._hash(chosen)
        async with self._database.write() as session:
            await session.merge(Administrator(username=ADMINISTRATOR, password_hash=password_hash))
            # Whoever logged in with the earlier password is out.
            await session.execute(delete(ApiSession).where(ApiSession.username == ADMINISTRATOR))
        return chosen if password is None else None

    async def log_in(self, username: str, password: str) -> tuple[str, float]:
        """A bearer token and the epoch second when it ends.

        Raises:
            NotLoggedIn: name or password is wrong; which of them is not said.
        """
        async with self._database.read() as session:
            account = await session.get(Administrator, username)
        # An unknown name takes as long as a wrong password, so that names cannot be probed.
        known_hash = account.password_hash if account else await self._hash("no such account")
        matches = await self._matches(known_hash, password)
        if account is None or not matches:
            raise NotLoggedIn("login_refused", "User name or password is wrong.")
        token = base64.urlsafe_b64encode(self._entropy(32)).decode("ascii").rstrip("=")
        now = self._clock.now()
        expires_at = now + self._session_s
        async with self._database.write() as session:
            await session.execute(delete(ApiSession).where(ApiSession.expires_at <= now))
            session.add(
                ApiSession(token_sha256=_digest(token), username=username, expires_at=expires_at)
            )
        return token, expires_at

    async def check(self, token: str) -> str:
        """The user name that a bearer token belongs to.

        Raises:
            NotLoggedIn: unknown or expired.
        """
        async with self._database.read() as session:
            found = await session.get(ApiSession, _digest(token))
        if found is None or found.expires_at <= self._clock.now():
            raise NotLoggedIn("not_logged_in", "The log-in is unknown or has ended. Log in again.")
        return found.username

    async def _hash(self, password: str) -> str:
        salt = self._entropy(16)
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password, salt=salt)

    async def _matches(self, password_hash: str, password: str) -> bool:
        async with self._slots:
            try:
                return await asyncio.to_thread(self._hasher.verify, password_hash, password)
            except VerificationError:
                return False


def _digest(token: str) -> str:
    # What a header holds beside ASCII comes as surrogates.
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()
