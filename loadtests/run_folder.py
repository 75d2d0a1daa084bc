"""The folder of a run: made, written to, and rendered as a report."""

import asyncio
import json
import sys
from datetime import datetime
from pathlib import Path

from rich.console import Console

from loadtests.generator import ROOT
from simulators.errors import ConfigurationError
from simulators.runs import free_folder


def run_folder(wanted: Path | None, started: datetime, kind: str) -> Path:
    """Make the run folder; a default one carries the time, and never takes another run's place."""
    folder = wanted or free_folder(kind, started)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"can't write into the run folder {folder} ({error.strerror}): give another one "
            "with --run-dir"
        ) from error
    return folder.resolve()


def write_json(path: Path, document: dict[str, object]) -> None:
    """Write one of its documents."""
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


async def report(folder: Path, console: Console) -> bool:
    """Render the report of a run folder; returns whether that went well."""
    return await render("reports", folder, "report", console)


async def render(module: str, source: Path, what: str, console: Console) -> bool:
    """Have a module of `reports` draw `what` from `source`, in a process of its own.

    Returns:
        Whether that went well; the console has been told where the result is, or what went wrong.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, str(source),
        cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, start_new_session=True,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    said = f"{what.capitalize()}: {out.decode().strip()}"
    if process.returncode != 0:
        said = f"The {what} could not be made from {source}: {err.decode().strip()}"
    console.print(said, highlight=False, markup=False)
    return process.returncode == 0
