"""The suites again and again, each time in another order: a flake shows, and how to repeat it."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from features.order import OPTION

SUITES = "features/test_features.py"


@dataclass(frozen=True, slots=True)
class Round:
    """One run of all scenarios."""

    number: int
    order: int
    passed: int
    failed: tuple[str, ...]
    seconds: float

    @property
    def line(self) -> str:
        """As it is printed."""
        failed = f", failed: {', '.join(self.failed)}" if self.failed else ""
        return (
            f"round {self.number}: {self.passed} passed in {self.seconds:.0f} s "
            f"({OPTION} {self.order}){failed}"
        )


def repeat(
    times: int, first: int, words: Sequence[str], folder: Path, say: Callable[[str], None]
) -> list[Round]:
    """Run the suites so many times, in the orders `first`, `first` + 1 and so on."""
    rounds = []
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, times + 1):
        rounds.append(_once(number, first + number - 1, words, folder))
        say(rounds[-1].line)
    return rounds


def summary(rounds: Sequence[Round]) -> str:
    """The last line."""
    clean = sum(not each.failed and each.passed > 0 for each in rounds)
    slowest = max((each.seconds for each in rounds), default=0.0)
    return f"{clean} of {len(rounds)} rounds without a failure, the slowest took {slowest:.0f} s"


def _once(number: int, order: int, words: Sequence[str], folder: Path) -> Round:
    results = folder / f"round-{number}.xml"
    results.unlink(missing_ok=True)
    command = [
        sys.executable, "-m", "pytest", SUITES, "-q", f"{OPTION}={order}", f"--junitxml={results}",
        f"--run-dir={folder / f'round-{number}'}", *words,
    ]  # fmt: skip
    begun = time.monotonic()
    with (folder / f"round-{number}.log").open("w") as log:
        status = subprocess.run(command, stdout=log, stderr=log, check=False).returncode
    seconds = time.monotonic() - begun
    passed, failed = read(results) if results.exists() else (0, [])
    if status and not failed:
        failed = [f"pytest ended with {status}, see {log.name}"]
    return Round(number, order, passed, tuple(failed), seconds)


def read(results: Path) -> tuple[int, list[str]]:
    """How many tests of a JUnit file passed, and the names of those that did not."""
    passed, failed = 0, []
    for case in ElementTree.parse(results).iter("testcase"):
        found = {child.tag for child in case}
        if found & {"failure", "error"}:
            failed.append(str(case.get("name")))
        elif "skipped" not in found:
            passed += 1
    return passed, failed
