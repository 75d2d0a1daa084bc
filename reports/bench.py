"""``python -m reports.bench BENCH_JSON``: reads the figures of a bench, writes bench.html beside.

Exit codes: 0 the page is written; 2 the file can't be read, and the message says why.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from markupsafe import Markup

from reports.bench_bars import Figure, draw
from reports.errors import ReportError
from reports.fields import Row, decode
from reports.html import environment, source_hash

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def page(
    file: Annotated[Path, typer.Argument(metavar="BENCH_JSON", help="As `loadtests bench` wrote.")],
) -> None:
    """Draw the figures of a bench and print the path of the page."""
    try:
        target = file.with_name("bench.html")
        target.write_text(render(file), encoding="utf-8")
    except (ReportError, OSError) as error:
        typer.echo(f"reports: {error}", err=True)
        raise typer.Exit(2) from None
    typer.echo(str(target))


def render(file: Path) -> str:
    """Return the page.

    Raises:
        ReportError: The file is missing, or is no bench.json.
    """
    started, about, figures = read(file)
    templates = environment()
    style = templates.get_template("report.css.j2").render()
    return templates.get_template("bench.html.j2").render(
        started=started,
        about=about,
        figures=figures,
        drawn=draw([figure for figure in figures if not figure.not_measured]),
        missing=[figure for figure in figures if figure.not_measured],
        states=[figure.state for figure in figures],
        style=Markup(style),  # a file of this package; nothing of a bench is in it
        style_hash=source_hash(style),
    )


def read(file: Path) -> tuple[datetime, str, list[Figure]]:
    """Return when it began, on what, and its figures.

    Raises:
        ReportError: The file is missing, or a field is missing or of the wrong type.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(
            str(file),
            expected="a readable bench.json",
            got=str(error),
            remedy="give the file that `python -m loadtests bench` wrote",
        ) from error
    head = Row(decode(text, file.name), file.name)
    about = f"Python {head.text('python')}, {head.optional_text('machine') or 'unknown machine'}"
    return head.moment("started"), about, [_figure(row) for row in head.rows("figures")]


def _figure(row: Row) -> Figure:
    spread = row.numbers("ratio_min_median_max", optional=True)
    held = None if row.is_null("held") else row.flag("held")
    return Figure(
        name=row.text("name", blank=False),
        ours=row.optional_number("ours"),
        peer=row.optional_number("peer"),
        ratio=row.optional_number("ratio"),
        aim=row.optional_number("aim"),
        command=row.text("command"),
        held=held,
        aim_text=row.optional_text("aim_text"),
        absolute=row.flag("absolute"),
        less_is_better=row.flag("less_is_better"),
        measured_in=row.text("measured_in"),
        peer_name=row.text("peer_name"),
        headline_refused=row.optional_text("headline_refused"),
        not_measured=row.optional_text("not_measured"),
        lowest=spread[0] if spread else None,
        highest=spread[-1] if spread else None,
    )


if __name__ == "__main__":
    app(prog_name="python -m reports.bench")
