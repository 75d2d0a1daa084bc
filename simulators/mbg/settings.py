"""What one MBG is like: release, mode, licences, ports, and the habits of its parts."""

from dataclasses import dataclass, field
from pathlib import Path

from simulators.errors import ConfigurationError
from simulators.mbg.services.web_services import Settings as WebServicesSettings
from simulators.mbg.sip_border.border_terms import BorderSettings

GATEWAY = "gateway"
SERVER_ONLY = "server-only"


@dataclass(frozen=True, slots=True)
class MbgSettings:
    """What one MBG is like.

    Args:
        release: as it calls itself.
        mode: `gateway` or `server-only`; forwards exist in gateway mode only (PRE-2).
        licences: teleworker licences in its pool.
        rest_port: where it listens for REST; 0 means any.
        sip_port, sip_tls_port: for SIP over UDP and TCP, on both sides, and over TLS, outside.
        permit_weak_passwords: take what the password rule would refuse.
        site_password: of `admin` on its site; made at random when empty.
        state_file: where records outlive the process; in memory alone when None.
    """

    release: str = "11.4.0.225"
    mode: str = GATEWAY
    licences: int = 1000
    rest_port: int = 443
    sip_port: int = 5060
    sip_tls_port: int = 5061
    permit_weak_passwords: bool = False
    site_password: str = field(default="", repr=False)
    state_file: Path | None = None
    border: BorderSettings = field(default_factory=BorderSettings)
    web_services: WebServicesSettings = field(default_factory=WebServicesSettings)

    def __post_init__(self) -> None:
        if self.mode not in (GATEWAY, SERVER_ONLY):
            raise ConfigurationError(
                f"an MBG's mode is {GATEWAY} or {SERVER_ONLY}, got {self.mode!r}"
            )
        for port in (self.rest_port, self.sip_port, self.sip_tls_port):
            if not 0 <= port <= 65_535:
                raise ConfigurationError(
                    f"expected a port from 1 to 65535, or 0 for any: got {port}"
                )
        if self.licences < 0:
            raise ConfigurationError(f"expected 0 or more licences, got {self.licences}")
