"""The MCS's process that is begun before its place is known."""

import gc
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.estate import mcs_program
from simulators.estate.mcs_program import McsProgram


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "mcs.log"
    file.touch()
    return file


@pytest.fixture
def early() -> Iterator[McsProgram]:
    """One that was begun early; it is taken, and ended, where the test did not do so."""
    thresholds = gc.get_threshold()
    mcs_program.begin_early()
    gc.set_threshold(*thresholds)
    (begun,) = mcs_program._early
    yield begun
    mcs_program._early.clear()
    begun.end()


def test_it_is_the_command_with_its_words_and_speaks_into_the_log(log: Path) -> None:
    process = McsProgram().run(["--help"], log)
    command = subprocess.run(
        [sys.executable, "-m", "system", "--help"], capture_output=True, check=True, text=True
    )
    assert process.wait() == 0
    assert log.read_text() == command.stdout


def test_what_it_refuses_is_in_the_log_and_in_its_status(log: Path) -> None:
    process = McsProgram().run(["--no-such-option"], log)
    assert process.wait() == 2
    assert "No such option" in log.read_text()


def test_the_next_mcs_is_the_one_that_was_begun_and_the_one_after_is_new(
    early: McsProgram, log: Path
) -> None:
    assert mcs_program.program() is early
    another = mcs_program.program()
    assert another is not early
    another.end()


def test_one_that_nobody_wants_ends_without_a_word(early: McsProgram) -> None:
    early.end()
    early.end()
    assert early._process.returncode == 0


def test_what_is_not_wanted_can_be_ended_at_once(early: McsProgram) -> None:
    mcs_program.unwanted()
    assert early._process.returncode == 0
    assert not mcs_program._early


def test_one_that_ended_before_its_words_came_has_a_status_to_tell(
    early: McsProgram, log: Path
) -> None:
    early._process.kill()
    early._process.wait()
    assert mcs_program.program().run(["--help"], log).poll() == -9
