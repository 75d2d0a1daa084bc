"""The PBX's README is true: its faults are the registry's, its settings exist, its calls too."""

import re
from dataclasses import fields
from importlib import import_module
from pathlib import Path

from simulators.estate.config import CtGatewayTable, PbxTable
from simulators.faults.catalogue import CATALOGUE, COMMON
from simulators.faults.fault import Fault
from simulators.pbx.node import PbxNode
from simulators.pbx.pbx import FAULT_KINDS
from simulators.pbx.settings import NodeSettings
from simulators.tests.pbx_bench import pbx_bench

FOLDER = Path(__file__).parent.parent
README = (FOLDER / "README.md").read_text(encoding="utf-8")
CLASSES = {
    "NodeSettings": {field.name for field in fields(NodeSettings)},
    "PbxTable": set(PbxTable.model_fields) - {"role"},
    "CtGatewayTable": set(CtGatewayTable.model_fields) - {"role"},
    "PbxNode": set(dir(PbxNode)),
}


def section(title: str) -> str:
    """What stands below a heading, up to the next one."""
    return README.partition(f"## {title}\n")[2].partition("\n## ")[0]


def row(name: str, kind: type[Fault]) -> str:
    """A fault's line of the table."""
    own = ", ".join(f"`{field}`" for field in kind.model_fields if field not in COMMON) or "-"
    return f"| `{name}` | {kind().description.replace(chr(10), ' ')} | {own} |"


def test_the_table_of_faults_is_the_registry() -> None:
    expected = [row(n, kind) for n, kind in CATALOGUE.items() if issubclass(kind, FAULT_KINDS)]
    lines = section("Faults").splitlines()
    assert [line for line in lines if line.startswith("| `")] == expected
    assert len(expected) > 12


def test_every_setting_that_is_named_exists_and_every_setting_is_named() -> None:
    named = set(re.findall(r"`(\w+)\.(\w+)`", section("Nodes") + section("The CT Gateway")))
    named = {(owner, name) for owner, name in named if owner in CLASSES}
    assert {n for n in named if n[1] not in CLASSES[n[0]]} == set()
    for owner in ("NodeSettings", "CtGatewayTable", "PbxTable"):
        assert CLASSES[owner] - {name for whose, name in named if whose == owner} <= {"licences"}
    assert ("NodeSettings", "licences") in named


def test_every_bound_that_is_named_is_one_of_a_module() -> None:
    named = set(re.findall(r"`([A-Z][A-Z_]+[A-Z])`", section("The CT Gateway")))
    modules = [import_module(f"simulators.pbx.{p.stem}") for p in FOLDER.glob("[a-z]*.py")]
    assert len(named) > 5
    assert {name for name in named if not any(hasattr(m, name) for m in modules)} == set()


def test_every_module_has_its_line() -> None:
    table = README.partition("| module |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(\w+)`", table))
    assert {p.stem for p in FOLDER.glob("[a-z]*.py")} - named == set()


async def test_every_call_in_the_examples_exists() -> None:
    async with pbx_bench(nodes=1, extensions=1) as bench:
        served = bench.control.document()["paths"]
    calls = re.findall(r"curl +(?:-X (\w+) +)?\"?\$PBX(/[^\s?\"]*)", section("The control API"))
    assert len(calls) > 20
    for method, path in calls:
        fitting = [p for p in served if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", p), path)]
        assert any((method or "GET").lower() in served[p] for p in fitting), (method, path)
