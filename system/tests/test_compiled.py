"""What one engine compiled serves the next; two at once share nothing, keys least of all."""

from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.sql.compiler import Compiled

from system.storage.database import Database, open_database
from system.storage.models import SINGLETON, MbgSettings
from system.storage.secrets import SecretBox, new_key


async def opened(folder: Path, name: str) -> Database:
    box = SecretBox([new_key()], folder / f"{name}.key")
    return await open_database(f"sqlite+aiosqlite:///{folder / name}.db", box)


async def store(database: Database, secret: str) -> None:
    async with database.write() as session:
        settings = await session.get_one(MbgSettings, SINGLETON)
        settings.shared_secret = secret


async def stored(database: Database) -> tuple[str | None, str]:
    """As the MCS reads it, and as it lies in the file."""
    async with database.read() as session:
        read = await session.scalar(select(MbgSettings.shared_secret))
        raw = await session.scalar(text("SELECT shared_secret FROM mbg_settings"))
        return read, str(raw)


async def test_the_next_engine_compiles_nothing_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await opened(tmp_path, "first")
    await store(first, "one")
    await stored(first)
    await first.close()

    compiled: list[str] = []
    original = Compiled.__init__

    def noting(self: Compiled, *arguments: object, **named: object) -> None:
        compiled.append(str(arguments[1]))
        original(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Compiled, "__init__", noting)
    second = await opened(tmp_path, "second")
    await store(second, "two")
    assert (await stored(second))[0] == "two"
    await second.close()
    assert compiled == []


async def test_two_at_once_keep_their_own_keys(tmp_path: Path) -> None:
    earlier = await opened(tmp_path, "earlier")
    await earlier.close()
    await earlier.close()  # twice closed is not twice kept

    first, second = await opened(tmp_path, "first"), await opened(tmp_path, "second")
    await store(first, "one")
    await store(second, "two")
    await earlier.close()
    third = await opened(tmp_path, "third")
    await store(third, "three")
    for database, secret in ((first, "one"), (second, "two"), (third, "three")):
        read, raw = await stored(database)
        assert read == secret
        assert database.box.decrypt(raw) == secret
    for database in (first, second, third):
        await database.close()
