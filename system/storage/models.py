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
    is_up: Mapped[bool] = mapped_column(default=True)
    """Whether the CT Gateway reaches it; what it has is kept while it is away."""


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
    remote_name_typed: Mapped[bool] = mapped_column(default=False)
    remote_password_typed: Mapped[bool] = mapped_column(default=False)
    """Whether a person entered them, and so may have entered them on the MBG too (PRV-4)."""

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
    taken_by: Mapped[str | None] = mapped_column(String(32))
    """The MCS process that carries it out, until ``taken_until`` (a lease, renewed as it goes)."""
    taken_until: Mapped[float | None]

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

    hot_desk_extension_id: Mapped[int | None] = mapped_column(
        ForeignKey("extensions.id", ondelete="SET NULL"), unique=True
    )
    """Whose user is logged in at this phone (EXT-7)."""

    token: Mapped[str | None] = mapped_column(EncryptedText)
    """What the phone shows to be known again (``docs/decisions/0021``)."""
    bound_at: Mapped[float | None]
    """When it showed its token first; from then on nobody else is this phone."""
    enrolment_until: Mapped[float | None]
    """Until when the token is handed to whoever asks as this phone."""

    held_revision: Mapped[str | None] = mapped_column(String(16))
    held_static: Mapped[str | None] = mapped_column(String(16))
    held_names: Mapped[str | None] = mapped_column(Text)
    """What the phone was handed last: revision, digest of what needs a restart, live names."""
    offered_revision: Mapped[str | None] = mapped_column(String(16))
    """Handed without a restart, and not seen at the phone yet."""
    pending_action: Mapped[str | None] = mapped_column(String(16))
    """``restart`` or ``resync``: asked for by an administrator, told at the next poll."""

    extension: Mapped[Extension | None] = relationship(lazy="raise", foreign_keys=[extension_id])
    hot_desk: Mapped[Extension | None] = relationship(
        lazy="raise", foreign_keys=[hot_desk_extension_id]
    )


class PhoneEvent(Base):
    """One line of a phone's history; the oldest go when there are many."""

    __tablename__ = "phone_events"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    mac: Mapped[str] = mapped_column(ForeignKey("phones.mac", ondelete="CASCADE"), index=True)
    at: Mapped[float]
    kind: Mapped[str] = mapped_column(String(24))
    message: Mapped[str] = mapped_column(Text)


class KeymapProfile(Base):
    """The keys set at one level: for all, a model, a phone, or a user (domain reference 4.3)."""

    __tablename__ = "keymap_profiles"
    __table_args__ = (UniqueConstraint("level", "owner"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    level: Mapped[str] = mapped_column(String(16))
    owner: Mapped[str] = mapped_column(String(64))
    """Empty for all; the model; the MAC; the user's extension."""
    keys: Mapped[str] = mapped_column(Text)
    """JSON list, as the API shows it."""


class DirectoryEntry(Base):
    """One line of a directory on the phones."""

    __tablename__ = "directory_entries"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    """Empty for the system's directory; else whose personal one it is: the user's extension."""
    first_name: Mapped[str] = mapped_column(String(64))
    last_name: Mapped[str] = mapped_column(String(64))
    company: Mapped[str] = mapped_column(String(64))
    number: Mapped[str] = mapped_column(String(64))
