"""The cores know no socket, no clock and no randomness: their imports are read, not trusted."""

import ast
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1]
CORES = (
    "actions", "config_file", "download", "firmware", "form", "identity", "keys", "life",
    "line_states", "lines", "menu", "menu_table", "models",
    "screen", "server", "service", "states", "xml_object",
)  # fmt: skip
DRIVERS = ("controls", "errands", "fetching", "handset", "people", "telephone")
STANDARD = {
    "collections.abc", "dataclasses", "enum", "hashlib", "ipaddress", "json", "re", "urllib.parse",
    "xml.etree.ElementTree",
}  # fmt: skip
OURS = {"simulators.core", "simulators.errors", "simulators.sip.registration"}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names if node.module == "simulators.phone" else {str(node.module)}
    return found


@pytest.mark.parametrize("name", CORES)
def test_a_core_imports_cores_alone(name: str) -> None:
    allowed = STANDARD | OURS | {f"simulators.phone.{core}" for core in CORES}
    assert imports(FOLDER / f"{name}.py") - allowed == set()


def test_every_module_is_a_core_or_a_driver_and_the_check_can_fail() -> None:
    modules = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert modules == {*CORES, *DRIVERS}
    assert "asyncio" in imports(FOLDER / "handset.py")
