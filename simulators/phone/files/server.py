"""Where a phone gets its configuration from: protocol, host, port, path, and their URLs."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from simulators.phone.menu.form import is_port

DEFAULT_PORTS = {"http": 80, "https": 443}
DEFAULT_VALIDATION = "1"


@dataclass(frozen=True, slots=True)
class Server:
    """A configuration server. `path` has no slash at either end; it may be empty."""

    scheme: str
    host: str
    port: int
    path: str = ""

    def url(self, file: str) -> str:
        """The URL of a file at this server."""
        path = quote(f"{self.path}/{file}" if self.path else file)
        return f"{self.scheme}://{self.host}:{self.port}/{path}"


def configured(configuration: Mapping[str, str]) -> Server | None:
    """The server that the configuration names; None without one, or for a protocol not emulated.

    FTP and TFTP are not emulated: a phone set to them finds no server.
    """
    scheme = configuration.get("download protocol", "").lower()
    host = configuration.get(f"{scheme} server", "")
    if scheme not in DEFAULT_PORTS or not host:
        return None
    port = configuration.get(f"{scheme} port", "")
    number = int(port) if is_port(port) else DEFAULT_PORTS[scheme]
    return Server(scheme, host, number, configuration.get(f"{scheme} path", "").strip("/"))


def offered(url: str) -> Server | None:
    """The server in a DHCP offer (option 66 as a URL); None when it can't be used."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        return None
    number = port or DEFAULT_PORTS[parts.scheme]
    return Server(parts.scheme, parts.hostname, number, parts.path.strip("/"))


def validates(configuration: Mapping[str, str]) -> bool:
    """Whether the server's certificate is checked; it is unless that was switched off."""
    value = configuration.get("https validate certificates", DEFAULT_VALIDATION)
    return value.strip().lower() not in ("0", "false")
