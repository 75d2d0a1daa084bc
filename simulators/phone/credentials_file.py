"""Files with the credentials of phones, one JSON object a line, as the simulators write them.

`python -m simulators pbx --credentials` writes registrar, extension, auth_name and auth_password;
`python -m simulators border` username, password and extension. Messages never repeat a line.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

from simulators.core import Address
from simulators.errors import ConfigurationError
from simulators.hosts import is_destination


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one phone registers with; `registrar` is None where the file doesn't say."""

    extension: str
    username: str
    auth_name: str
    password: str = field(repr=False)
    registrar: Address | None = None


def read_credentials(path: Path, count: int) -> list[Credentials]:
    """The first `count` of a file.

    Raises:
        ConfigurationError: it can't be read, is too short, or a line of it holds none.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"can't read the credentials in {path}: {error}") from error
    if len(lines) < count:
        raise ConfigurationError(
            f"{path} holds {len(lines)} credentials, {count} phones need one each: ask for fewer "
            "phones, or give a longer file"
        )
    return [_read(line, f"{path}, line {n}") for n, line in enumerate(lines[:count], 1)]


def _read(line: str, where: str) -> Credentials:
    try:
        row = json.loads(line)
        extension = str(row["extension"])
        user = str(row.get("username", extension))
        secret = row["auth_password"] if "auth_password" in row else row["password"]
        registrar = _address(str(row["registrar"])) if "registrar" in row else None
        return Credentials(extension, user, str(row.get("auth_name", user)), str(secret), registrar)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConfigurationError(
            f"{where}: expected an object with extension and auth_password, or with username, "
            "password and extension; a registrar is ADDRESS:PORT"
        ) from None  # the cause repeats the line, and with it the password


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    place = host, int(port)
    if not is_destination(place):
        raise ValueError(text)
    return place
