"""SQLite's cursors that come with their rows, beside those of the driver itself."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from system.storage.driver_threads import ROWS_AT_ONCE, DriverThreads, WholeConnection

SIZES = (0, 1, 2, ROWS_AT_ONCE - 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 2 * ROWS_AT_ONCE + 500)
NUMBERS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
    "SELECT i, 'row ' || i FROM n LIMIT ?"
)


@pytest.fixture
async def ours(tmp_path: Path) -> AsyncIterator[WholeConnection]:
    threads = DriverThreads()
    connection = threads.connect(str(tmp_path / "ours.db"))
    await connection
    yield connection
    await connection.close()
    await threads.ended()


@pytest.fixture
async def theirs(tmp_path: Path) -> AsyncIterator[aiosqlite.Connection]:
    async with aiosqlite.connect(str(tmp_path / "theirs.db")) as connection:
        yield connection


@pytest.mark.parametrize("size", SIZES)
async def test_all_rows_come_as_from_the_driver(
    ours: WholeConnection, theirs: aiosqlite.Connection, size: int
) -> None:
    async with theirs.execute(NUMBERS, (size + 1, size)) as known:
        wanted = list(await known.fetchall())
    cursor = await ours.cursor().execute(NUMBERS, (size + 1, size))
    assert [name for name, *_ in cursor.description] == ["i", "'row ' || i"]
    assert await cursor.fetchall() == wanted
    assert await cursor.fetchall() == []

    await cursor.execute(NUMBERS, (size + 1, size))
    taken: list[Any] = []
    first = await cursor.fetchone()
    assert first == (wanted[0] if wanted else None)
    taken += [first] if first else []
    while some := await cursor.fetchmany(700):
        assert len(some) == min(700, size - len(taken))
        taken += some
    assert taken == wanted


async def test_counts_and_numbers_are_the_driver_s(
    ours: WholeConnection, theirs: aiosqlite.Connection
) -> None:
    some = [(f"name {number}",) for number in range(5)]
    returning = "INSERT INTO t (name) VALUES " + ", ".join(["('x')"] * 3) + " RETURNING id"
    statements: list[tuple[str, Any, bool]] = [
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE ON CONFLICT REPLACE)",
            (),
            False,
        ),
        ("INSERT INTO t (name) VALUES (?)", some, True),
        ("INSERT INTO t (name) VALUES (?)", ("one",), False),
        ("UPDATE t SET name = 'y' || name WHERE id < ?", (4,), False),
        (returning, (), False),
        ("DELETE FROM t", (), False),
    ]
    for sql, parameters, many in statements:
        mine, other = ours.cursor(), await theirs.cursor()
        for cursor in (mine, other):
            await (cursor.executemany if many else cursor.execute)(sql, parameters)
        assert await mine.fetchall() == list(await other.fetchall()), sql
        assert (mine.rowcount, mine.lastrowid) == (other.rowcount, other.lastrowid), sql
        await other.close()


async def test_a_long_result_that_is_left_does_not_hold_the_database(ours: WholeConnection) -> None:
    cursor = ours.cursor()
    await cursor.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    await cursor.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(ROWS_AT_ONCE + 5)])
    await ours.commit()
    await cursor.execute("SELECT id FROM t")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        await ours.cursor().execute("DROP TABLE t")
    await cursor.close()
    await ours.cursor().execute("DROP TABLE t")


async def test_a_statement_that_fails_says_why_and_leaves_nothing_open(
    ours: WholeConnection,
) -> None:
    cursor = ours.cursor()
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await cursor.execute("SELECT id FROM nowhere")
    await cursor.execute("SELECT 1")
    assert await cursor.fetchone() == (1,)
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        await cursor.execute("SELECT nowhere.x")
    assert await cursor.fetchall() == []


async def test_a_closed_connection_refuses(tmp_path: Path) -> None:
    threads = DriverThreads()
    connection = threads.connect(str(tmp_path / "closed.db"))
    await connection
    await connection.close()
    with pytest.raises(ValueError, match="onnection closed"):
        await connection.cursor().execute("SELECT 1")
    await threads.ended()


async def test_a_transaction_begins_with_its_first_statement(ours: WholeConnection) -> None:
    said: list[str] = []
    await ours.set_trace_callback(said.append)
    cursor = ours.cursor()
    await cursor.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")

    ours.begin()
    await ours.rollback()
    ours.begin()
    await ours.commit()
    await cursor.execute("SELECT 1")
    assert said == ["CREATE TABLE t (id INTEGER PRIMARY KEY)", "SELECT 1"]

    for end, rows in ((ours.rollback, []), (ours.commit, [(2,)])):
        ours.begin()
        await cursor.execute("INSERT INTO t VALUES (1)")
        await cursor.execute("UPDATE t SET id = 2")
        await end()
        await end()
        await cursor.execute("SELECT id FROM t")
        assert await cursor.fetchall() == rows
    begun = ["BEGIN", "INSERT INTO t VALUES (1)", "UPDATE t SET id = 2"]
    seen = [*begun, "ROLLBACK", "SELECT id FROM t", *begun, "COMMIT", "SELECT id FROM t"]
    assert said[2:] == seen


async def test_a_statement_whose_asker_is_gone_is_rolled_back(ours: WholeConnection) -> None:
    cursor = ours.cursor()
    await cursor.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    goes_on = threading.Event()

    def hold() -> None:
        goes_on.wait()

    busy = asyncio.create_task(ours.asked(hold))
    ours.begin()
    asking = asyncio.create_task(cursor.execute("INSERT INTO t VALUES (1)"))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    ending = asyncio.create_task(ours.rollback())
    await asyncio.sleep(0)
    goes_on.set()
    await asyncio.gather(busy, ending)
    await cursor.execute("SELECT id FROM t")
    assert await cursor.fetchall() == []
    assert not ours.in_transaction
    ours.begin()
    await ours.cursor().execute("INSERT INTO t VALUES (1)")
    await ours.commit()
    assert not ours.in_transaction


async def test_a_commit_that_fails_leaves_a_transaction_to_roll_back(ours: WholeConnection) -> None:
    cursor = ours.cursor()
    await cursor.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    deferred = "of INTEGER REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED"
    await cursor.execute(f"CREATE TABLE u ({deferred})")
    ours.begin()
    await cursor.execute("INSERT INTO u VALUES (7)")
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        await ours.commit()
    assert ours.in_transaction
    await ours.rollback()
    assert not ours.in_transaction
    await cursor.execute("SELECT * FROM u")
    assert await cursor.fetchall() == []
