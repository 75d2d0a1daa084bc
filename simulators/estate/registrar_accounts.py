"""The extensions of a node that is started for load: a file of accounts, read and written.

One JSON object a line with at least `extension` and `password`, as bursts read them, too.
"""

import json
from pathlib import Path

from simulators.entropy import Seed
from simulators.errors import ConfigurationError
from simulators.pbx.extensions import DeviceType, Extension, Extensions, make_password

REALM = "bench"
"""The node's name."""
FIRST_EXTENSION = 100_000
MOST_PHONES = 60_000


def read_extensions(accounts: Path) -> Extensions:
    """The extension of each line.

    Raises:
        ConfigurationError: the file can't be read.
    """
    try:
        rows = [json.loads(line) for line in accounts.read_text(encoding="utf-8").splitlines()]
        return Extensions(_extension(str(row["extension"]), str(row["password"])) for row in rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"can't read the accounts in {accounts} ({type(error).__name__}): expected one JSON "
            "object a line with extension and password"
        ) from error


def write_accounts(accounts: Path, phones: int, seed: Seed) -> None:
    """Make up so many accounts, for the eyes of the file's owner alone.

    Raises:
        ConfigurationError: that many can't be, or the file can't be written.
    """
    if not 1 <= phones <= MOST_PHONES:
        raise ConfigurationError(
            f"expected 1 to {MOST_PHONES} phones, got {phones}: choose another number"
        )
    entropy, lines = seed.stream("registrar accounts").randbytes, []
    for index in range(phones):
        number = str(FIRST_EXTENSION + index)
        account = {
            "username": number,
            "password": make_password(entropy),
            "extension": number,
            "home_index": index,
        }
        lines.append(json.dumps(account) + "\n")
    try:
        accounts.touch(mode=0o600)
        accounts.chmod(0o600)  # also one that was there before
        accounts.write_text("".join(lines), encoding="ascii")
    except OSError as error:
        raise ConfigurationError(
            f"can't write the accounts to {accounts} ({error.strerror}): give a path in a folder "
            "that can be written"
        ) from error


def _extension(number: str, password: str) -> Extension:
    return Extension(number, f"User {number}", DeviceType.SIP_PHONE, number, password)
