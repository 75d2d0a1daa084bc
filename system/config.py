"""Settings of one MCS, read once at the edge and passed down."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from system.domain.enrolment import PRIVATE_NETWORKS, networks
from system.errors import StartError

PasswordHashCost = Literal["standard", "test"]

_PORTS = (
    "api_port",
    "phones_port",
    "phones_http_port",
    "tftp_port",
    "syslog_port",
    "ldap_port",
    "push_port",
)


@dataclass(frozen=True, slots=True)
class McsConfig:
    """What is decided before the start; what an administrator changes is in the database.

    Raises:
        StartError: a value cannot work; ``field`` names it.
    """

    data_dir: Path
    """Folder of the database, its key file, certificate and firmware; made when missing."""

    listen_address: str = "0.0.0.0"
    """IP address that all listeners are bound to; 0.0.0.0 is all of the machine's."""

    api_port: int = 8200
    """TCP port of the administrator's HTTPS API; 0 takes any free one."""

    phones_port: int = 8202
    """TCP port where phones come by HTTPS; 0 takes any free one."""

    phones_http_port: int = 8203
    """TCP port where local phones come by HTTP; 0 takes any free one."""

    phone_manager_port: int = 8204
    """TCP port where Phone Manager comes by HTTPS; 0 takes any free one."""
    tftp_port: int | None = None
    """UDP port of TFTP for local phones (69 as a program); None is off, 0 takes any free one."""

    syslog_port: int | None = None
    """UDP port where local phones log to (514 as a program); None is off, 0 takes any free one."""

    ldap_port: int | None = None
    """TCP port of the LDAP directory for local phones (8205 as a program); None is off."""

    push_port: int | None = 80
    """TCP port at which local phones take pushes; None pushes nothing, their polls do it."""

    enrolment_window_s: float = 7 * 86400
    """Seconds after its assignment in which a phone may come for its token and credentials."""

    office_networks: tuple[str, ...] = PRIVATE_NETWORKS
    """Networks whose phones are taken for local ones without a token."""

    strangers_burst: int = 1000
    """Requests of unknown phones that one source address may make at once; see strangers_per_s."""

    strangers_per_s: float = 2
    """Requests of unknown phones that one source address may make in a second in the long run."""

    device_ca: Path | None = None
    """PEM file of the CA of device certificates at the phones' HTTPS port; None asks for none."""

    device_certificate_required: bool = False
    """Whether a phone without a device certificate is refused at the phones' HTTPS port."""

    certificate: Path | None = None
    """PEM file of the listeners' certificate chain; None makes a self-signed one in data_dir."""

    key: Path | None = None
    """PEM file of the certificate's private key; given exactly when certificate is."""

    trusted_ca: Path | None = None
    """PEM file of the CA that the MBG's certificate must chain to; None is the system's CAs."""

    outbound_address: str | None = None
    """IP address that connections to MBG and CT Gateway come from; None lets routing say."""

    database_url: str | None = field(default=None, repr=False)
    """SQLAlchemy URL with an async driver (``postgresql+asyncpg://``); None is a SQLite file in
    data_dir."""

    admin_password: str | None = field(default=None, repr=False)
    """Password of the account "admin", applied at each start; None is random at the first one."""

    password_hash_cost: PasswordHashCost = "standard"
    """"standard" is argon2's recommendation; "test" hashes fast and protects nothing."""

    session_s: float = 12 * 3600
    """Seconds that a log-in at the API lasts."""

    poll_interval_s: int = 60
    """Seconds between two polls of a phone, handed out in its configuration."""

    retry_first_s: float = 5
    """Seconds until the first retry of an operation; later ones wait twice as long each time."""

    retry_max_s: float = 60
    """Longest wait in seconds between two retries, also for operations that need a person."""

    mbg_timeout_s: float = 10
    """Seconds of real time that one call to the MBG, or one step with a CT Gateway, may take."""

    mbg_parallel_operations: int = 4
    """How many operations are carried out on the MBG at the same time."""

    operation_lease_s: float = 60
    """Seconds that an operation stays with the MCS that has taken it, if nothing more is heard."""

    shared_poll_s: float = 2
    """Seconds after which an MCS looks for what others on the same database have changed."""
    breaker_failures: int = 3
    """Failures of access in a row after which no operation calls the MBG for a while."""

    failed_attempts_limit: int = 60
    """How often an operation may need a person until it is a dead letter."""

    drift_check_s: float = 6 * 3600
    """Seconds between two comparisons of all extensions with what the MBG has."""

    token_check_s: float = 6 * 3600
    """Seconds between two looks at the access token's expiry while it works."""

    token_warning_s: float = 30 * 86400
    """Seconds before the expiry from which on the token counts as expiring (TOK-7)."""

    keepalive_s: float = 240
    """Seconds between two keep-alives to a CT Gateway, which drops its monitors after 270."""

    def __post_init__(self) -> None:
        for name in _PORTS:
            port = getattr(self, name)
            if port is not None and not 0 <= port <= 65535:
                raise _unfit(name, "a port is a number from 0 to 65535")
        try:
            networks(self.office_networks)
        except ValueError as error:
            raise _unfit("office_networks", str(error)) from None
        if self.device_certificate_required and self.device_ca is None:
            raise _unfit("device_certificate_required", "it needs device_ca, the CA to trust")
        for name in ("listen_address", "outbound_address"):
            value = getattr(self, name)
            if value is not None and not _is_ip_address(value):
                raise _unfit(name, "it must be an IP address")
        if (self.certificate is None) != (self.key is None):
            raise _unfit("certificate", "certificate and key belong together: give both or none")
        for name in (
            "session_s",
            "poll_interval_s",
            "retry_first_s",
            "retry_max_s",
            "mbg_timeout_s",
            "mbg_parallel_operations",
            "operation_lease_s",
            "shared_poll_s",
            "breaker_failures",
            "failed_attempts_limit",
            "drift_check_s",
            "token_check_s",
            "token_warning_s",
            "keepalive_s",
            "enrolment_window_s",
            "strangers_burst",
            "strangers_per_s",
        ):
            if getattr(self, name) <= 0:
                raise _unfit(name, "it must be more than 0")
        if self.retry_max_s < self.retry_first_s:
            raise _unfit("retry_max_s", "it must not be less than retry_first_s")
        if self.operation_lease_s < 2 * self.mbg_timeout_s:
            # Else another MCS may take an operation whose call still has its time.
            raise _unfit("operation_lease_s", "it must be at least twice mbg_timeout_s")
        if self.keepalive_s >= 270:
            raise _unfit("keepalive_s", "a CT Gateway drops its monitors after 270 seconds")
        if self.password_hash_cost not in ("standard", "test"):
            raise _unfit("password_hash_cost", 'it is "standard" or "test"')
        if self.admin_password is not None and len(self.admin_password) < 8:
            raise _unfit("admin_password", "it needs at least 8 characters")

    def resolved_database_url(self) -> str:
        """The URL in use: the given one, or that of ``mcs.db`` in data_dir."""
        if self.database_url is not None:
            return self.database_url
        return f"sqlite+aiosqlite:///{self.data_dir.absolute() / 'mcs.db'}"


def _unfit(field_name: str, reason: str) -> StartError:
    return StartError("config_invalid", f"Setting {field_name}: {reason}.", field=field_name)


def _is_ip_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
