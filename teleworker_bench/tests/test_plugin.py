"""The plugin in another project: found by entry point, free when unused, clear in errors."""

import importlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("test_*.py"))
LIMIT_S = 100.0

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Another project's folder, with a configuration of its own."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider -ra\n")
    return folder


def run(project: Path, *words: str, packages: Path = ROOT, autoload: bool = False) -> str:
    """Run that project's tests; returns what pytest said."""
    hidden = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    env |= {"PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", *words]
    if not autoload:
        env[hidden] = "1"
        command += ["-p", "teleworker_bench.plugin"]
    ended = subprocess.run(
        command, cwd=project, env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    return ended.stdout + ended.stderr


def test_the_entry_point_names_the_plugin() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    plugin = importlib.import_module(declared["pytest11"]["teleworker_bench"])
    for name in ("mbg", "pbx", "phone", "phones", "estate"):
        assert (getattr(plugin, name).__doc__ or "").strip(), name


def test_once_installed_another_project_just_names_the_fixtures(
    project: Path, tmp_path: Path
) -> None:
    packages = tmp_path / "site"
    install = ["-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-compile"]
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns(".*", "runs", "docs", "__pycache__")
    shutil.copytree(ROOT, source, ignore=ignored)
    pip = subprocess.run(
        [sys.executable, *install, "--target", str(packages), str(source)],
        capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert pip.returncode == 0, pip.stderr
    for example in EXAMPLES:
        shutil.copy(example, project)
    (project / "test_place.py").write_text(
        "def test_place(mbg):\n"
        "    import teleworker_bench\n"
        f"    assert teleworker_bench.__file__.startswith({str(packages)!r})\n"
    )
    said = run(project, "-q", packages=packages, autoload=True)
    count = sum(example.read_text().count("\ndef test_") for example in EXAMPLES) + 1
    assert f"{count} passed" in said, said


def test_who_uses_no_fixture_pays_nothing(project: Path) -> None:
    (project / "test_nothing.py").write_text(
        "import sys, threading\n"
        "def test_nothing():\n"
        "    dear = {'simulators', 'features', 'system', 'aiohttp', 'anyio', 'asyncio', 'ssl'}\n"
        "    assert {name.partition('.')[0] for name in sys.modules} & dear == set()\n"
        "    assert threading.active_count() == 1\n"
    )
    said = run(project, "-q")
    assert "1 passed" in said, said


def test_a_project_with_fixtures_of_these_names_keeps_its_own(project: Path) -> None:
    (project / "conftest.py").write_text(
        "import pytest\n"
        "@pytest.fixture\n"
        "def mbg():\n    return 'mine'\n"
        "@pytest.fixture\n"
        "def estate(mbg):\n    return mbg\n"
    )
    (project / "test_own.py").write_text("def test_own(estate):\n    assert estate == 'mine'\n")
    said = run(project, "-q")
    assert "1 passed" in said, said


def test_settings_reach_the_roles_and_a_failure_shows_what_was_said(project: Path) -> None:
    (project / "test_settings.py").write_text(
        "import pytest\n"
        "@pytest.fixture\n"
        "def estate_settings():\n"
        "    return {'run': {'seed': 7}, 'mbg': {'release': '10.0.0.1', 'licences': 0}}\n"
        "def test_settings(mbg, pbx, phones):\n"
        "    extension = pbx.add_extension('2101')\n"
        "    device = mbg.add_device(icp_id='1', set_username='ada', set_password='a-Set-side-1',\n"
        "        icp_username='2101', icp_password=extension.auth_password)\n"
        "    phones.at_home().registers(mbg.account(device))\n"
    )
    said = run(project)
    assert "1 failed" in said
    assert "refused with 403" in said, said
    assert "seed 7; the latest messages:" in said
    assert "MBG: device refused" in said, said
    assert "a-Set-side-1" not in said.partition("seed 7")[2], "the messages are masked"


def test_a_setting_that_nobody_knows_is_named(project: Path) -> None:
    (project / "test_wrong.py").write_text(
        "import pytest\n"
        "@pytest.fixture\n"
        "def estate_settings():\n    return {'mbg': {'licenses': 1}}\n"
        "def test_wrong(mbg):\n    pass\n"
    )
    said = run(project, "-q")
    assert "the fixture estate_settings" in said and "licenses" in said, said


def test_a_project_with_a_package_features_is_told_what_hides_ours(project: Path) -> None:
    (project / "features").mkdir()
    (project / "features" / "__init__.py").touch()
    (project / "conftest.py").write_text(
        "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent))\n"
    )
    (project / "test_hidden.py").write_text(
        "def test_mbg(mbg):\n    assert mbg.url\ndef test_estate(estate):\n    assert estate\n"
    )
    said = run(project)
    assert "1 passed, 1 error" in said, said
    assert "the fixture `estate` needs the bench's package `features`" in said
