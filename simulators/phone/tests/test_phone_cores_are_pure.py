"""The cores know no socket, no clock and no randomness: their imports are read, not trusted."""

import ast
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1]
CORES = (
    "actions", "audio", "call_screen", "commands", "config_file", "description", "download",
    "firmware", "form", "habits", "identity", "keys", "life", "line_call", "line_calls",
    "line_states", "line_table", "lines", "menu", "menu_table", "models",
    "screen", "server", "service", "states", "unsolicited", "user_agent", "xml_object",
)  # fmt: skip
DRIVERS = (
    "audio_port", "calling", "controls", "errands", "fetching", "handset", "people", "readings",
    "telephone",
)  # fmt: skip
STANDARD = {
    "collections.abc", "dataclasses", "enum", "hashlib", "ipaddress", "json", "re", "struct",
    "typing", "urllib.parse", "xml.etree.ElementTree",
}  # fmt: skip
OURS = {"simulators.core", "simulators.errors", "simulators.sip"}


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
    found = {n for n in imports(FOLDER / f"{name}.py") if not n.startswith("simulators.sip.")}
    assert found - allowed == set()  # all of simulators.sip is pure


def test_every_module_is_a_core_or_a_driver_and_the_check_can_fail() -> None:
    modules = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert modules == {*CORES, *DRIVERS}
    assert "asyncio" in imports(FOLDER / "handset.py")
