"""The pairs of the MCS in tiny counts, and their generator."""

from dataclasses import replace

import pytest

from loadtests.bench import mcs
from loadtests.bench.figures import Figure
from loadtests.bench.rounds import Size
from loadtests.bench.tls_load import Task, requests_for
from loadtests.errors import TargetError

TINY = Size(rounds=1, seconds=0.2, requests=20, connections=8, known_phones=120)


def quiet(_: str) -> None:
    """Say nothing."""


async def test_files_and_connections_are_measured_without_failures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)  # the same with and without nginx
    figures = await mcs.phones(TINY, quiet)
    assert [figure.peer for figure in figures] == ["bare aiohttp", "nginx, one process"] * 3
    measured, skipped = figures[::2], figures[1::2]
    assert all("apt-get install" in figure.skipped for figure in skipped)
    for figure in measured:
        (ours, peer) = figure.rounds[0]
        assert (ours.failed, peer.failed) == (0, 0), figure.name
        assert ours.count > 0 and peer.count > 0, figure.name


async def test_a_file_that_is_not_there_is_a_failure() -> None:
    async with mcs.mcs() as running:
        side = await mcs._asked(
            running.child.pid, running.phones_port, running.files.ca, "/none.cfg", True, TINY
        )
        assert (side.count, side.failed > 0) == (0, True)
        with pytest.raises(TargetError, match="answered 404"):
            await mcs._copy(running, "/none.cfg", running.folder / "root")


async def test_a_page_from_the_middle_of_many_phones() -> None:
    (figure,) = await mcs.directory_of_phones(TINY, quiet)
    assert isinstance(figure, Figure)
    assert (figure.name, figure.failed) == ("page of phones, 120 known", False)
    with pytest.raises(TargetError, match="does not know the phones"):
        async with mcs.mcs() as running, mcs.administrator(running) as session:
            await mcs._pages(session, running, "/api/v1/phones?page=1", replace(TINY, seconds=1.0))


def test_each_phone_names_itself_and_its_own_file() -> None:
    task = Task("127.0.0.1", 1, "", "/{mac}.cfg", 1, 1.0, 1, keep=False, phones=2)
    first, second = requests_for(task)
    assert first.startswith(b"GET /1400E9000000.cfg HTTP/1.1\r\n")
    assert b"MAC:14-00-E9-00-00-01 " in second and second.startswith(b"GET /1400E9000001.cfg")
    assert b"Connection: close" in first
    assert b"Connection: close" not in requests_for(replace(task, keep=True))[0]
