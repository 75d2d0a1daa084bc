"""The page, the JSON and the JUnit file of the sample run."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from reports.catalogue import load_catalogue
from reports.coverage import cover
from reports.html import render
from reports.json_view import report_json
from reports.junit import junit_xml
from reports.model import Run
from reports.plain import plain_text
from reports.run import read_run
from reports.tests import sample
from reports.tests.test_run import change

CATALOGUE = load_catalogue()
VOID = {"meta", "col", "br", "input"}
LOADING = {"src", "srcset", "data", "poster", "action", "formaction", "background", "xlink:href"}


class Page(HTMLParser):
    """Reads a page strictly: tags must nest. Collects ids, links, tags and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.scripts = 0
        self.loads: list[str] = []
        self.handlers: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID and not self.get_starttag_text_ends():
            self.open.append(tag)
        self.scripts += tag == "script"
        self.loads += [tag] if tag in {"link", "img", "iframe", "object", "embed", "base"} else []
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")
            if name in LOADING:
                self.loads.append(f"{tag} {name}={value}")
            if name.startswith("on") or name == "style":
                self.handlers.append(f"{tag} {name}")

    def get_starttag_text_ends(self) -> bool:
        return (self.get_starttag_text() or "").endswith("/>")

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> at {self.getpos()}"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page_of(run: Run) -> str:
    return render(run, cover(CATALOGUE, run.scenarios), CATALOGUE)


def check(text: str, scripts: int = 1) -> Page:
    """Read a page and check what holds for every page."""
    page = Page(text)
    assert page.scripts == scripts and page.loads == [] and page.handlers == []
    assert all(link.startswith("#") for link in page.links)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert "@import" not in text and "url(" not in text
    return page


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return read_run(sample.write_features(tmp_path), CATALOGUE)


def test_the_page_shows_every_requirement(run: Run) -> None:
    text = page_of(run)
    page = check(text)
    shown = "".join(page.texts)
    for requirement in CATALOGUE.requirements:
        assert f"req-{requirement.id}" in page.ids
        assert requirement.sentence in shown
    assert shown.count("not covered yet") > 10
    assert run.command in shown and run.seed in shown and run.fingerprint in shown
    assert "54 messages not drawn" in shown


def test_failed_scenarios_are_open_and_show_why(run: Run) -> None:
    text = page_of(run)
    assert text.count('data-outcome="fail" open') == 2
    assert text.count('data-outcome="warning" open') == 1
    assert text.count('data-outcome="inconclusive" open') == 1
    assert text.count('data-outcome="error" open') == 1
    assert "refusal that names the licence" in text


def test_the_page_allows_nothing_but_its_own_style_and_script(run: Run) -> None:
    text = page_of(run)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy and "default-src 'none'" in policy[1].replace("&#39;", "'")
    for tag in ("style", "script"):
        source = re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert source
        digest = base64.b64encode(hashlib.sha256(source[1].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy[1].replace("&#39;", "'")


def test_a_burst_page(tmp_path: Path) -> None:
    refused = page_of(read_run(sample.write_burst(tmp_path / "bad"), CATALOGUE))
    check(refused)
    assert "are not to be quoted" in refused and "timer F" in refused
    assert refused.count('<figure class="plot">') == 4
    good = page_of(read_run(sample.write_burst(tmp_path / "good", refused=False), CATALOGUE))
    check(good)
    assert "not to be quoted" not in good and "4,937 of 5,000 phones registered" in good
    for words in ("not judged", "The generator was the bottleneck"):
        assert words in refused
    assert "not judged" not in good and '<span class="badge fail">broken</span>' in good
    assert "63 of 5,000 phones did not come back" in good and "phone 2214 RUN" in good
    assert "1,867.4 with IP and UDP headers" in good and "memory of the target not known" in good
    assert "5,998 octets sent, 29,310 received, over 5.33 new connections" in good


def test_of_what_comes_at_once_no_rate_is_said(tmp_path: Path) -> None:
    folder = sample.write_burst(tmp_path)
    assert "a second were asked for" in page_of(read_run(folder, CATALOGUE))
    document = json.loads((folder / "burst.json").read_text())
    (folder / "burst.json").write_text(json.dumps(document | {"scheduled_s": 0}))
    page = page_of(read_run(folder, CATALOGUE))
    assert "all were to come at once" in page and "a second were asked for" not in page
    assert "0 ms at" not in page


def test_the_text_of_a_burst_has_its_recovery_and_its_levels(tmp_path: Path) -> None:
    run = read_run(sample.write_burst(tmp_path), CATALOGUE)
    text = plain_text(run, cover(CATALOGUE, run.scenarios))
    assert run.burst is not None and run.burst.recovery is not None
    assert f"Recovery: {run.burst.recovery.verdict}\n" in text
    assert all(f"{level.level}: {level.state}\n" in text for level in run.burst.levels)
    played = replace(run, scenarios=read_run(features(tmp_path), CATALOGUE).scenarios)
    assert 'id="requirements"' in page_of(played), "scenarios beside a burst prove something"


def features(folder: Path) -> Path:
    """The sample run of the suites."""
    return sample.write_features(folder / "features")


def test_who_was_harmed_is_named_and_who_was_not_judged_is_counted(tmp_path: Path) -> None:
    folder = sample.write_burst(tmp_path)
    document = json.loads((folder / "burst.json").read_text())
    document["generator"] |= {"drops": 4, "send_errors": 0}
    document["recovery"] |= {"unknown": 1250, "under_way": 2}
    document["recovery"]["harm"][1]["who"] = [
        {"phone": 17, "extension": "100017"}, {"phone": None, "extension": "500<17"},
    ]  # fmt: skip
    (folder / "burst.json").write_text(json.dumps(document))
    page = page_of(read_run(folder, CATALOGUE))
    check(page)
    assert "phone 17, extension 100017; extension 500&lt;17; and 5 more" in page
    assert "among 1,250 phones of lost workers and 2 phones with a request" in page
    assert "118 retransmissions, 4 datagrams without room in its sockets, 0 not sent" in page


def test_what_a_burst_did_not_send_is_none_and_what_an_old_one_lacks_is_not_known(
    tmp_path: Path,
) -> None:
    folder = sample.write_burst(tmp_path)
    document = json.loads((folder / "burst.json").read_text())
    cost = document["cost_per_phone"]
    cost |= dict.fromkeys(("octets_sent", "octets_received", "datagrams_sent"), 0)
    cost["datagrams_received"] = 0
    for name in ("octets", "tls_octets_sent", "tls_octets_received", "tls_connections"):
        del cost[name]
    (folder / "burst.json").write_text(json.dumps(document))
    page = page_of(read_run(folder, CATALOGUE))
    check(page)
    assert "<dt>SIP over UDP</dt><dd>none</dd>" in page
    assert "<dt>TLS over TCP</dt><dd>not known</dd>" in page


def test_a_capacity_page(tmp_path: Path) -> None:
    run = read_run(sample.write_capacity(tmp_path), CATALOGUE)
    page = page_of(run)
    check(page)
    assert page.count('<figure class="plot">') == 2
    assert "380.5 to 471 a second, with 95 % confidence" in page
    assert page.count("The generator was the bottleneck") == 1
    assert json.loads(report_json(run, []))["capacity"]["rate_per_s"] == 416
    assert "was not fresh" not in page and 'data-label="Phones"' in page


def test_a_capacity_page_of_another_scenario_at_a_target_that_ran_already(tmp_path: Path) -> None:
    target = "the MBG at 127.20.0.10:5060, which ran already & was not fresh"
    folder = sample.write_capacity(tmp_path, noun="extensions", target=target, fresh=False)
    page = page_of(read_run(folder, CATALOGUE))
    check(page)
    assert "The target was not fresh" in page and "ran already &amp; was not fresh." in page
    assert 'data-label="Extensions"' in page and 'data-label="Phones"' not in page
    assert ">Extensions</th>" in page and "extensions per second" in page


def test_no_text_of_a_run_becomes_markup(tmp_path: Path) -> None:
    evil = "</pre></title><script>alert(1)</script>'\"><img src=x onerror=alert(1)>{{ 7*7 }}"
    sample.write_features(tmp_path)
    change(tmp_path / "run.json", title=evil, seed=evil, command=evil, facts={evil: evil})
    step = {"keyword": evil, "text": evil, "outcome": "fail", "duration_s": 1, "error": evil}
    row = {"id": evil, "feature": evil, "name": evil, "reason": evil, "steps": [step]}
    change(tmp_path / "scenarios-0.jsonl", **row, outcome="fail")
    names = {"from": evil, "to": "MBG " + evil, "summary": evil, "detail": evil}
    change(tmp_path / "journals/0000.jsonl", **names, source=evil, protocol="SIP")
    run = read_run(tmp_path, CATALOGUE)
    text = page_of(run)
    page = check(text)
    assert "<script>alert" not in text and "<img" not in text
    assert "".join(page.texts).count(evil) > 8
    assert ElementTree.fromstring(junit_xml(run)).get("name") == evil


def test_junit_is_well_formed_and_counts(run: Run) -> None:
    root = ElementTree.fromstring(junit_xml(run).encode())
    assert root.tag == "testsuites"
    counts = {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "21", "failures": "2", "errors": "2", "skipped": "1"}
    kinds = [item.get("type") for item in root.iter("error")]
    assert sorted(kinds, key=str) == ["error", "inconclusive"]
    (warned,) = (item.text or "" for item in root.iter("system-err"))
    assert warned.startswith("warning: EXT-2 (SHOULD)\nexpected: Then it is registered")
    assert "PBX HQ -> MBG: 200 OK, expires 1800" in warned, "the messages that show it"
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        for suite in root.findall("testsuite"):
            assert suite.get(name) == str(len(list(suite.iter(tag))))
    tags = [item.get("value") for item in root.iter("property") if item.get("name") == "tag"]
    assert "TOK-6" in tags and len(root.findall("testsuite")) == 8


def test_json_view(run: Run) -> None:
    document = json.loads(report_json(run, cover(CATALOGUE, run.scenarios)))
    assert document["format"] == 1 and document["outcome"] == "fail"
    assert len(document["requirements"]) == 45
    assert document["counts"]["requirements"] == {
        "pass": 29, "fail": 2, "warning": 1, "undecided": 2, "not applicable": 1,
        "not covered yet": 10,
    }  # fmt: skip
    by_id = {item["id"]: item for item in document["requirements"]}
    assert by_id["PRE-1"]["negative_control"] == "seen failing"
    assert by_id["FWD-2"]["state"] == "fail" and by_id["ADR-3"]["scenarios"] == []


def test_a_finding_says_what_was_expected_and_shows_the_messages(run: Run) -> None:
    document = json.loads(report_json(run, cover(CATALOGUE, run.scenarios)))
    (failed, *_) = (s["finding"] for s in document["scenarios"] if s["outcome"] == "fail")
    assert failed["requirements"] == ["FWD-2"] and failed["entries"] == [15, 16, 17]
    shown = "".join(check(page_of(run)).texts)
    assert shown.count("Finding: ") == 2 and shown.count("What was in the way: ") == 1
    text = plain_text(run, cover(CATALOGUE, run.scenarios))
    assert "FAIL FWD-2: LDAP, TFTP and syslog are shut" in text
    assert "15 MBG -> PBX HQ: REGISTER sip:127.10.0.21 as 2001" in text
    assert "INCONCLUSIVE EXT-7" in text and "not covered: " in text


def test_a_run_with_next_to_nothing(run: Run) -> None:
    bare = replace(run, roles=(), facts=(), phones=(), scenarios=(), seed="", command="")
    shown = "".join(check(page_of(bare)).texts)
    assert "played no scenarios" in shown and "does not say who" in shown
    assert ElementTree.fromstring(junit_xml(bare)).get("tests") == "0"


def test_a_burst_is_told_in_the_words_of_its_scenario(tmp_path: Path) -> None:
    folder = sample.write_burst(tmp_path)
    run = read_run(folder, CATALOGUE)
    page, text = page_of(run), plain_text(run, cover(CATALOGUE, run.scenarios))
    assert "No headline: " in text and "not covered" not in text
    assert "Registration burst report" in page and "Registrations over time" in page
    assert "ms, 99 % of them" not in page, "this one's headline is refused"
    for proof in ("Requirements", "not covered yet", "played no scenarios", "#scenarios"):
        assert proof not in page, "a burst proves no requirements"
    document = json.loads((folder / "burst.json").read_text())
    document |= {"noun": "extensions", "request": "provisioning", "done": "provisioned"}
    document["headline_refused"] = None
    (folder / "burst.json").write_text(json.dumps(document))
    page = page_of(read_run(folder, CATALOGUE))
    check(page)
    assert "Provisioning burst report" in page and "Provisionings over time" in page
    assert "ms, 99 % of them" in page
    assert "4,937 provisioned" in page and "Cost per extension" in page
    assert "Registration" not in page and "registered," not in page
