"""A plan with all that an engine reads beside it, so that the folder can be copied elsewhere.

Accounts hold passwords: their file is its owner's alone, and so is the plan. Names in the plan are
relative, so it does not matter where the folder lies on another machine.
"""

import hashlib
import os
import tempfile
from dataclasses import replace
from itertools import islice
from pathlib import Path

from loadtests.machines.networks import FILES, STAYING
from loadtests.plan import Plan, read_accounts
from simulators.errors import ConfigurationError

NAME = "plan.json"


def write_plan(where: Path, plan: Plan) -> Path:
    """Write the plan, its accounts and its certificates; whole, or not at all.

    Args:
        where: a folder (made where it is missing), or a file that ends in .json; files beside it
            have its name with another ending.

    Returns:
        The plan's file.

    Raises:
        ConfigurationError: it can't be written there, or what it names can't be read.
    """
    path = where if where.suffix == ".json" and not where.is_dir() else where / NAME
    accounts = path.with_suffix(".accounts.jsonl")
    places = {name: where for name, where in plan.places.items() if name not in STAYING}
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with Path(plan.accounts).open("rb") as file:
            _write(accounts, b"".join(islice(file, plan.phones)))
        for name in sorted(FILES & places.keys()):
            copy = path.with_suffix(f".{name}.pem")
            _write(copy, Path(places[name]).read_bytes())
            places[name] = copy.name
        _write(path, replace(plan, accounts=accounts.name, places=places).to_json())
    except OSError as error:
        raise ConfigurationError(
            f"can't write the plan {path} ({error}): name a folder in which files can be made"
        ) from error
    return path


def mark(plan: Plan) -> str:
    """What two copies of a plan have in common, and other plans have not; no password is in it.

    Raises:
        ConfigurationError: the accounts can't be read.
    """
    places = {name: where for name, where in plan.places.items() if name not in FILES | STAYING}
    found = hashlib.sha256(replace(plan, accounts="", time_lines="", places=places).to_json())
    for account in read_accounts(Path(plan.accounts), plan.phones):
        found.update(f"{account.username} {account.extension} {account.home_index} ".encode())
    return found.hexdigest()[:16]


def _write(path: Path, data: bytes) -> None:
    """Put a file there at once, for its owner alone; who reads the old one goes on reading it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
