"""Whatever a run folder says, it is refused clearly or rendered safely."""

import json
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.catalogue import load_catalogue
from reports.coverage import cover
from reports.errors import ReportError
from reports.json_view import report_json
from reports.junit import junit_xml
from reports.run import read_run
from reports.tests import sample, sample_load
from reports.tests.test_views import check, page_of

CATALOGUE = load_catalogue()
PAYLOADS = ("<script>x</script>", '"><b id=x>', "' onload='x", "</style>", "]]>", "{{ x }}", "&lt;")
TEXTS = st.one_of(st.text(max_size=30), st.sampled_from(PAYLOADS), st.characters()).filter(
    lambda text: bool(text.strip())
)
NUMBERS = st.one_of(st.integers(0, 10**15), st.floats(0, 1e15))
TIMES = st.datetimes().map(lambda when: when.isoformat() + "Z")
TAGS = st.sampled_from([*sorted(CATALOGUE.ids), *CATALOGUE.extra_tags])
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
STEPS = st.fixed_dictionaries(
    {
        "keyword": TEXTS,
        "text": TEXTS,
        "outcome": st.sampled_from(["pass", "fail", "not run"]),
        "duration_s": NUMBERS,
        "error": st.none() | TEXTS,
    }
)
SCENARIOS = st.lists(
    st.fixed_dictionaries(
        {
            "id": TEXTS,
            "feature": TEXTS,
            "name": TEXTS,
            "tags": st.lists(TAGS, max_size=4),
            "outcome": st.sampled_from(["pass", "fail", "error", "not applicable"]),
            "reason": st.none() | TEXTS,
            "started": TIMES,
            "duration_s": NUMBERS,
            "steps": st.lists(STEPS, max_size=3),
            "journal": st.sampled_from([None, "journals/a.jsonl"]),
            "first_seq": st.none() | st.integers(0, 9),
            "last_seq": st.none() | st.integers(0, 9),
        }
    ),
    max_size=4,
    unique_by=lambda row: str(row["id"]),
)
ROLES = st.one_of(TEXTS, st.sampled_from(["MBG", "MCS", *(f"phone {n}" for n in range(9))]))
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {
            "seq": st.integers(0, 10**6),
            "time": TIMES,
            "from": ROLES,
            "to": ROLES,
            "transport": st.sampled_from(["UDP", "TCP", "TLS", "-"]),
            "source": TEXTS,
            "destination": TEXTS,
            "protocol": st.sampled_from(["SIP", "REST", "HTTP", "OAI", "TCP", "event"]),
            "summary": TEXTS,
            "detail": TEXTS,
        }
    ),
    max_size=12,
    unique_by=lambda row: str(row["seq"]),
)
PLAIN = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def render_all(folder: Path) -> None:
    """Render everything and check it, whatever the folder holds."""
    run = read_run(folder, CATALOGUE)
    check(page_of(run))
    assert ElementTree.fromstring(junit_xml(run).encode()).get("tests") == str(len(run.scenarios))
    json.loads(report_json(run, cover(CATALOGUE, run.scenarios)).encode())


@PLAIN
@given(TEXTS, st.dictionaries(TEXTS, JUNK, max_size=3), SCENARIOS, ENTRIES)
def test_a_well_formed_run_is_rendered_safely(
    title: str,
    facts: dict[str, object],
    scenarios: list[sample_load.Document],
    entries: list[sample_load.Document],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        head = sample.run_document(phones=1) | {"title": title, "command": title, "facts": facts}
        (folder / "run.json").write_text(json.dumps(head), encoding="utf-8")
        sample.write_jsonl(folder / "scenarios.jsonl", scenarios)
        sample.write_jsonl(folder / "journals/a.jsonl", entries)
        try:
            render_all(folder)
        except ReportError as error:  # ids that become equal, names that become blank, when cleaned
            refused = ("no other scenario", "not empty", "one JSON object")  # infinity is not JSON
            assert any(words in error.expected for words in refused), error


@PLAIN
@given(st.sampled_from(sorted(sample_load.burst_document())), JUNK, NUMBERS)
def test_a_burst_with_any_field_is_refused_or_rendered(
    field: str, junk: object, value: float
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = sample.write_burst(Path(name))
        samples = {"started": 1, "registered": 1, "failed": 0, "p50_ms": value, "p99_ms": None}
        document = sample_load.burst_document() | {"series": [{"t_s": value} | samples]}
        (folder / "burst.json").write_text(json.dumps(document), encoding="utf-8")
        render_all(folder)
        (folder / "burst.json").write_text(json.dumps(document | {field: junk}), encoding="utf-8")
        try:
            render_all(folder)
        except ReportError as error:
            assert "burst.json" in error.where
