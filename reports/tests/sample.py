"""A realistic run folder, made up from a seed: ``python -m reports.tests.sample DIR``.

Writes DIR/features (six stages, failures, negative controls, a long ladder, many phones), DIR/burst
(with a refused headline) and DIR/burst-good. Tests build on the same documents.
"""

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reports.tests.sample_load import Document, burst_document, capacity_document

START = datetime(2024, 11, 3, 9, 12, 44, tzinfo=UTC)
ADDRESSES = {"MCS": "127.10.0.5:8202", "MBG": "127.20.0.10:5060", "PBX HQ": "127.10.0.21:5060"}
NAMES = ("Ada Moreau", "Bo Lindqvist", "Chen Wei", "Dara O'Neill", "Émile Roux", "Fatima Haddad")
MODELS = ("6920", "6930", "6940", "6970")


def mac(number: int) -> str:
    """Return the MAC address of the n-th phone."""
    return f"1400E9{0x123400 + number:06X}"


def iso(seconds: float) -> str:
    """Return a time so many seconds after the start of the run."""
    return (START + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def run_document(kind: str = "features", outcome: str = "fail", phones: int = 25) -> Document:
    """Return a run.json."""
    return {
        "kind": kind,
        "title": "Acceptance of the Leeds estate, MCS 6.3 SP2",
        "seed": 20241103,
        "started": iso(0),
        "finished": iso(213.4),
        "outcome": outcome,
        "command": "pytest features --estate estates/leeds.toml --seed 20241103 -n 4",
        "roles": [
            {"role": "MCS", "kind": "ours", "where": "127.10.0.5, python -m system"},
            {
                "role": "MBG",
                "kind": "simulated",
                "where": "127.10.0.10 inside, 127.20.0.10 outside",
            },
            {
                "role": "PBX HQ",
                "kind": "external",
                "where": "10.4.0.21, MiVoice Office 250 6.3 SP2",
            },
            {
                "role": "CT Gateway",
                "kind": "simulated",
                "where": "127.10.0.30:4000, release 5.0.64",
            },
            {"role": "phones", "kind": "simulated", "where": "127.30.0.0/16"},
        ],
        "facts": {"MBG release": "11.0.0.247", "Python": "3.11.9", "Packet capture": True},
        "phones": [
            {
                "mac": mac(at),
                "model": MODELS[at % 4],
                "name": NAMES[at % 6],
                "extension": str(2001 + at),
                "home": f"127.30.{at // 3}.1",
                "state": "registered" if at % 11 != 7 else "waiting for a licence",
            }
            for at in range(phones)
        ],
    }


def entry(seq: int, at: float, sender: str, to: str, protocol: str, summary: str) -> Document:
    """Return one journal entry with a plausible text."""
    detail = (
        f"{summary}\nVia: SIP/2.0/UDP 127.30.0.2:5060;branch=z9hG4bK{seq:06x}\nFrom: <sip:1@mbg>"
        f';tag={seq * 7919:x}\nCall-ID: {seq:08x}@home\nAuthorization: Digest username="••••",'
        ' realm="mbg", response="••••••"\nContent-Length: 0\n'
    )
    note = protocol == "event"
    return {
        "seq": seq,
        "time": iso(at),
        "from": sender,
        "to": to,
        "transport": "-" if note else ("UDP" if protocol == "SIP" else "TLS"),
        "source": "" if note else ADDRESSES.get(sender, "127.30.0.2:5060"),
        "destination": "" if note else ADDRESSES.get(to, "127.30.0.2:5060"),
        "protocol": protocol,
        "summary": summary,
        "detail": detail,
    }


def life(first: int, at: float, phone: str) -> list[Document]:
    """Return the journal of one phone from power-up to registered."""
    told = [
        (0.0, phone, phone, "event", "power on"),
        (0.8, phone, "MBG", "HTTP", "GET /startup.cfg"),
        (0.802, "MBG", "MCS", "HTTP", "GET /startup.cfg (forward 8202, SNAT)"),
        (0.841, "MCS", "MBG", "HTTP", "200 startup.cfg, 2,114 bytes"),
        (0.843, "MBG", phone, "HTTP", "200 startup.cfg, 2,114 bytes"),
        (1.2, phone, "MBG", "TCP", "connect 8202 for firmware"),
        (42.0, phone, phone, "event", "reboot asked for by firmware 6.3.1.2048"),
        (42.4, "MCS", "CT Gateway", "OAI", "QueryExtension 2001"),
        (42.41, "CT Gateway", "MCS", "OAI", "Extension 2001, credentials (masked)"),
        (42.9, "MCS", "MBG", "REST", "POST /mslrest/mbg/v1/devices/"),
        (42.95, "MBG", "MCS", "REST", "201 device 17"),
        (43.1, phone, "MBG", "SIP", "REGISTER sip:127.20.0.10"),
        (43.12, "MBG", phone, "SIP", "401 Unauthorized"),
        (43.14, phone, "MBG", "SIP", "REGISTER sip:127.20.0.10 (digest)"),
        (43.15, "MBG", "PBX HQ", "SIP", "REGISTER sip:127.10.0.21 as 2001, expires 3600"),
        (43.19, "PBX HQ", "MBG", "SIP", "200 OK, expires 1800"),
        (43.2, "MBG", phone, "SIP", "200 OK"),
    ]
    return [
        entry(first + n, at + then, sender, to, protocol, summary)
        for n, (then, sender, to, protocol, summary) in enumerate(told)
    ]


SCENARIOS = (  # feature, name, tags, outcome
    ("Before anything", "An MBG of release 9.4 is turned down", "PRE-1 negative", "pass"),
    ("Before anything", "An MBG of release 10 is accepted", "PRE-1 PRE-5", "pass"),
    ("Before anything", "A server-only MBG is turned down", "PRE-2 negative", "pass"),
    ("Before anything", "A PBX of 6.3 gets no provisioning", "PRE-3 PRE-5 negative", "pass"),
    ("Before anything", "A CT Gateway of 5.0.63", "PRE-4 negative", "not applicable"),
    ("Addresses", "A request from the MBG is a teleworker's", "ADR-1 ADR-2", "pass"),
    ("Addresses", "A request from next to the MBG is a local phone's", "ADR-2 negative", "pass"),
    ("Addresses", "Twelve phones are told the NAT address", "ADR-5 ADR-6 scale", "pass"),
    ("Forwarding", "Everything a phone needs comes through 8202", "FWD-1", "pass"),
    ("Forwarding", "Without SNAT the cause is named", "FWD-3 negative", "pass"),
    ("Forwarding", "LDAP, TFTP and syslog are shut", "FWD-2", "fail"),
    ("ICPs", "No ICP at the address of node HQ", "ICP-1 ICP-2 negative", "pass"),
    ("Token", "The handshake, start to end", "TOK-1 TOK-2 TOK-3 TOK-4 TOK-5", "pass"),
    ("Token", "A wrong verifier leaves the old token", "TOK-6 negative", "error"),
    ("Token", "A year later, renewed", "TOK-7 TOK-8 slow", "pass"),
    ("Provisioning", "Extensions saved before the token came", "API-1 PRV-1", "pass"),
    ("Provisioning", "The last licence is taken", "PRV-3 resilience", "fail"),
    ("Extensions", "Unchecking removes the SIP user", "EXT-1 EXT-3 EXT-5", "pass"),
    ("Extensions", "A weak password is refused at once", "EXT-2 negative strict", "warning"),
    ("Extensions", "A hot desk at home", "EXT-7", "inconclusive"),
    ("The phone", "From the box to registered", "PHN-2 PHN-3 PHN-4 PHN-5 PHN-7", "pass"),
)
REASONS = {
    "fail": "expected refusal 'no licence', got 403 Forbidden (same as a wrong password)",
    "error": "KeyError: 'verifier'",
    "warning": "AssertionError: expected a refusal, MCS took it",
    "inconclusive": "McsRefused: the MCS refused with 500 internal_error",
    "not applicable": "the CT Gateway is external; its release cannot be changed",
}
LAST = {
    "pass": "pass", "fail": "fail", "warning": "fail", "inconclusive": "fail",
    "error": "not run", "not applicable": "not run",
}  # fmt: skip


def scenario_documents() -> tuple[list[Document], dict[str, list[Document]]]:
    """Return the scenarios, and the journals by file name."""
    rows: list[Document] = []
    journals: dict[str, list[Document]] = {}
    for at, (feature, name, tags, outcome) in enumerate(SCENARIOS):
        journal = f"journals/{at:04}.jsonl"
        journals[journal] = list(_journal(at, outcome))
        last = LAST[outcome]
        rows.append(
            {
                "id": f"{feature.lower().replace(' ', '-')}-{at}",
                "feature": feature,
                "name": name,
                "tags": tags.split(),
                "outcome": outcome,
                "reason": REASONS.get(outcome),
                "started": iso(at * 9.5),
                "duration_s": 0.42 + at * 0.73,
                "steps": [
                    _step("Given", "an MBG that runs release 11 in Gateway mode", "pass"),
                    _step("And", f"a teleworker with the phone {mac(at)}", "pass"),
                    _step("When", "the phone is powered on", "pass" if last == "pass" else last),
                    _step(
                        "Then",
                        "it is registered within 2 seconds",
                        "pass" if last == "pass" else "not run",
                    ),
                ],
                "finding": _finding(at, tags, outcome),
                "journal": journal if outcome != "not applicable" else None,
                "first_seq": None,
                "last_seq": None,
            }
        )
    return rows, journals


def _finding(at: int, tags: str, outcome: str) -> Document | None:
    if outcome not in ("fail", "warning", "inconclusive"):
        return None
    return {
        "requirements": [tag for tag in tags.split() if tag[-1].isdigit()],
        "level": "SHOULD" if outcome == "warning" else "MUST",
        "expected": "Then it is registered within 2 seconds",
        "actual": f"{REASONS[outcome]}\nscenario {at}",
        "entries": [15, 16, 17],
    }


def _step(keyword: str, text: str, outcome: str) -> Document:
    error = None
    if outcome == "fail":
        error = (
            "RemoteProtocolError: PRV-3\n  expected: refusal that names the licence\n"
            "  actual:   403 Forbidden\n  where:    MBG 127.20.0.10:5060, entry 12"
        )
    return {
        "keyword": keyword,
        "text": text,
        "outcome": outcome,
        "duration_s": 0.0 if outcome == "not run" else 0.137,
        "error": error,
    }


def _journal(at: int, outcome: str) -> Iterable[Document]:
    if outcome == "not applicable":
        return
    count = {7: 12, 14: 20}.get(at, 1)
    if at == 14:
        yield entry(0, 0, "MCS", "MCS", "event", "token expires in 365 days")
    for number in range(count):
        pause = 364 * 86400.0 if at == 14 and number >= 10 else 0.0
        yield from life(
            1 + number * 17, at * 9.5 + number * 44 + pause, f"phone {mac(at + number)}"
        )


def write_jsonl(path: Path, rows: Iterable[Document]) -> None:
    """Write one object per line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_features(folder: Path) -> Path:
    """Write a features run and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps(run_document()), encoding="utf-8")
    rows, journals = scenario_documents()
    write_jsonl(folder / "scenarios-0.jsonl", rows[:9])
    write_jsonl(folder / "scenarios-1.jsonl", rows[9:])
    for name, entries in journals.items():
        write_jsonl(folder / name, entries)
    return folder


def write_burst(folder: Path, refused: bool = True) -> Path:
    """Write a burst run and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    head = run_document("burst", "fail" if refused else "pass", phones=0)
    head["title"] = "Power comes back: 5,000 phones at 100 a second"
    head["command"] = "make burst PHONES=5000 RATE=100 WORKERS=4"
    (folder / "run.json").write_text(json.dumps(head), encoding="utf-8")
    (folder / "burst.json").write_text(json.dumps(burst_document(refused)), encoding="utf-8")
    return folder


def write_capacity(folder: Path, **changed: object) -> Path:
    """Write a run of a capacity search and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    head = run_document("capacity", "pass", phones=0)
    head["title"] = "Capacity: the highest registration rate that holds the levels"
    (folder / "run.json").write_text(json.dumps(head), encoding="utf-8")
    document = capacity_document(**changed)
    (folder / "capacity.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


if __name__ == "__main__":
    target = Path(sys.argv[1])
    write_features(target / "features")
    write_burst(target / "burst")
    write_burst(target / "burst-good", refused=False)
    write_capacity(target / "capacity")
    print(target)
