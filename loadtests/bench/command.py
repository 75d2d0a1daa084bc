"""`python -m loadtests bench`: the pairs in order, a table, and the same as JSON."""

import json
import platform
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from loadtests.bench.figures import Figure, median_rate
from loadtests.bench.pairs import PAIRS
from loadtests.bench.rounds import Say, Size
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


async def run_bench(names: list[str], size: Size, json_file: Path | None, console: Console) -> bool:
    """Measure, show, write; returns whether all went well.

    Raises:
        ConfigurationError: the file can't be written.
        BenchError: a process could not be started, or a generator failed.
    """
    started = datetime.now(UTC)
    figures: list[Figure] = []
    if json_file is not None:
        _write(json_file, document(figures, started))  # a wrong name is better known at once
    for name in names:
        console.print(f"{name}: starting its processes", highlight=False)
        say = _indented(console)
        figures += await PAIRS[name](size, say)
    if json_file is not None:
        _write(json_file, document(figures, started))
    console.print()
    console.print(table(figures))
    for figure in figures:
        console.print(f"{title(figure)}: {figure.headline}", highlight=False, markup=False)
        for what, value in figure.facts.items():
            console.print(f"  {what}: {value:,.0f}", highlight=False, markup=False)
    return not any(figure.failed for figure in figures)


def table(figures: list[Figure]) -> Table:
    """The figures, one row each."""
    made = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("figure", "unit", "ours", "peer", "ratio", "aim", "CPU of ours", "CPU of peer"):
        made.add_column(name, justify="left" if name in ("figure", "unit") else "right")
    for figure in figures:
        made.add_row(title(figure), figure.unit, *_cells(figure))
    return made


def title(figure: Figure) -> str:
    """What was measured, beside what."""
    return f"{figure.name}, beside {figure.peer}"


def document(figures: list[Figure], started: datetime) -> dict[str, object]:
    """bench.json."""
    return {
        "kind": "bench",
        "started": started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "python": platform.python_version(),
        "figures": [figure.document() for figure in figures],
    }


def _write(path: Path, content: dict[str, object]) -> None:
    try:
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"can't write {path} ({error.strerror}): give another file with --json"
        ) from error


def _cells(figure: Figure) -> list[str]:
    if not figure.rounds:
        return ["skipped", "-", "-", "-", "-", "-"]
    sides = [[ours for ours, _ in figure.rounds], [peer for _, peer in figure.rounds]]
    rates = [f"{median_rate(side) / figure.scale:,.0f}" for side in sides]
    ratio = "-" if figure.refused else figure.headline.split(" ")[0]
    aim = "-" if figure.aim is None else f"{figure.aim:g}"
    cpu = [f"{_median_cpu_us(figure, index):,.1f} us" for index in (0, 1)]
    return [*rates, ratio, aim, *cpu]


def _median_cpu_us(figure: Figure, index: int) -> float:
    """Microseconds per operation; per 1 KB where octets are carried."""
    costs = sorted(pair[index].cpu_per_operation_s for pair in figure.rounds)
    per = 1000.0 if figure.scale > 1 else 1.0
    return costs[len(costs) // 2] * 1e6 * per


def _indented(console: Console) -> Say:
    return lambda text: console.print(f"  {text}", highlight=False, markup=False)
