"""The roles of one test: an estate on the loop's thread, and the handles that a test is given."""

import importlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from simulators.estate.config import EstateConfig
from simulators.estate.estate import Estate
from simulators.portal import Bench, started
from teleworker_bench.mbg import MbgHandle
from teleworker_bench.pbx import PbxHandle
from teleworker_bench.phone import Phones

if TYPE_CHECKING:
    from teleworker_bench.site import EstateHandle

PEOPLE = 50
"""Phones that one test may have."""
PRIVATE = {"addresses": {"block": "private"}}
HERE = Path(__file__).parent.parent


def loop() -> AbstractContextManager[Bench]:
    """The event loop in a thread."""
    return started()


class Lab:
    """What a test may use.

    Args:
        running: the started estate; with an MCS where the test asks for `estate`.
        folder: for files that a client needs.
    """

    def __init__(self, bench: Bench, running: Estate, folder: Path, stack: ExitStack) -> None:
        self._bench, self._running, self._stack = bench, running, stack
        self._site: EstateHandle | None = None
        self.phones = Phones(bench, running, PEOPLE)
        self.mbg = MbgHandle(bench, running, folder)
        self.pbx = PbxHandle(bench, running)

    def estate(self) -> "EstateHandle":
        """The whole, stages 1 to 4 done when it is first asked for."""
        if self._site is None:
            handle = _features("teleworker_bench.site").EstateHandle
            made: EstateHandle = handle(self._bench, self._running, self.mbg, self.pbx, self.phones)
            self._stack.enter_context(made.installed())
            self._site = made
        return self._site

    def story(self) -> str:
        """The seed, and the latest messages with secrets masked."""
        seed = self._running.config.run.seed
        return f"seed {seed}; the latest messages:\n{self._bench.call(self._running.journal.trace)}"


@contextmanager
def lab(
    bench: Bench,
    settings: dict[str, dict[str, object]],
    folder: Path,
    *,
    with_mcs: bool,
) -> Iterator[Lab]:
    """Start MBG, PBX and room for phones, perhaps our MCS; stop all at the end.

    Raises:
        pytest.UsageError: `estate_settings` has a table, key or value that nobody knows.
    """
    try:
        config = EstateConfig.model_validate(settings | PRIVATE)
    except ValidationError as error:
        raise pytest.UsageError(f"the fixture estate_settings: {error}") from error
    launch = _features("features.mcs_in_process").launch if with_mcs else None
    with ExitStack() as stack:
        running = stack.enter_context(bench.entered(Estate(config, launch)))
        if not with_mcs:  # else the installer does it
            bench.call(running.mbg.add_icp, running.node.name, running.node.address[0])
        yield Lab(bench, running, folder, stack)


def _features(module: str) -> ModuleType:
    """A module that needs our package `features`, which a project may have one of its own name of.

    Raises:
        pytest.UsageError: it does.
    """
    package = importlib.import_module("features")
    if HERE not in Path(package.__file__ or "").parents:
        raise pytest.UsageError(
            f"the fixture `estate` needs the bench's package `features`, and {package.__file__} "
            "hides it: remove that folder's __init__.py, or use --import-mode=importlib; `mbg`, "
            "`pbx` and `phones` work as it is"
        )
    return importlib.import_module(module)
