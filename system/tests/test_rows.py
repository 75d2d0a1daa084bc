"""Rows written many at a time, and lists of values in one parameter, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, text, type_coerce
from sqlalchemy.exc import IntegrityError

from system.audit.trail import AUDIT_ENTRIES, SYSTEM, entry
from system.storage.database import Database, open_database
from system.storage.models import Extension
from system.storage.people import AuditEntry
from system.storage.rows import among, insert_each, table_of, update_each
from system.storage.secrets import SealedText, SecretBox
from system.tests.fake_mbg import FakeMbg
from system.tests.killing import lay_out
from system.tests.postgres import Cluster

NUMBERS = ["2101", "2102", "2103", "2104"]
EXTENSIONS = table_of(Extension)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'mcs.db'}"
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        url = cluster.migrated_database()
    opened = await open_database(url, SecretBox([Fernet.generate_key()]))
    await lay_out(opened, FakeMbg(final=("a", "b")), NUMBERS)
    yield opened
    await opened.close()


async def ids(database: Database) -> list[int]:
    async with database.read() as session:
        return list(await session.scalars(select(Extension.id).order_by(Extension.id)))


async def test_each_row_gets_its_own_values_as_the_orm_would_store_them(database: Database) -> None:
    one, two, three, four = await ids(database)
    async with database.write() as session:
        await update_each(
            session,
            EXTENSIONS,
            {
                three: {"mbg_password": 'third "secret" é', "mbg_written_at": 3.25},
                one: {"mbg_password": "first secret", "mbg_written_at": None},
                two: {"on_pbx": False, "name": "Zwei", "provisioning_attempts": 7},
                four: {},
            },
        )
    async with database.read() as session:
        found = {row.id: row for row in await session.scalars(select(Extension))}
        stored = text("SELECT mbg_password FROM extensions WHERE id = :id")
        kept = str(await session.scalar(stored, {"id": one}))
    assert (found[three].mbg_password, found[three].mbg_written_at) == ('third "secret" é', 3.25)
    assert (found[one].mbg_password, found[one].mbg_written_at) == ("first secret", None)
    changed = found[two]
    assert (changed.on_pbx, changed.name, changed.provisioning_attempts) == (False, "Zwei", 7)
    assert (found[four].on_pbx, found[four].mbg_password) == (True, None)
    assert "first" not in kept, "an encrypted column stays encrypted"
    assert database.box.decrypt(kept) == "first secret"


async def test_what_is_sealed_is_put_elsewhere_as_it_is(database: Database) -> None:
    one, two, *_ = await ids(database)
    sealed = type_coerce(EXTENSIONS.c.remote_password, SealedText)
    async with database.write() as session:
        await update_each(session, EXTENSIONS, {one: {"remote_password": "a secret é"}})
        statement = select(sealed.label("sealed")).where(EXTENSIONS.c.id.in_([one, two]))
        found, nothing = await session.scalars(statement.order_by(EXTENSIONS.c.id))
        assert nothing is None
        await update_each(
            session, EXTENSIONS, {one: {"mbg_password": found}, two: {"mbg_password": nothing}}
        )
    async with database.read() as session:
        stored = text("SELECT remote_password, mbg_password FROM extensions WHERE id = :id")
        first, second = (await session.execute(stored, {"id": one})).one()
        extension = await session.get_one(Extension, one)
        other = await session.get_one(Extension, two)
    assert first == second == found.token
    assert "secret" not in first and first not in repr(found)
    assert (extension.mbg_password, other.mbg_password) == ("a secret é", None)


async def test_rows_are_added_with_numbers_of_the_database(database: Database) -> None:
    rows = [entry(1.5 + number, SYSTEM, "told", f"/{number}") for number in range(3)]
    async with database.write() as session:
        await insert_each(session, AUDIT_ENTRIES, rows)
        await insert_each(session, AUDIT_ENTRIES, [])
    async with database.read() as session:
        told = select(AuditEntry).where(AuditEntry.action == "told").order_by(AuditEntry.id)
        found = list(await session.scalars(told))
    assert [(one.at, one.resource, one.before) for one in found] == [
        (1.5, "/0", None),
        (2.5, "/1", None),
        (3.5, "/2", None),
    ]


async def test_one_row_that_cannot_be_stored_leaves_none(database: Database) -> None:
    one, two, *_ = await ids(database)
    with pytest.raises(IntegrityError) as refused:
        async with database.write() as session:
            await update_each(
                session, EXTENSIONS, {one: {"remote_name": "same"}, two: {"remote_name": "same"}}
            )
    assert "same'" not in str(refused.value.statement), "values are not in the statement"
    async with database.read() as session:
        names = set(await session.scalars(select(Extension.remote_name)))
    assert "same" not in names


async def test_among_finds_these_and_no_others(database: Database) -> None:
    one, two, three, _ = await ids(database)
    number, name = EXTENSIONS.c.id, EXTENSIONS.c.extension
    async with database.read() as session:
        for values, wanted in (([two, one], [one, two]), ([], []), ([-1, three], [three])):
            found = select(number).where(among(session, number, values)).order_by(number)
            assert list(await session.scalars(found)) == wanted
        hostile = ["2103", "2102' OR '1'='1", '"', "\\", "é"]
        by_name = select(number).where(among(session, name, hostile))
        assert list(await session.scalars(by_name)) == [three]
        many = list(range(one, one + 5000))
        everybody = select(number).where(among(session, number, many)).order_by(number)
        assert list(await session.scalars(everybody)) == await ids(database)
