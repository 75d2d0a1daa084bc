"""The MBG's README is true: its faults are the registry's, its settings exist, its calls too."""

import re
from dataclasses import fields
from pathlib import Path

from simulators.addresses import DEFAULT_PLAN
from simulators.clock import Clock
from simulators.control.mbg_control import mbg_control
from simulators.control.mbg_habit_routes import HabitsChange
from simulators.entropy import Seed
from simulators.faults.catalogue import CATALOGUE, COMMON
from simulators.faults.fault import Fault
from simulators.journal import Journal
from simulators.mbg.mbg import FAULT_KINDS, Mbg
from simulators.mbg.services.web_services import Settings
from simulators.mbg.settings import MbgSettings
from simulators.mbg.sip_border.border_terms import BorderSettings
from simulators.network import Network
from simulators.tls import Authority

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
CLASSES = {
    "BorderSettings": {field.name for field in fields(BorderSettings)},
    "MbgSettings": {field.name for field in fields(MbgSettings)} - {"border", "web_services"},
    "Settings": {field.name for field in fields(Settings)},
    "Mbg": set(dir(Mbg)),
}


def row(name: str, kind: type[Fault]) -> str:
    """A fault's line of the table."""
    own = ", ".join(f"`{field}`" for field in kind.model_fields if field not in COMMON) or "-"
    return f"| `{name}` | {kind().description.replace(chr(10), ' ')} | {own} |"


def test_the_table_of_faults_is_the_registry() -> None:
    expected = [row(n, kind) for n, kind in CATALOGUE.items() if issubclass(kind, FAULT_KINDS)]
    section = README.partition("## Faults")[2].partition("## Habits")[0]
    assert [line for line in section.splitlines() if line.startswith("| `")] == expected
    assert len(expected) > 15


def test_every_setting_that_is_named_exists_and_every_setting_is_named() -> None:
    habits = README.partition("## Habits")[2]
    named = set(re.findall(r"`(\w+)\.(\w+)`", habits))
    assert {n for n in named if n[1] not in CLASSES[n[0]]} == set()
    for name in ("BorderSettings", "MbgSettings", "Settings"):
        assert CLASSES[name] - {setting for owner, setting in named if owner == name} == set()


def test_every_setting_of_border_and_web_services_can_be_changed_while_it_runs() -> None:
    schema = HabitsChange.model_json_schema()["properties"]
    assert set(schema["border"]["properties"]) == CLASSES["BorderSettings"]
    assert set(schema["web_services"]["properties"]) == CLASSES["Settings"]


async def test_every_call_in_the_examples_exists() -> None:
    clock = Clock()
    journal = Journal(clock.now)
    mbg = Mbg(
        "127.20.0.10",
        "127.10.0.10",
        tls=Authority().server_context("x"),
        clock=clock,
        network=Network(DEFAULT_PLAN, journal, clock),
        journal=journal,
        entropy=Seed(1).stream("mbg").randbytes,
    )
    served = mbg_control(mbg, ("127.0.0.1", 0)).document()["paths"]
    calls = re.findall(r"curl +(?:-X (\w+) +)?\"?\$MBG(/[^\s?\"]*)", README)
    assert len(calls) > 15
    for method, path in calls:
        fitting = [p for p in served if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", p), path)]
        assert any((method or "GET").lower() in served[p] for p in fitting), (method, path)
