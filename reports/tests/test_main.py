"""The command: files, exit codes, messages."""

from pathlib import Path

from typer.testing import CliRunner

from reports.__main__ import app
from reports.tests import sample

RUNNER = CliRunner()


def test_it_writes_three_files_and_prints_the_page(tmp_path: Path) -> None:
    folder = sample.write_features(tmp_path / "run")
    result = RUNNER.invoke(app, [str(folder)])
    assert result.exit_code == 0
    assert result.stdout.strip() == str(folder / "report.html")
    assert all(
        (folder / name).stat().st_size
        for name in ("report.html", "report.json", "report.txt", "junit.xml")
    )
    assert not list(folder.glob(".*.part"))
    assert RUNNER.invoke(app, [str(folder)]).exit_code == 0  # its own output does not disturb it


def test_output_elsewhere(tmp_path: Path) -> None:
    folder = sample.write_burst(tmp_path / "run")
    result = RUNNER.invoke(app, [str(folder), "--output", str(tmp_path / "a" / "b")])
    assert result.exit_code == 0 and (tmp_path / "a" / "b" / "junit.xml").is_file()
    assert not (folder / "report.html").exists()


def test_bad_input_is_exit_code_2_without_a_traceback(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, [str(tmp_path)])
    assert result.exit_code == 2 and result.stdout == ""
    for word in ("run.json", "expected:", "got:", "to do:"):
        assert word in result.stderr
    assert "Traceback" not in result.stderr


def test_an_output_that_cannot_be_written(tmp_path: Path) -> None:
    folder = sample.write_burst(tmp_path / "run")
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = RUNNER.invoke(app, [str(folder), "--output", str(tmp_path / "file")])
    assert result.exit_code == 2 and "--output" in result.stderr


def test_help_teaches() -> None:
    result = RUNNER.invoke(app, ["--help"])
    assert result.exit_code == 0
    for word in ("RUN_DIR", "--output", "report.html", "junit.xml", "Exit", "README"):
        assert word in result.stdout
