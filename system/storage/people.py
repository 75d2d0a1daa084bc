"""The tables of people: accounts, their log-ins, failures of log-ins; and the audit log.

Passwords are argon2id hashes, tokens SHA-256 digests: neither can be read back.
"""

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from system.storage.models import Base, Extension


class User(Base):
    """An account: an administrator's, or that of a person with a phone."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    """Lower case."""
    display_name: Mapped[str] = mapped_column(String(128), default="")
    password_hash: Mapped[str] = mapped_column(String(256))
    role: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(16), default="en")
    primary_extension_id: Mapped[int | None] = mapped_column(
        ForeignKey("extensions.id", ondelete="SET NULL"), unique=True
    )
    softphone_extension_id: Mapped[int | None] = mapped_column(
        ForeignKey("extensions.id", ondelete="SET NULL"), unique=True
    )

    primary_extension: Mapped[Extension | None] = relationship(
        lazy="raise", foreign_keys=[primary_extension_id]
    )
    softphone_extension: Mapped[Extension | None] = relationship(
        lazy="raise", foreign_keys=[softphone_extension_id]
    )


class LogIn(Base):
    """A log-in that lasts; only the SHA-256 of its token is stored."""

    __tablename__ = "log_ins"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    """For lists and for ending it; tells nothing about the token."""
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    """``bearer``, ``browser`` or ``phone manager``."""
    device: Mapped[str] = mapped_column(String(128), default="")
    source: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[float]
    last_seen_at: Mapped[float]
    expires_at: Mapped[float] = mapped_column(index=True)

    user: Mapped[User] = relationship(lazy="raise")


class LogInFailures(Base):
    """Failures counted at one place (``domain/lockout.py``); ``key`` is a digest, not a name."""

    __tablename__ = "log_in_failures"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[float] = mapped_column(index=True)
    locked_until: Mapped[float]


class TrustedSource(Base):
    """An account has logged in from this address before."""

    __tablename__ = "trusted_sources"
    __table_args__ = (UniqueConstraint("user_id", "source"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(64))
    at: Mapped[float]


class AuditEntry(Base):
    """One thing that was done: never changed, removed only by age."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_who_at", "who", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[float] = mapped_column(index=True)
    who: Mapped[str] = mapped_column(String(64))
    """User name, ``system``, ``phone <MAC>``, or empty for somebody unknown."""
    source: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64), index=True)
    resource: Mapped[str] = mapped_column(String(253), index=True)
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)
    """JSON objects with the members that differ; secrets are never among them."""


class AuditSettings(Base):
    """One row: how long audit entries are kept."""

    __tablename__ = "audit_settings"

    id: Mapped[int] = mapped_column(primary_key=True)
    retention_days: Mapped[int] = mapped_column(default=365)
