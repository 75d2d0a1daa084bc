"""``python -m reports RUN_DIR``: reads a run folder, writes report.html, report.json, report.txt,
junit.xml.

Exit codes: 0 the report is written, whether the run passed or not; 2 the input cannot be reported
on.
"""

from pathlib import Path
from typing import Annotated

import typer

from reports.catalogue import load_catalogue
from reports.coverage import cover
from reports.defects import with_defects
from reports.errors import ReportError
from reports.html import render
from reports.json_view import report_json
from reports.junit import junit_xml
from reports.plain import plain_text
from reports.run import read_run

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def report(
    run_dir: Annotated[
        Path,
        typer.Argument(metavar="RUN_DIR", help="Folder of a run, the one that holds run.json."),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="DIR",
            help="Write the reports here instead of into RUN_DIR; made if missing.",
        ),
    ] = None,
) -> None:
    """Render the report of a run and print the path of its page.

    Reads run.json, scenarios*.jsonl with the journals that they name, and burst.json where there is
    one. Writes four views of them:

    \b
    report.html   for people: one page, works offline, prints well
    report.json   for scripts: verdicts, coverage of every requirement
    report.txt    for a terminal or a mail: counts, findings, what is open
    junit.xml     for build servers: one suite per feature

    Examples:

    \b
    python -m reports runs/20241103-091200-features
    python -m reports runs/latest-features --output public/

    A run that failed is rendered like any other and gives exit code 0. Exit code 2 means that the
    folder is incomplete or damaged; the message says where, what was expected and what to do.
    The format of a run folder is described in reports/README.md.
    """
    target = output or run_dir
    try:
        catalogue = load_catalogue()
        run = read_run(run_dir, catalogue)
        covered = with_defects(cover(catalogue, run.scenarios), run.planted)
        page = _write(target, "report.html", render(run, covered, catalogue))
        _write(target, "report.json", report_json(run, covered))
        _write(target, "report.txt", plain_text(run, covered))
        _write(target, "junit.xml", junit_xml(run))
    except ReportError as error:
        typer.echo(f"reports: {error}", err=True)
        raise typer.Exit(2) from None
    typer.echo(str(page))


def _write(folder: Path, name: str, content: str) -> Path:
    """Write a file whole or not at all, and return its path."""
    path = folder / name
    draft = folder / f".{name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft.write_text(content, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise ReportError(
            str(path),
            expected="to be able to write the report",
            got=error.strerror or str(error),
            remedy="make the folder writable, or give another one with --output",
        ) from error
    return path


if __name__ == "__main__":
    app(prog_name="python -m reports")
