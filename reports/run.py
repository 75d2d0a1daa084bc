"""Reads a run folder into a ``Run``: run.json, scenarios*.jsonl, journals/*.jsonl,
burst.json, capacity.json.

The format is described in reports/README.md. A folder that is incomplete, torn or refers to what
is not there is refused with a ``ReportError``: a report that somebody signs is built on all of the
evidence or on none. Order of scenarios: file names sorted, then lines.
"""

import hashlib
from pathlib import Path

from reports.burst import read_burst
from reports.capacity import read_capacity
from reports.catalogue import Catalogue
from reports.errors import ReportError
from reports.fields import Row, decode
from reports.load import Burst, Capacity
from reports.model import (
    Entry,
    Finding,
    Outcome,
    Phone,
    Planted,
    Protocol,
    Role,
    RoleKind,
    Run,
    RunKind,
    RunOutcome,
    Scenario,
    Step,
    StepOutcome,
    Transport,
)

_TORN = (
    "the writer was stopped in the middle of a line: run again, or delete the last line to see "
    "what there is"
)


class _Files:
    """The files of one run folder, each read once, all of them part of the fingerprint."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._digests: dict[str, str] = {}
        self._journals: dict[str, tuple[Entry, ...]] = {}

    def text(self, name: str) -> str:
        """Return the text of a file below the folder."""
        remedy = "write it (format: reports/README.md), or check the name of the run folder"
        try:
            data = (self.folder / name).read_bytes()
            text = data.decode("utf-8")
        except OSError as error:
            raise ReportError(
                str(self.folder / name),
                expected="a readable file",
                got=error.strerror or str(error),
                remedy=remedy,
            ) from error
        except UnicodeDecodeError as error:
            raise ReportError(
                name, expected="UTF-8", got=str(error), remedy="write the file as UTF-8"
            ) from error
        self._digests[name] = hashlib.sha256(data).hexdigest()
        return text

    def lines(self, name: str) -> list[Row]:
        """Return every line of a .jsonl file; blank lines are skipped."""
        # Not splitlines(): U+2028 and the like may stand inside a JSON text.
        lines = self.text(name).split("\n")
        rows = []
        for at, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            where = f"{name}, line {at}"
            if at == len(lines):  # no newline after it
                value = decode(line, where, expected="a whole JSON object", remedy=_TORN)
            else:
                value = decode(line, where)
            rows.append(Row(value, where))
        return rows

    def journal(self, name: str) -> tuple[Entry, ...]:
        """Return a whole journal in the order of ``seq``."""
        if name not in self._journals:
            entries: dict[int, Entry] = {}
            for row in self.lines(name):
                entry = _entry(row)
                if entry.seq in entries:
                    row.refuse("seq", "a number that no earlier line of the journal has", entry.seq)
                entries[entry.seq] = entry
            self._journals[name] = tuple(entries[seq] for seq in sorted(entries))
        return self._journals[name]

    def fingerprint(self) -> str:
        """Return the SHA-256 of what ``sha256sum`` prints for all files read, sorted by name."""
        listing = "".join(f"{self._digests[name]}  {name}\n" for name in sorted(self._digests))
        return hashlib.sha256(listing.encode()).hexdigest()


def read_run(folder: Path, catalogue: Catalogue) -> Run:
    """Read a run folder.

    Raises:
        ReportError: Something is missing, torn, of an unknown kind, or refers to what is not there.
    """
    if not folder.is_dir():
        raise ReportError(
            str(folder),
            expected="a run folder",
            got="a file" if folder.exists() else "nothing",
            remedy="give the folder that holds run.json",
        )
    files = _Files(folder)
    head = Row(decode(files.text("run.json"), "run.json"), "run.json")
    kind = head.choice("kind", RunKind)
    started, finished = head.moment("started"), head.moment("finished")
    if finished < started:
        head.refuse("finished", f"a time not before {started.isoformat()}", finished.isoformat())
    return Run(
        kind=kind,
        title=head.text("title", blank=False),
        seed=head.label("seed"),
        started=started,
        finished=finished,
        outcome=head.choice("outcome", RunOutcome),
        command=head.text("command"),
        roles=tuple(_role(row) for row in head.rows("roles")),
        facts=head.row("facts").shown(),
        phones=tuple(_phone(row) for row in head.rows("phones", optional=True)),
        scenarios=_scenarios(files, kind, catalogue),
        burst=_burst(files, kind),
        planted=_planted(files),
        capacity=_capacity(files, kind),
        fingerprint=files.fingerprint(),
    )


def _burst(files: _Files, kind: RunKind) -> Burst | None:
    """Return the burst, which a run of kind burst must have and any other may have."""
    if kind is not RunKind.BURST and not (files.folder / "burst.json").exists():
        return None
    return read_burst(Row(decode(files.text("burst.json"), "burst.json"), "burst.json"))


def _capacity(files: _Files, kind: RunKind) -> Capacity | None:
    """Return the search, which a run of kind capacity must have and any other may have."""
    name = "capacity.json"
    if kind is not RunKind.CAPACITY and not (files.folder / name).exists():
        return None
    return read_capacity(Row(decode(files.text(name), name), name))


def _planted(files: _Files) -> tuple[Planted, ...]:
    """Return the defects that were tried with the run's scenarios, if any were."""
    name = "defects.json"
    if not (files.folder / name).exists():
        return ()
    head = Row(decode(files.text(name), name), name)
    return tuple(
        Planted(
            name=row.text("name", blank=False),
            role=row.text("role", blank=False),
            ids=tuple(row.texts("ids")),
            sentence=row.text("sentence"),
            caught=row.flag("caught"),
        )
        for row in head.rows("defects")
    )


def _scenarios(files: _Files, kind: RunKind, catalogue: Catalogue) -> tuple[Scenario, ...]:
    """Return the scenarios of all scenarios*.jsonl; a features run must have such a file."""
    names = sorted(path.name for path in files.folder.glob("scenarios*.jsonl"))
    if not names and kind is RunKind.FEATURES:
        raise ReportError(
            str(files.folder),
            expected="at least one file scenarios*.jsonl in a run of kind features",
            got="none",
            remedy="let the feature suite write its scenarios, or check that it ran",
        )
    found: dict[str, Scenario] = {}
    for name in names:
        for row in files.lines(name):
            scenario = _scenario(row, files, catalogue)
            if scenario.id in found:
                row.refuse("id", "an id that no other scenario of the run has", scenario.id)
            found[scenario.id] = scenario
    return tuple(found.values())


def _scenario(row: Row, files: _Files, catalogue: Catalogue) -> Scenario:
    tags = row.texts("tags")
    for tag in tags:
        if not catalogue.knows(tag):
            row.refuse(
                "tags",
                "requirement ids and extra tags of reports/requirements.toml",
                tag,
                f"correct the tag (near: {catalogue.nearest(tag)}), or add it to the catalogue",
            )
    return Scenario(
        id=row.text("id", blank=False),
        feature=row.text("feature", blank=False),
        name=row.text("name", blank=False),
        tags=tuple(dict.fromkeys(tags)),
        outcome=row.choice("outcome", Outcome),
        reason=row.optional_text("reason"),
        started=row.moment("started"),
        duration_s=row.number("duration_s"),
        steps=tuple(_step(step) for step in row.rows("steps")),
        entries=_slice(row, files),
        finding=_finding(row.optional_row("finding")),
    )


def _finding(row: Row | None) -> Finding | None:
    if row is None:
        return None
    return Finding(
        requirements=row.texts("requirements"),
        level=row.text("level"),
        expected=row.text("expected"),
        actual=row.text("actual"),
        entries=row.integers("entries"),
    )


def _slice(row: Row, files: _Files) -> tuple[Entry, ...]:
    """Return the scenario's part of its journal: first_seq to last_seq, both included."""
    name = row.optional_text("journal")
    if not name:
        return ()
    path = Path(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        row.refuse("journal", "a path below the run folder", name)
    first, last = row.optional_integer("first_seq"), row.optional_integer("last_seq")
    return tuple(
        entry
        for entry in files.journal(path.as_posix())
        if (first is None or entry.seq >= first) and (last is None or entry.seq <= last)
    )


def _step(row: Row) -> Step:
    return Step(
        keyword=row.text("keyword").strip(),
        text=row.text("text"),
        outcome=row.choice("outcome", StepOutcome),
        duration_s=row.number("duration_s"),
        error=row.optional_text("error"),
    )


def _entry(row: Row) -> Entry:
    return Entry(
        seq=row.integer("seq"),
        time=row.moment("time"),
        sender=row.text("from", blank=False),
        receiver=row.text("to", blank=False),
        transport=row.choice("transport", Transport),
        source=row.text("source"),
        destination=row.text("destination"),
        protocol=row.choice("protocol", Protocol),
        summary=row.text("summary"),
        detail=row.text("detail"),
    )


def _role(row: Row) -> Role:
    return Role(
        role=row.text("role", blank=False),
        kind=row.choice("kind", RoleKind),
        where=row.optional_text("where"),
    )


def _phone(row: Row) -> Phone:
    return Phone(
        mac=row.text("mac", blank=False),
        model=row.label("model"),
        name=row.label("name"),
        extension=row.label("extension"),
        home=row.label("home"),
        state=row.label("state"),
    )
