"""The house rules hold, and their checks can fail."""

from pathlib import Path

import pytest

from tests.architecture import PURE, forbidden_edges, impure_imports, is_pure, modules

ROOT = Path(__file__).parent.parent
LONGEST_MODULE = 400


def test_packages_import_only_what_the_design_allows() -> None:
    assert [str(breach) for breach in forbidden_edges(ROOT)] == []


def test_pure_cores_import_no_io_no_clock_no_chance() -> None:
    assert [str(breach) for breach in impure_imports(ROOT)] == []


def test_every_pure_rule_names_something() -> None:
    names = [name for _, name in modules(ROOT)]
    pure = [name for name in names if is_pure(name)]
    assert len(pure) >= len(PURE)
    for rule in PURE:
        base = rule.removesuffix(".*")
        assert any(name == base or name.startswith(f"{base}.") for name in names), rule


def plant(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("name", "text", "imported"),
    [
        ("simulators/mbg/api/rest.py", "from system.mbg import oauth", "system.mbg"),
        ("simulators/mbg/api/rest.py", "def f():\n    import system", "system"),
        ("system/app.py", "import simulators.clock", "simulators.clock"),
        ("features/conftest.py", "from system.storage import models", "system.storage"),
        ("reports/html.py", "from features.recording import stamp", "features.recording"),
        ("loadtests/engine.py", "from simulators.sockets import SipDriver", "simulators.sockets"),
        ("loadtests/engine.py", "from system.app import Mcs", "system.app"),
        ("system/api/web.py", "from simulators.sip import message", "simulators.sip"),
    ],
)
def test_a_planted_edge_is_found(tmp_path: Path, name: str, text: str, imported: str) -> None:
    plant(tmp_path, name, text)
    assert [breach.imported for breach in forbidden_edges(tmp_path)] == [imported]


@pytest.mark.parametrize(
    "text",
    [
        "import asyncio",
        "import time",
        "from random import Random",
        "import socket",
        "import ssl",
        "import aiohttp.web",
        "from gevent import sleep",
        "def late():\n    import time",
        "from simulators.clock import Clock",
        "from simulators import sockets",
    ],
)
def test_a_planted_impurity_is_found(tmp_path: Path, text: str) -> None:
    plant(tmp_path, "simulators/sockets/__init__.py", "")
    plant(tmp_path, "simulators/sip/digest.py", text)
    assert [breach.module for breach in impure_imports(tmp_path)] == ["simulators.sip.digest"]


def test_allowed_imports_are_left_alone(tmp_path: Path) -> None:
    plant(tmp_path, "features/mcs.py", "from system.app import Mcs\nimport simulators.clock")
    plant(
        tmp_path, "simulators/sip/digest.py", "import hashlib\nfrom simulators.core import Entropy"
    )
    plant(tmp_path, "loadtests/engine.py", "from simulators.sip.agent import RegistrationAgent")
    assert forbidden_edges(tmp_path) == []
    assert impure_imports(tmp_path) == []


def test_no_module_is_longer_than_one_concern() -> None:
    long = {
        name: lines
        for path, name in modules(ROOT)
        if (lines := len(path.read_text().splitlines())) > LONGEST_MODULE
    }
    assert long == {}


def test_requirement_files_name_no_host() -> None:
    for path in sorted((ROOT / "requirements").iterdir()):
        assert "://" not in path.read_text(), f"{path.name} names a host: make it with make lock"
