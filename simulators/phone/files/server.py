"""Where a phone gets its configuration from: protocol, host, port, path, and their URLs."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from simulators.phone.menu.form import is_port

DEFAULT_PORTS = {"tftp": 69, "http": 80, "https": 443}
DEFAULT_VALIDATION = "1"
SERVER_PARAMETERS = (
    "download protocol",
    *(f"{s} {part}" for s in DEFAULT_PORTS for part in ("server", "path", "port")),
    "https validate certificates",
    "https validate hostname",
    "https validate expires",
)
"""What says where to download from, and whom to believe there."""


@dataclass(frozen=True, slots=True)
class Server:
    """A configuration server. `path` has no slash at either end; it may be empty."""

    scheme: str
    host: str
    port: int
    path: str = ""

    def url(self, file: str) -> str:
        """The URL of a file at this server; a URL stays what it is."""
        if ":" in file and urlsplit(file).scheme in DEFAULT_PORTS:
            return file
        path = quote(f"{self.path}/{file}" if self.path else file)
        return f"{self.scheme}://{self.host}:{self.port}/{path}"


def configured(configuration: Mapping[str, str]) -> Server | None:
    """The server that the configuration names; None without one, or for a protocol not emulated.

    FTP is not emulated: a phone set to it finds no server.
    """
    scheme = configuration.get("download protocol", "").lower()
    host = configuration.get(f"{scheme} server", "")
    if scheme not in DEFAULT_PORTS or not host:
        return None
    port = configuration.get(f"{scheme} port", "")
    number = int(port) if is_port(port) else DEFAULT_PORTS[scheme]
    return Server(scheme, host, number, configuration.get(f"{scheme} path", "").strip("/"))


def offered(url: str) -> Server | None:
    """The server at a URL (a DHCP option, `firmware server`); None when it can't be used."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        return None
    number = port or DEFAULT_PORTS[parts.scheme]
    return Server(parts.scheme, parts.hostname, number, parts.path.strip("/"))


def entered(local: Mapping[str, str]) -> bool:
    """Whether a person entered a server on the phone: it goes before what DHCP offers."""
    return any(f"{scheme} server" in local for scheme in DEFAULT_PORTS)


def validates(configuration: Mapping[str, str]) -> bool:
    """Whether the server's certificate is checked; it is unless that was switched off."""
    return _is_on(configuration, "https validate certificates")


@dataclass(frozen=True, slots=True)
class CertificateChecks:
    """What is looked at in a server's certificate, once it is checked at all."""

    hostname: bool = True
    expires: bool = True


def certificate_checks(configuration: Mapping[str, str]) -> CertificateChecks:
    """`https validate hostname` and `https validate expires`: both on by default."""
    return CertificateChecks(
        _is_on(configuration, "https validate hostname"),
        _is_on(configuration, "https validate expires"),
    )


def _is_on(configuration: Mapping[str, str], name: str) -> bool:
    return configuration.get(name, DEFAULT_VALIDATION).strip().lower() not in ("0", "false")
