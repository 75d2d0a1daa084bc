"""The tables. Times are epoch seconds (float); passwords and tokens are encrypted columns.

Reprs are SQLAlchemy's default and show no column, so a logged model gives nothing away (API-1).
The schema itself is made by the revisions in ``migrations/``; a test compares the two.
"""

from sqlalchemy import ForeignKey, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from system.storage.secrets import EncryptedText

SINGLETON = 1
"""Primary key of the tables that hold exactly one row."""


class Base(DeclarativeBase):
    """Common base; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Installation(Base):
    """One row: marks of this installation."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    key_mark: Mapped[str] = mapped_column(EncryptedText)
    """Readable only with the key file that belongs to this database."""


class Administrator(Base):
    """An account that may log in at the API."""

    __tablename__ = "administrators"

    username: Mapped[str] = mapped_column(String(64), primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(256))


class ApiSession(Base):
    """A log-in; only the SHA-256 of its bearer token is stored."""

    __tablename__ = "api_sessions"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    username: Mapped[str] = mapped_column(
        ForeignKey("administrators.username", ondelete="CASCADE"), index=True
    )
    expires_at: Mapped[float] = mapped_column(index=True)


class MbgSettings(Base):
    """One row: the page Site Settings -> Phone Systems -> MiVoice Border Gateway.

    The ``pending_`` columns are a handshake under way (TOK-3 to TOK-5). They stand apart from the
    working token, which stays until a new final token has arrived (TOK-6).
    """

    __tablename__ = "mbg_settings"

    id: Mapped[int] = mapped_column(primary_key=True)
    internal_address: Mapped[str | None] = mapped_column(String(64))
    port: Mapped[int] = mapped_column(default=443)
    rest_api_enabled: Mapped[bool] = mapped_column(default=False)
    release: Mapped[str | None] = mapped_column(String(64))
    mode: Mapped[str | None] = mapped_column(String(32))

    pending_name: Mapped[str | None] = mapped_column(String(128))
    pending_consumer_id: Mapped[str | None] = mapped_column(String(128))
    pending_shared_secret: Mapped[str | None] = mapped_column(EncryptedText)
    pending_token: Mapped[str | None] = mapped_column(EncryptedText)
    pending_token_secret: Mapped[str | None] = mapped_column(EncryptedText)

    consumer_name: Mapped[str | None] = mapped_column(String(128))
    consumer_id: Mapped[str | None] = mapped_column(String(128))
    shared_secret: Mapped[str | None] = mapped_column(EncryptedText)
    token: Mapped[str | None] = mapped_column(EncryptedText)
    token_secret: Mapped[str | None] = mapped_column(EncryptedText)
    token_expires_at: Mapped[float | None]
    token_refused: Mapped[bool] = mapped_column(default=False)
    token_message: Mapped[str | None] = mapped_column(Text)

    certificate_check: Mapped[str] = mapped_column(String(8), default="ca")
    """``ca``: it has to chain to a CA; ``pin``: it has to be the one that was seen first."""
    ca_certificate: Mapped[str | None] = mapped_column(Text)
    """PEM of the CA; ``None`` is the option ``--trusted-ca``, or the system's CAs."""
    pinned_certificate: Mapped[str | None] = mapped_column(Text)
    presented_certificate: Mapped[str | None] = mapped_column(Text)
    """PEM of another one that the MBG has shown; refused until a person confirms it."""


class ClientLocation(Base):
    """A client location; ``remote`` is the only one so far (ADR-6, ADR-7)."""

    __tablename__ = "client_locations"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    nat_ip_address_or_hostname: Mapped[str | None] = mapped_column(String(253))


class PhoneSystem(Base):
    """A PBX network with its CT Gateway."""

    __tablename__ = "phone_systems"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(128), unique=True)
    ct_gateway_address: Mapped[str] = mapped_column(String(253))
    ct_gateway_port: Mapped[int] = mapped_column(default=4000)
    ct_gateway_password: Mapped[str | None] = mapped_column(EncryptedText)
    ct_gateway_release: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(32), default="connecting")
    message: Mapped[str | None] = mapped_column(Text)


class Node(Base):
    """A PBX node: its own address, and the MBG's as seen from outside (ADR-4)."""

    __tablename__ = "nodes"
    __table_args__ = (UniqueConstraint("phone_system_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    phone_system_id: Mapped[int] = mapped_column(ForeignKey("phone_systems.id", ondelete="CASCADE"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(128))
    address: Mapped[str | None] = mapped_column(String(253))
    release: Mapped[str | None] = mapped_column(String(64))
    nat_ip_address: Mapped[str | None] = mapped_column(String(253))
    nat_sip_port: Mapped[int] = mapped_column(default=5060)


class Extension(Base):
    """A SIP extension and its SIP Authorization form (EXT-1 to EXT-6)."""

    __tablename__ = "extensions"
    __table_args__ = (UniqueConstraint("phone_system_id", "extension"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    phone_system_id: Mapped[int] = mapped_column(ForeignKey("phone_systems.id", ondelete="CASCADE"))
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id", ondelete="CASCADE"), index=True)
    extension: Mapped[str] = mapped_column(String(32), index=True)
    name: Mapped[str] = mapped_column(String(128))
    device_type: Mapped[int]
    on_pbx: Mapped[bool] = mapped_column(default=True)
    internal_auth_name: Mapped[str | None] = mapped_column(String(128))
    internal_auth_password: Mapped[str | None] = mapped_column(EncryptedText)

    use_remote_credentials: Mapped[bool] = mapped_column(default=False)
    remote_name: Mapped[str | None] = mapped_column(String(64), unique=True)
    remote_password: Mapped[str | None] = mapped_column(EncryptedText)

    mbg_device_id: Mapped[str | None] = mapped_column(String(64))
    mbg_device_name: Mapped[str | None] = mapped_column(String(64))
    """Set-side name of that device: an id alone proves nothing, an MBG may give it out again."""
    mbg_unanswered_name: Mapped[str | None] = mapped_column(String(64))
    """Set-side name of a device that was sent to the MBG and whose answer is not known yet."""
    mbg_name: Mapped[str | None] = mapped_column(String(64))
    mbg_password: Mapped[str | None] = mapped_column(EncryptedText)
    """Set-side credentials that the MBG has confirmed: the only ones a teleworker is handed."""
    mbg_created_at: Mapped[float | None]
    """When the device was made or taken over; an MBG's backup from before does not know it."""
    mbg_written_at: Mapped[float | None]

    provisioning_state: Mapped[str] = mapped_column(String(16), default="off")
    provisioning_message: Mapped[str | None] = mapped_column(Text)
    provisioning_attempts: Mapped[int] = mapped_column(default=0)

    node: Mapped[Node] = relationship(lazy="raise")


class Operation(Base):
    """One idempotent act on the MBG, stored before it is tried."""

    __tablename__ = "operations"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(16))
    extension_id: Mapped[int] = mapped_column(
        ForeignKey("extensions.id", ondelete="CASCADE"), index=True
    )
    state: Mapped[str] = mapped_column(String(16), index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    """How often it has needed a person; at a limit it becomes a dead letter."""
    message: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[float]
    next_attempt_at: Mapped[float | None] = mapped_column(index=True)

    extension: Mapped[Extension] = relationship(lazy="raise")


class Phone(Base):
    """A 69xx known by its MAC: it has called, or an administrator announced it (PHN-4, PHN-6)."""

    __tablename__ = "phones"

    mac: Mapped[str] = mapped_column(String(12), primary_key=True)
    model: Mapped[str | None] = mapped_column(String(16))
    firmware: Mapped[str | None] = mapped_column(String(64))
    location: Mapped[str | None] = mapped_column(String(16))
    address: Mapped[str | None] = mapped_column(String(64))
    extension_id: Mapped[int | None] = mapped_column(
        ForeignKey("extensions.id", ondelete="SET NULL"), unique=True
    )
    registered: Mapped[bool] = mapped_column(default=False)
    first_contact: Mapped[float | None]
    last_contact: Mapped[float | None]

    extension: Mapped[Extension | None] = relationship(lazy="raise")
