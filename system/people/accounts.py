"""Log-ins: passwords in, tokens out; who a token belongs to; ending log-ins.

Three kinds: ``bearer`` for programs, ``browser`` for the site (the token is a cookie, and a CSRF
token goes with each change), ``phone manager``. Of a token only a digest is kept.
"""

import base64
import hashlib
import hmac
import logging
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from system.audit.trail import SYSTEM, Actor, add
from system.clock import Clock
from system.domain.credentials import Entropy, random_password
from system.domain.passwords import RULE, account_password_problem, plain_username
from system.domain.roles import Permission, Role, allows
from system.errors import Forbidden, InvalidInput, NotLoggedIn, TooManyAttempts
from system.people import failures
from system.people.hashing import Hashing
from system.storage.database import Database
from system.storage.people import LogIn, User

log = logging.getLogger("mcs.audit")

ADMINISTRATOR = "admin"
_SEEN_EVERY_S = 60
WRONG = "User name or password is wrong."


class LogInKind(StrEnum):
    """What a log-in is for."""

    BEARER = "bearer"
    BROWSER = "browser"
    PHONE_MANAGER = "phone manager"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token belongs to."""

    log_in_id: str
    kind: LogInKind
    user_id: int
    username: str
    display_name: str
    role: Role
    expires_at: float

    def may(self, permission: Permission) -> bool:
        """Whether the role allows it."""
        return allows(self.role, permission)


@dataclass(frozen=True, slots=True)
class NewLogIn:
    """A log-in that has just begun; the token is told this once."""

    token: str = field(repr=False)
    identity: Identity


class Accounts:
    """Log-ins of all accounts."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        entropy: Entropy,
        hashing: Hashing,
        *,
        session_s: float,
    ) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self.hashing = hashing
        self._session_s = session_s

    async def ensure_administrator(self, password: str | None) -> str | None:
        """See to it that the account "admin" is there, with ``password`` if one is given.

        Without one the account is made only where no engineer is left.

        Returns:
            The password, only if it was made here at random.
        """
        async with self._database.read() as session:
            stored = await session.scalar(select(User).where(User.username == ADMINISTRATOR))
            engineer = await session.scalar(
                select(User.id).where(User.role == Role.ENGINEER).limit(1)
            )
        if password is None and engineer is not None:
            return None
        if (
            password is not None
            and stored is not None
            and stored.role == Role.ENGINEER
            and await self.hashing.matches(stored.password_hash, password)
        ):
            return None
        chosen = password or random_password(self._entropy)
        password_hash = await self.hashing.make(chosen)
        async with self._database.write() as session:
            user = await session.scalar(select(User).where(User.username == ADMINISTRATOR))
            if user is None:
                user = User(username=ADMINISTRATOR, display_name="Administrator")
                session.add(user)
            user.role, user.password_hash = Role.ENGINEER, password_hash
            await session.flush()
            # Whoever logged in with the earlier password is out.
            await session.execute(delete(LogIn).where(LogIn.user_id == user.id))
            add(
                session,
                self._clock.now(),
                SYSTEM,
                "password set at start",
                f"/users/{ADMINISTRATOR}",
            )
        return chosen if password is None else None

    async def log_in(
        self,
        username: str,
        password: str,
        source: str,
        kind: LogInKind,
        *,
        device: str = "",
        refused_code: str = "login_refused",
    ) -> NewLogIn:
        """Check the password and begin a log-in.

        Raises:
            TooManyAttempts: too many failures; the password was not looked at.
            NotLoggedIn: name or password is wrong; which of them is not said.
            Forbidden: the account may not log in here.
        """
        name, now = plain_username(username), self._clock.now()
        async with self._database.write() as session:
            user = await session.scalar(select(User).where(User.username == name))
            waits_s = await failures.begin_try(session, name, source, user, now)
        if waits_s > 0:
            raise TooManyAttempts(waits_s)
        fits = await self.hashing.matches(user.password_hash if user else None, password)
        if user is None or not fits:
            await self._note_failure(source, user, kind)
            raise NotLoggedIn(refused_code, WRONG)
        if kind is LogInKind.PHONE_MANAGER and not allows(
            Role(user.role), Permission.PHONE_MANAGER
        ):
            await self._note_role_refused(user, source)
            raise Forbidden(
                "phone_manager_not_allowed",
                f"The role {user.role} does not include Phone Manager. An engineer can change the "
                "role on the page Users.",
            )
        return await self._begin(user, source, kind, device)

    async def check(self, token: str) -> Identity:
        """Who a token belongs to.

        Raises:
            NotLoggedIn: unknown, expired or ended.
        """
        now = self._clock.now()
        statement = (
            select(LogIn)
            .where(LogIn.token_sha256 == digest(token))
            .options(joinedload(LogIn.user, innerjoin=True))
        )
        async with self._database.read() as session:
            found = await session.scalar(statement)
        if found is None or found.expires_at <= now:
            raise NotLoggedIn("not_logged_in", "The log-in is unknown or has ended. Log in again.")
        if now - found.last_seen_at >= _SEEN_EVERY_S:
            async with self._database.write() as session:
                row = await session.get(LogIn, found.id)
                if row is not None:
                    row.last_seen_at = now
        return _identity(found, found.user)

    async def log_out(self, identity: Identity, actor: Actor) -> None:
        """End one's own log-in."""
        async with self._database.write() as session:
            await session.execute(delete(LogIn).where(LogIn.id == identity.log_in_id))
            add(session, self._clock.now(), actor, "logged out", f"/users/{identity.username}")

    async def change_password(
        self, identity: Identity, current: str, new: str, actor: Actor
    ) -> None:
        """One's own password; all other log-ins of the account end.

        Raises:
            TooManyAttempts: the present password was wrong too often.
            InvalidInput: the present password is wrong, or the new one breaks the rule.
        """
        check_rule(new, identity.username, "new_password")
        now = self._clock.now()
        async with self._database.write() as session:
            user = await session.get_one(User, identity.user_id)
            waits_s = await failures.begin_try(session, user.username, actor.source, user, now)
        if waits_s > 0:
            raise TooManyAttempts(waits_s)
        if not await self.hashing.matches(user.password_hash, current):
            await self._note_failure(actor.source, user, identity.kind)
            raise InvalidInput(
                "password_wrong", "The present password is wrong.", field="current_password"
            )
        password_hash = await self.hashing.make(new)
        async with self._database.write() as session:
            stored = await session.get_one(User, identity.user_id, with_for_update=True)
            stored.password_hash = password_hash
            await failures.note_success(session, stored, actor.source, now)
            await end_log_ins(session, stored.id, but=identity.log_in_id)
            add(session, now, actor, "password changed", f"/users/{stored.username}")

    async def forget_old(self) -> None:
        """Remove log-ins that have ended."""
        async with self._database.write() as session:
            await session.execute(delete(LogIn).where(LogIn.expires_at <= self._clock.now()))

    async def _begin(self, user: User, source: str, kind: LogInKind, device: str) -> NewLogIn:
        token = base64.urlsafe_b64encode(self._entropy(32)).decode("ascii").rstrip("=")
        now = self._clock.now()
        row = LogIn(
            id=self._entropy(8).hex(),
            token_sha256=digest(token),
            user_id=user.id,
            kind=kind,
            device=device[:128],
            source=source,
            created_at=now,
            last_seen_at=now,
            expires_at=now + self._session_s,
        )
        async with self._database.write() as session:
            await failures.note_success(session, user, source, now)
            session.add(row)
            actor = Actor(user.username, source)
            add(session, now, actor, "logged in", f"/users/{user.username}", None, {"kind": kind})
        log.info("%r logged in from %s (%s)", user.username, source, kind)
        return NewLogIn(token, _identity(row, user))

    async def _note_failure(self, source: str, user: User | None, kind: LogInKind) -> None:
        # A name that nobody has is not written down: it may be a password in the wrong field.
        who = user.username if user is not None else ""
        log.warning("log-in of %s from %s refused", repr(who) if who else "an unknown name", source)
        now = self._clock.now()
        async with self._database.write() as session:
            resource = f"/users/{who}" if who else "/users"
            add(session, now, Actor(who, source), "log-in refused", resource, None, {"kind": kind})

    async def _note_role_refused(self, user: User, source: str) -> None:
        async with self._database.write() as session:
            add(
                session,
                self._clock.now(),
                Actor(user.username, source),
                "log-in refused",
                f"/users/{user.username}",
                None,
                {"kind": LogInKind.PHONE_MANAGER, "reason": "role"},
            )


async def end_log_ins(session: AsyncSession, user_id: int, *, but: str | None = None) -> None:
    """End the log-ins of an account, all but one if that is named."""
    condition = LogIn.user_id == user_id
    if but is not None:
        condition &= LogIn.id != but
    await session.execute(delete(LogIn).where(condition))


def check_rule(password: str, username: str, field_name: str) -> None:
    """Raise if an account's new password breaks the rule."""
    problem = account_password_problem(password, username)
    if problem is not None:
        raise InvalidInput(
            "password_rule", f"{problem[0].upper()}{problem[1:]}. {RULE}", field=field_name
        )


def digest(token: str) -> str:
    """What is stored of a token."""
    # What a header holds beside ASCII comes as surrogates.
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()


def csrf_token(token: str) -> str:
    """The CSRF token of a browser's log-in: whoever says it was told, or knows the cookie."""
    return hmac.new(
        token.encode(errors="surrogateescape"), b"CSRF token of the MCS", "sha256"
    ).hexdigest()


def _identity(row: LogIn, user: User) -> Identity:
    return Identity(
        log_in_id=row.id,
        kind=LogInKind(row.kind),
        user_id=user.id,
        username=user.username,
        display_name=user.display_name,
        role=Role(user.role),
        expires_at=row.expires_at,
    )
