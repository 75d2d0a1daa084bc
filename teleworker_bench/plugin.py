"""The pytest plugin: fixtures `mbg`, `pbx`, `phone`, `phones` and `estate` for anybody's tests.

It comes with the package by entry point. Nothing of the bench is imported before a test asks for a
fixture, so that a project which uses none pays nothing. Tests are plain functions: what is
asynchronous runs on a loop in a thread.
"""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from simulators.portal import Bench
    from teleworker_bench.lab import Lab
    from teleworker_bench.mbg import MbgHandle
    from teleworker_bench.pbx import PbxHandle
    from teleworker_bench.phone import PhoneHandle, Phones
    from teleworker_bench.site import EstateHandle

ESTATE = "estate"
LAB = pytest.StashKey["Lab"]()


@pytest.fixture
def estate_settings() -> dict[str, dict[str, object]]:
    """What the roles are made of, as tables and keys of an estate file; override it to differ.

    `{"mbg": {"release": "10.0.0.1", "licences": 1}, "run": {"seed": 7}}`
    """
    return {}


@pytest.fixture
def mbg(_teleworker_lab: "Lab") -> "MbgHandle":
    """A simulated MiVoice Border Gateway, as delivered but for one ICP, the `pbx`."""
    return _teleworker_lab.mbg


@pytest.fixture
def pbx(_teleworker_lab: "Lab") -> "PbxHandle":
    """A node of a simulated MiVoice Office 250 with its CT Gateway, without extensions."""
    return _teleworker_lab.pbx


@pytest.fixture
def phones(_teleworker_lab: "Lab") -> "Phones":
    """Makes emulated 69xx phones: `phones.in_office()`, `phones.at_home()`."""
    return _teleworker_lab.phones


@pytest.fixture
def phone(phones: "Phones") -> "PhoneHandle":
    """One emulated 69xx in the office, switched off; one at home is `phones.at_home()`."""
    return phones.in_office()


@pytest.fixture
def estate(_teleworker_lab: "Lab") -> "EstateHandle":
    """All of them with our MCS between them, stages 1 to 4 done: ready for teleworkers."""
    return _teleworker_lab.estate()


@pytest.fixture(scope="session")
def _teleworker_loop() -> "Iterator[Bench]":
    """The event loop's thread; it starts with the first test that needs it."""
    from teleworker_bench.lab import loop

    with loop() as running:
        yield running


@pytest.fixture
def _teleworker_lab(
    _teleworker_loop: "Bench",
    estate_settings: dict[str, dict[str, object]],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> "Iterator[Lab]":
    """The test's own roles, on loopback addresses of their own."""
    from teleworker_bench.lab import lab

    whole = ESTATE in request.fixturenames
    with lab(_teleworker_loop, estate_settings, tmp_path, with_mcs=whole) as running:
        request.node.stash[LAB] = running
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed shows the latest messages, and the seed that repeats it."""
    report = yield
    if report.failed and call.when == "call" and LAB in item.stash:
        report.sections.append(("teleworker bench", item.stash[LAB].story()))
    return report
