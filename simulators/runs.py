"""Where runs leave their folders, and what such a folder is called."""

from datetime import UTC, datetime
from pathlib import Path

RUNS = Path("runs")


def free_folder(kind: str, started: datetime, base: Path = RUNS) -> Path:
    """A folder that is not there yet: `runs/20261128-133558-burst`, of the start in UTC.

    A second one of the same second ends in `-2`, and so on: no run takes another's place.
    """
    name = f"{started.astimezone(UTC):%Y%m%d-%H%M%S}-{kind}"
    found, number = base / name, 1
    while found.exists():
        number += 1
        found = base / f"{name}-{number}"
    return found
