"""Reading a run folder, and what is said of damaged ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from reports.catalogue import load_catalogue
from reports.errors import ReportError
from reports.model import Run, RunKind
from reports.run import read_run
from reports.tests import sample, sample_load


def read(folder: Path) -> Run:
    return read_run(folder, load_catalogue())


def change(path: Path, **fields: object) -> None:
    """Change fields of a JSON file, or of the first line of a .jsonl file; ``...`` removes one."""
    first, _, rest = path.read_text(encoding="utf-8").partition("\n")
    document: dict[str, Any] = json.loads(first)
    document.update(fields)
    kept = {name: value for name, value in document.items() if value is not ...}
    path.write_text(json.dumps(kept) + "\n" + rest, encoding="utf-8")


def test_the_sample_is_read(tmp_path: Path) -> None:
    run = read(sample.write_features(tmp_path))
    assert run.kind is RunKind.FEATURES and len(run.scenarios) == len(sample.SCENARIOS)
    assert run.duration_s == pytest.approx(213.4)
    assert dict(run.facts)["Packet capture"] == "true"
    assert [entry.seq for entry in run.scenarios[0].entries] == list(range(1, 18))
    assert run.scenarios[4].entries == () and run.burst is None


def test_a_burst_is_read(tmp_path: Path) -> None:
    run = read(sample.write_burst(tmp_path))
    assert run.burst is not None and run.burst.latency_ms.p99_9 == 406.1
    assert run.burst.series[-1].p50_ms is None and run.scenarios == ()


def test_a_slice_of_a_journal_includes_both_ends(tmp_path: Path) -> None:
    sample.write_features(tmp_path)
    change(tmp_path / "scenarios-0.jsonl", first_seq=3, last_seq=5)
    assert [entry.seq for entry in read(tmp_path).scenarios[0].entries] == [3, 4, 5]


def test_the_fingerprint_follows_the_evidence(tmp_path: Path) -> None:
    before = read(sample.write_features(tmp_path)).fingerprint
    (tmp_path / "report.html").write_text("not evidence", encoding="utf-8")
    assert read(tmp_path).fingerprint == before
    change(tmp_path / "journals/0000.jsonl", summary="other")
    assert read(tmp_path).fingerprint != before


def test_texts_are_cleaned(tmp_path: Path) -> None:
    sample.write_features(tmp_path)
    change(tmp_path / "run.json", title="a\x1b[31mb\x00\ud800\u202ec\r\nd")
    assert read(tmp_path).title == "ab\ufffd\ufffd\ufffdc\nd"


@pytest.mark.parametrize(
    ("file", "fields", "said"),
    [
        ("run.json", {"kind": "party"}, '"demo", "features", "burst"'),
        ("run.json", {"outcome": "ok"}, 'field "outcome"'),
        ("run.json", {"title": ...}, "the field to be there"),
        ("run.json", {"title": " "}, "not empty"),
        ("run.json", {"started": "yesterday"}, "ISO 8601"),
        ("run.json", {"started": "2024-11-03T09:12:44"}, "ISO 8601"),
        ("run.json", {"started": "0001-01-01T00:00:00+14:00"}, "ISO 8601"),
        ("run.json", {"finished": "2020-01-01T00:00:00Z"}, "not before"),
        ("run.json", {"roles": {}}, "a list of objects"),
        ("run.json", {"roles": [7]}, "roles[0]"),
        ("run.json", {"facts": []}, 'field "facts"'),
        ("scenarios-0.jsonl", {"outcome": "passed"}, 'scenarios-0.jsonl, line 1, field "outcome"'),
        ("scenarios-0.jsonl", {"tags": ["TOK-66"]}, "near: TOK-6"),
        ("scenarios-0.jsonl", {"tags": "TOK-6"}, "a list of texts"),
        ("scenarios-0.jsonl", {"duration_s": -1}, "from 0"),
        ("scenarios-0.jsonl", {"duration_s": True}, "a number"),
        ("scenarios-0.jsonl", {"duration_s": 10**400}, "1e15"),
        ("scenarios-0.jsonl", {"journal": "../../etc/passwd"}, "below the run folder"),
        ("scenarios-0.jsonl", {"journal": "/etc/passwd"}, "below the run folder"),
        ("scenarios-0.jsonl", {"journal": "journals/none.jsonl"}, "readable file"),
        ("scenarios-0.jsonl", {"first_seq": "1"}, "a whole number"),
        ("scenarios-1.jsonl", {"id": "before-anything-0"}, "no other scenario"),
        ("journals/0000.jsonl", {"seq": 2}, "no earlier line"),
        ("journals/0000.jsonl", {"protocol": "FTP"}, '"SIP"'),
        ("journals/0000.jsonl", {"detail": None}, "a text"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, file: str, fields: dict[str, object], said: str
) -> None:
    sample.write_features(tmp_path)
    change(tmp_path / file, **fields)
    with pytest.raises(ReportError) as caught:
        read(tmp_path)
    assert said in str(caught.value) and "to do:" in str(caught.value)


@pytest.mark.parametrize("torn", ['{"id": "x', "[1, 2]", "{", "[" * 100_000, '{"duration_s": NaN}'])
def test_a_torn_last_line(tmp_path: Path, torn: str) -> None:
    sample.write_features(tmp_path)
    path = tmp_path / "scenarios-1.jsonl"
    path.write_text(path.read_text(encoding="utf-8") + torn, encoding="utf-8")
    with pytest.raises(ReportError, match="line 13"):
        read(tmp_path)


def test_a_torn_line_says_what_to_do_and_a_whole_one_needs_no_newline(tmp_path: Path) -> None:
    sample.write_features(tmp_path)
    path = tmp_path / "scenarios-1.jsonl"
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.rstrip("\n"), encoding="utf-8")
    assert len(read(tmp_path).scenarios) == len(sample.SCENARIOS)
    path.write_text(whole[:-40], encoding="utf-8")
    with pytest.raises(ReportError, match="stopped in the middle"):
        read(tmp_path)


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"run\.json"):
        read(tmp_path)
    with pytest.raises(ReportError, match="a run folder"):
        read(tmp_path / "none")
    sample.write_features(tmp_path)
    for path in tmp_path.glob("scenarios*"):
        path.unlink()
    with pytest.raises(ReportError, match="at least one file"):
        read(tmp_path)
    change(tmp_path / "run.json", kind="burst")
    with pytest.raises(ReportError, match=r"burst\.json"):
        read(tmp_path)
    change(tmp_path / "run.json", kind="demo", phones=...)
    assert read(tmp_path).phones == ()


def test_not_utf_8(tmp_path: Path) -> None:
    sample.write_features(tmp_path)
    (tmp_path / "run.json").write_bytes(b'{"kind": "\xff"}')
    with pytest.raises(ReportError, match="UTF-8"):
        read(tmp_path)


def test_a_series_that_runs_backwards(tmp_path: Path) -> None:
    sample.write_burst(tmp_path)
    document = sample_load.burst_document()
    series = document["series"]
    assert isinstance(series, list)
    document["series"] = series[::-1]
    (tmp_path / "burst.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ReportError, match=r"series\[1\]"):
        read(tmp_path)
