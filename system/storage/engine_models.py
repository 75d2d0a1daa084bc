"""Tables of the provisioning engine: breaker, notices, bulk switches, drift report."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from system.storage.models import Base


class MbgBreaker(Base):
    """One row: the circuit breaker in front of the MBG, shared by all processes."""

    __tablename__ = "mbg_breaker"

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(16), default="closed")
    failures: Mapped[int] = mapped_column(default=0)
    openings: Mapped[int] = mapped_column(default=0)
    open_until: Mapped[float | None]
    message: Mapped[str | None] = mapped_column(Text)
    """Why it opened, for those that wait."""


class Notice(Base):
    """Something an administrator has to know; ``key`` makes each come once."""

    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(128), unique=True)
    kind: Mapped[str] = mapped_column(String(32), index=True)
    level: Mapped[str] = mapped_column(String(16))
    message: Mapped[str] = mapped_column(Text)
    created_at: Mapped[float]
    acknowledged_at: Mapped[float | None]


class BulkSwitch(Base):
    """Switching use_remote_credentials of many extensions, on or off."""

    __tablename__ = "bulk_switches"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    use_remote_credentials: Mapped[bool]
    state: Mapped[str] = mapped_column(String(16), index=True)
    created_at: Mapped[float]
    finished_at: Mapped[float | None]


class BulkItem(Base):
    """One extension of a bulk switch."""

    __tablename__ = "bulk_items"
    __table_args__ = (UniqueConstraint("bulk_id", "extension_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    bulk_id: Mapped[int] = mapped_column(
        ForeignKey("bulk_switches.id", ondelete="CASCADE"), index=True
    )
    extension_id: Mapped[int] = mapped_column(
        ForeignKey("extensions.id", ondelete="CASCADE"), index=True
    )
    state: Mapped[str] = mapped_column(String(16), index=True)
    operation_id: Mapped[int | None] = mapped_column(index=True)
    """No foreign key: a finished operation is forgotten when a newer one comes."""
    message: Mapped[str | None] = mapped_column(Text)


class DriftReport(Base):
    """One row: the latest comparison with the MBG."""

    __tablename__ = "drift_reports"

    id: Mapped[int] = mapped_column(primary_key=True)
    checked_at: Mapped[float]
    extensions: Mapped[int]
    devices: Mapped[int]
    foreign_devices: Mapped[int]


class DriftFinding(Base):
    """One difference of the latest comparison."""

    __tablename__ = "drift_findings"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    extension_id: Mapped[int] = mapped_column(
        ForeignKey("extensions.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(32), index=True)
    found: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    wanted: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    message: Mapped[str] = mapped_column(Text)
    repair: Mapped[str | None] = mapped_column(String(16))
    """Kind of the operation that settles it; ``None`` where only a person can."""
