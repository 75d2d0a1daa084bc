"""Dossiers are read in groups, and nobody gets one that was read before he asked."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from system.phones import dossier
from system.phones.dossier import Dossier, Dossiers
from system.storage.changes import Change, Changes
from system.storage.database import Database


class Shelf:
    """A database as far as dossiers see one; reads last until they are let go."""

    shared = False

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.changes = Changes()
        self.read_macs: list[list[str]] = []
        self.go = asyncio.Event()
        self.trouble: Exception | None = None
        monkeypatch.setattr(dossier, "read_dossiers", self._read)
        self.dossiers = Dossiers(cast(Database, self))

    @asynccontextmanager
    async def read(self) -> AsyncIterator[None]:
        yield

    async def _read(self, _session: Any, macs: Sequence[str]) -> dict[str, Dossier]:
        self.read_macs.append(list(macs))
        await self.go.wait()
        if self.trouble is not None:
            raise self.trouble
        return {mac: Dossier(mac, None, {}) for mac in macs}

    def ask(self, *macs: str) -> list["asyncio.Task[Dossier]"]:
        return [asyncio.create_task(self.dossiers.get(mac)) for mac in macs]


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    return Shelf(monkeypatch)


async def test_those_who_ask_while_one_read_is_under_way_share_the_next(shelf: Shelf) -> None:
    first = shelf.ask("A")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    later = shelf.ask("B", "C", "B", "A")
    await asyncio.sleep(0)
    assert shelf.read_macs == [["A"]]
    shelf.go.set()
    found = await asyncio.gather(*first, *later)
    assert [one.mac for one in found] == ["A", "B", "C", "B", "A"]
    assert shelf.read_macs == [["A"], ["B", "C", "A"]], "A asked again while its read was under way"
    assert (await shelf.dossiers.get("C")) is found[2], "it is kept at hand"


async def test_what_was_read_while_something_changed_is_not_kept(shelf: Shelf) -> None:
    asked = shelf.ask("A")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    shelf.dossiers._changed(Change(frozenset({"A"}), frozenset(), False))
    shelf.go.set()
    await asyncio.gather(*asked)
    await shelf.dossiers.get("A")
    assert shelf.read_macs == [["A"], ["A"]]


async def test_a_read_that_fails_is_told_to_all_who_wait_and_tried_anew(shelf: Shelf) -> None:
    shelf.trouble = OSError("no disk")
    shelf.go.set()
    for outcome in await asyncio.gather(*shelf.ask("A", "B"), return_exceptions=True):
        assert isinstance(outcome, OSError)
    shelf.trouble = None
    assert (await shelf.dossiers.get("A")).mac == "A"


async def test_who_goes_away_stops_nobody_and_closing_waits_for_the_read(shelf: Shelf) -> None:
    gone, stays = shelf.ask("A", "A")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gone.cancel()
    closing = asyncio.create_task(shelf.dossiers.close())
    await asyncio.sleep(0)
    assert not closing.done()
    shelf.go.set()
    await closing
    assert (await stays).mac == "A"
    assert gone.cancelled()
