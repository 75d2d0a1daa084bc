"""What the bench writes into a run's folder, and what the report reads there, are the same."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reports.catalogue import load_catalogue
from reports.model import Protocol, Transport
from reports.run import read_run
from reports.tests.sample import run_document
from simulators.journal import Journal

ONE, OTHER = ("127.30.0.2", 5060), ("127.20.0.10", 5060)
ENTRIES: dict[str, Callable[[Journal], None]] = {
    "SIP": lambda journal: journal.sip(
        ONE,
        OTHER,
        method="REGISTER",
        status=None,
        reason="",
        user="tw7",
        call_id="c",
        warning="",
        raw=b"REGISTER",
    ),
    "REST": lambda journal: journal.http("MCS", "MBG", method="GET", path="/", interface="REST"),
    "HTTP": lambda journal: journal.http("MCS", "phone", method="POST", path="/", encrypted=False),
    "OAI": lambda journal: journal.oai(ONE, OTHER, command="_QX", text="_QX"),
    "TCP": lambda journal: journal.forwarded(
        ONE, OTHER, port=8202, snat=True, snat_source="127.10.0.10"
    ),
    "event": lambda journal: journal.happened("phone", "no power"),
}
"""How an entry of each protocol comes into the journal."""


@pytest.mark.parametrize("protocol", ENTRIES)
def test_the_report_reads_what_the_journal_writes(protocol: str, tmp_path: Path) -> None:
    journal = Journal(lambda: 1730625164.0)
    ENTRIES[protocol](journal)
    journal.lost(ONE, OTHER, transport="UDP", reason="no path", what="REGISTER")
    journal.write(tmp_path / "journals" / "one.jsonl")
    (tmp_path / "run.json").write_text(json.dumps(run_document()))
    scenario = {
        "id": "1", "feature": "f", "name": "n", "tags": [], "outcome": "pass", "steps": [],
        "started": "2024-11-03T09:12:44Z", "duration_s": 1.0, "journal": "journals/one.jsonl",
    }  # fmt: skip
    (tmp_path / "scenarios.jsonl").write_text(json.dumps(scenario) + "\n")
    run = read_run(tmp_path, load_catalogue())
    said, lost = run.scenarios[0].entries
    assert (said.protocol, lost.protocol) == (protocol, Protocol.SIP)
    assert lost.transport is Transport.UDP


def test_every_protocol_of_a_report_has_a_writer() -> None:
    assert set(ENTRIES) == set(Protocol)
