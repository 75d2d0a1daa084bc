"""The cores of this package import no clock, no socket, no randomness (design, pure cores)."""

import ast
from pathlib import Path

import pytest

from simulators import pbx

FOLDER = Path(pbx.__file__).parent
DRIVERS = {"node.py", "node_watch.py", "ct_gateway.py", "oai_connection.py", "pbx.py"}
FORBIDDEN = {"asyncio", "socket", "ssl", "aiohttp", "time", "random", "os", "threading"}
OURS = ("simulators.core", "simulators.errors", "simulators.sip", "simulators.pbx")


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def impurities(path: Path) -> set[str]:
    """What a core may not import; drivers of ours and everything that touches the world."""
    drivers = {f"simulators.pbx.{name.removesuffix('.py')}" for name in DRIVERS}
    return {
        name
        for name in imported(path)
        if name.partition(".")[0] in FORBIDDEN
        or name in drivers
        or (name.startswith("simulators.") and not name.startswith(OURS))
    }


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_a_core_is_pure_and_a_driver_is_not(path: Path) -> None:
    assert bool(impurities(path)) is (path.name in DRIVERS)
