"""Names of run folders."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from simulators.runs import free_folder

STARTED = datetime(2026, 11, 28, 13, 35, 58, 900_000, tzinfo=UTC)


def test_a_folder_carries_its_start_in_utc_and_what_was_run() -> None:
    assert free_folder("burst", STARTED) == Path("runs/20261128-133558-burst")
    east = STARTED.astimezone(timezone(timedelta(hours=5)))
    assert free_folder("burst", east) == free_folder("burst", STARTED)


def test_no_run_takes_the_place_of_another(tmp_path: Path) -> None:
    names = []
    for kind in ("burst", "burst", "demo", "burst"):
        folder = free_folder(kind, STARTED, tmp_path)
        folder.mkdir()
        names.append(folder.name.removeprefix("20261128-133558-"))
    assert names == ["burst", "burst-2", "demo", "burst-3"]
