"""The phone's README is true: its faults are the registry's, its settings exist."""

import re
from dataclasses import fields
from pathlib import Path

from simulators.faults.catalogue import CATALOGUE, COMMON
from simulators.faults.fault import Fault
from simulators.faults.phone_faults import PhoneFault
from simulators.phone.habits import LifeSettings
from simulators.tests.phones_bench import phones_bench

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def row(name: str, kind: type[Fault]) -> str:
    """A fault's line of the table."""
    own = ", ".join(f"`{field}`" for field in kind.model_fields if field not in COMMON) or "-"
    return f"| `{name}` | {kind().description.replace(chr(10), ' ')} | {own} |"


def test_the_table_of_faults_is_the_registry() -> None:
    expected = [row(n, kind) for n, kind in CATALOGUE.items() if issubclass(kind, PhoneFault)]
    section = README.partition("## Faults")[2].partition("\n## ")[0]
    assert [line for line in section.splitlines() if line.startswith("| `")] == expected
    assert len(expected) >= 9


def test_every_setting_of_the_life_is_told_with_its_default() -> None:
    habits = README.partition("## Habits")[2].partition("\n## ")[0]
    for setting in fields(LifeSettings):
        assert f"`{setting.name}`" in habits, setting.name
        told = re.search(rf"`{setting.name}` (\d+)", habits)
        if told is not None:
            assert float(told[1]) == setting.default, setting.name


def test_every_module_of_the_folder_is_on_the_map() -> None:
    folder = Path(__file__).parent.parent
    table = README.partition("| Folder or module | What |")[2].partition("\n\n")[0]
    modules = [path.stem for path in folder.glob("*.py") if path.stem != "__init__"]
    assert [name for name in modules if f"`{name}`" not in table] == []


async def test_every_call_in_the_examples_exists() -> None:
    async with phones_bench(1, credentials=None) as bench:
        served = bench.control.document()["paths"]
    section = README.partition("### The control API")[2].partition("\n## ")[0]
    calls = re.findall(r"curl +(?:-X (\w+) +)?\"?\$PHONES(/[^\s?\"]*)", section)
    assert len(calls) > 12
    also = re.search(r"/answer +# also (.+)", section)
    assert also is not None
    calls += [("POST", f"/phones/x/{act}") for act in also[1].split(", ")]
    more = re.search(r"# and (/.+)", section)
    assert more is not None
    calls += [("POST" if act == "/reset" else "GET", act) for act in more[1].split(", ")]
    for method, path in calls:
        fitting = [p for p in served if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", p), path)]
        assert any((method or "GET").lower() in served[p] for p in fitting), (method, path)
