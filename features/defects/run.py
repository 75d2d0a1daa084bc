"""`python -m features defects`: try every planted defect, and show what noticed it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from features.defects.catalogue import by_name
from features.defects.trial import FOUND
from simulators.errors import ConfigurationError
from simulators.runs import RUNS

WORKERS = 4
"""Many scenarios wait in vain here, so more of them than there are cores go side by side."""


def listed(console: Console) -> None:
    """All defects, without trying them."""
    table = _table("Defect", "Role", "Must notice", "What the product does")
    for defect in by_name().values():
        table.add_row(defect.name, defect.role, " ".join(defect.ids), defect.sentence)
    console.print(table)


def try_all(console: Console, reach: Path | None, only: str, *, thorough: bool) -> int:
    """Run the suites with each defect; returns the exit status.

    Args:
        reach: folder of a run that noted who reaches which defect; None: make one first.

    Raises:
        ConfigurationError: that folder has no such notes.
    """
    unknown = [name for name in only.split(",") if name and name not in by_name()]
    if unknown:
        raise ConfigurationError(
            f"no defect {unknown[0]!r}: `python -m features defects --list` shows all"
        )
    if reach is None:
        reach = RUNS / "latest-features"
        console.print("Which scenarios reach which defect (the suites, once, without any):")
        status = _pytest("-n", "auto")
        if status:
            console.print("The suites have to pass before defects can be told from failures.")
            return status
    elif not list(reach.glob("reach-*.jsonl")):
        raise ConfigurationError(
            f"{reach} says not who reaches which defect: leave --reach out, or give the folder of "
            "a run of the suites"
        )
    found = RUNS / "latest-defects" / FOUND
    found.unlink(missing_ok=True)
    words = ["--defects", f"--reach={reach}", f"--only-defects={only}"]
    status = _pytest(*words, "-n", str(WORKERS), *(["--thorough"] if thorough else []))
    if not found.is_file():
        return status or 1
    if not only:
        shutil.copy(found, reach)  # the report of that run shows them (reports/README.md)
    return _shown(console, json.loads(found.read_text(encoding="utf-8"))["defects"]) or status


def _pytest(*words: str) -> int:
    command = [sys.executable, "-m", "pytest", "features/test_features.py", "-q", *words]
    return subprocess.run(command, check=False).returncode


def _shown(console: Console, found: list[dict[str, Any]]) -> int:
    table = _table("Defect", "Role", "Must notice", "Tried", "Noticed by", "Verdict")
    for each in found:
        caught = bool(each["caught"])
        noticed = ", ".join(one["scenario"].partition(" ")[0] for one in each["noticed"])
        table.add_row(
            each["name"], each["role"], " ".join(each["ids"]), str(each["tried"]),
            noticed.replace("test_", ""), "caught" if caught else each["verdict"],
            style="" if caught else "red",
        )  # fmt: skip
    console.print(table)
    number = sum(bool(each["caught"]) for each in found)
    console.print(f"{number} of {len(found)} caught")
    return 0 if number == len(found) else 1


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold underline")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
