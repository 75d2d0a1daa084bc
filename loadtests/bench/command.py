"""`python -m loadtests bench`: the pairs in order, a table, and the same as JSON and as a page."""

import json
import platform
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from loadtests.bench.figures import Figure, Of, median_rate
from loadtests.bench.pairs import PAIRS
from loadtests.bench.rounds import Say, Size
from loadtests.run_folder import render, run_folder
from simulators.errors import ConfigurationError


def chosen(only: str) -> list[str]:
    """The pairs of `--only`, in their order; all where it is empty.

    Raises:
        ConfigurationError: one of them is none.
    """
    wanted = [name.strip() for name in only.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in PAIRS]
    if unknown:
        raise ConfigurationError(
            f"expected pairs out of {', '.join(PAIRS)} for --only, got {unknown[0]!r}: choose again"
        )
    return [name for name in PAIRS if name in wanted or not wanted]


async def run_bench(
    names: list[str], size: Size, json_file: Path | None, run_dir: Path | None, console: Console
) -> bool:
    """Measure, show, write; returns whether all went well.

    Args:
        json_file: takes the numbers, beside bench.json in the run folder.
        run_dir: None for a new folder below runs/.

    Raises:
        ConfigurationError: a file can't be written.
        BenchError: a process could not be started, or a generator failed.
    """
    started = datetime.now(UTC)
    figures: list[tuple[str, Figure]] = []
    if json_file is not None:
        _write(json_file, document(figures, size, started))  # a wrong name is better known at once
    folder = run_folder(run_dir, started, "bench")
    for name in names:
        console.print(f"{name}: starting its processes", highlight=False)
        say = _indented(console)
        figures += [(name, figure) for figure in await PAIRS[name](size, say)]
        # After each pair: what was measured is not lost with a later one that fails.
        for path in (folder / "bench.json", json_file):
            if path is not None:
                _write(path, document(figures, size, started))
    console.print()
    made = [figure for _, figure in figures]
    console.print(table(made))
    for figure in made:
        console.print(f"{title(figure)}: {figure.headline}", highlight=False, markup=False)
        for what, value in figure.facts.items():
            console.print(f"  {what}: {value:,.0f}", highlight=False, markup=False)
    for line in missing(made):
        console.print(line, highlight=False, markup=False)
    drawn = await render("reports.bench", folder / "bench.json", "page", console)
    return drawn and not any(figure.failed for figure in made)


def table(figures: list[Figure]) -> Table:
    """The figures, one row each."""
    made = Table(box=None, padding=(0, 2, 0, 0))
    for name in (
        "figure", "unit", "ours", "peer", "ratio", "aim", "", "CPU of ours", "CPU of peer"
    ):  # fmt: skip
        made.add_column(name, justify="left" if name in ("figure", "unit", "") else "right")
    for figure in figures:
        unit = figure.measured_in if figure.of is Of.BUSIEST else figure.unit
        made.add_row(title(figure), unit, *_cells(figure))
    return made


def title(figure: Figure) -> str:
    """What was measured, beside what."""
    return f"{figure.name}, beside {figure.peer}" if figure.peer else figure.name


def missing(figures: list[Figure]) -> list[str]:
    """A line for each figure that was not measured, with the reason."""
    return [f"Not measured: {title(one)}: {one.skipped}" for one in figures if one.skipped]


def document(figures: list[tuple[str, Figure]], size: Size, started: datetime) -> dict[str, object]:
    """bench.json, from (pair, figure) in order."""
    return {
        "kind": "bench",
        "started": started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {platform.system()} {platform.release()}",
        "figures": [figure.document(command(pair, size)) for pair, figure in figures],
    }


def command(pair: str, size: Size) -> str:
    """What measures a pair again, at the same size."""
    return (
        f"python -m loadtests bench --only {pair} --rounds {size.rounds} --seconds "
        f"{size.seconds:g} --phones {size.phones} --extensions {size.extensions}"
    )


def _write(path: Path, content: dict[str, object]) -> None:
    try:
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"can't write {path} ({error.strerror}): give another file with --json"
        ) from error


def _cells(figure: Figure) -> list[str]:
    if figure.skipped:
        return ["not measured", "-", "-", _aim(figure), "-", "-", "-"]
    held = {True: "held", False: "missed", None: "-"}[figure.held]
    if figure.of is Of.VALUE:
        ours = "-" if figure.ours is None else f"{figure.ours:,.0f}"
        return [ours, "-", "-", _aim(figure), held, "-", "-"]
    sides = [[ours for ours, _ in figure.rounds], [peer for _, peer in figure.rounds]]
    rates = [f"{median_rate(side) / figure.scale:,.0f}" for side in sides]
    if figure.of is Of.BUSIEST:
        rates = [f"{figure.ours or 0:,.0f}", f"{figure.peers or 0:,.0f}"]
    elif figure.of is Of.TIME:
        rates = [f"{figure.ours or 0:.2f}", f"{figure.peers or 0:.2f}"]
    ratio = "-" if figure.ratio is None else f"{figure.ratio:.2f}"
    cpu = [f"{_median_cpu_us(figure, index):,.1f} us" for index in (0, 1)]
    return [*rates, ratio, _aim(figure), held, *cpu]


def _aim(figure: Figure) -> str:
    return "-" if figure.aim is None else figure.aim.text


def _median_cpu_us(figure: Figure, index: int) -> float:
    """Microseconds per operation; per 1 KB where octets are carried."""
    costs = sorted(pair[index].cpu_per_operation_s for pair in figure.rounds)
    per = 1000.0 if figure.scale > 1 else 1.0
    return costs[len(costs) // 2] * 1e6 * per


def _indented(console: Console) -> Say:
    return lambda text: console.print(f"  {text}", highlight=False, markup=False)
