"""Starts that must not happen, secrets at rest, and the schema against its revisions."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Connection

from system.app import Mcs
from system.config import McsConfig
from system.errors import DatabaseUnusable, StartError
from system.storage import schema
from system.storage.database import open_database
from system.storage.secrets import new_key, open_secret_box
from system.tests.helpers import HandClock, seeded_entropy
from system.tests.postgres import Cluster


def config_for(folder: Path, **changes: object) -> McsConfig:
    values: dict[str, object] = {
        "data_dir": folder,
        "listen_address": "127.0.0.1",
        "api_port": 0,
        "phones_port": 0,
        "phones_http_port": 0,
        "phone_manager_port": 0,
        "password_hash_cost": "test",
        **changes,
    }
    return McsConfig(**values)  # type: ignore[arg-type]


def mcs_for(folder: Path, **changes: object) -> Mcs:
    return Mcs(config_for(folder, **changes), clock=HandClock(), entropy=seeded_entropy(1))


async def started_once(folder: Path) -> None:
    mcs = mcs_for(folder)
    await mcs.start()
    await mcs.stop()


async def test_first_start_makes_a_password_and_later_ones_do_not(tmp_path: Path) -> None:
    mcs = mcs_for(tmp_path)
    await mcs.start()
    assert mcs.admin_password
    await mcs.stop()
    await mcs.stop()
    again = mcs_for(tmp_path)
    await again.start()
    assert again.admin_password is None
    await again.stop()
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "tls.key").stat().st_mode) == 0o600


async def refused(folder: Path) -> StartError:
    mcs = mcs_for(folder)
    with pytest.raises(DatabaseUnusable) as caught:
        await mcs.start()
    await mcs.stop()
    return caught.value


async def test_damaged_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mcs.db").write_bytes(b"not a database at all" * 500)
    assert (await refused(tmp_path)).code == "database_unusable"


async def test_database_of_a_newer_mcs_is_refused_and_left_alone(tmp_path: Path) -> None:
    await started_once(tmp_path)
    connection = sqlite3.connect(tmp_path / "mcs.db")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    error = await refused(tmp_path)
    assert error.code == "database_too_new"
    assert "9999" in error.message


async def test_database_without_its_key_is_refused(tmp_path: Path) -> None:
    await started_once(tmp_path)
    key = (tmp_path / "secret.key").read_bytes()
    (tmp_path / "secret.key").unlink()
    for _ in range(2):
        error = await refused(tmp_path)
        assert error.code == "secret_key_missing"
        assert str(tmp_path / "secret.key") in error.message
        assert not (tmp_path / "secret.key").exists()
    (tmp_path / "secret.key").write_bytes(key)
    await started_once(tmp_path)


async def test_key_of_another_database_is_refused(tmp_path: Path) -> None:
    await started_once(tmp_path)
    (tmp_path / "secret.key").write_bytes(Fernet.generate_key())
    assert (await refused(tmp_path)).code == "secret_key_wrong"


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "nonsense://x",
        "sqlite:///x.db",
        "sqlite+aiosqlite://host:port/x",
        "sqlite+aiosqlite:///{folder}/other.db?timeout=soon",
        "sqlite+aiosqlite:///{folder}/missing/other.db",
    ],
)
async def test_database_url_that_cannot_work_is_refused(tmp_path: Path, url: str) -> None:
    mcs = mcs_for(tmp_path, database_url=url.format(folder=tmp_path))
    with pytest.raises(DatabaseUnusable):
        await mcs.start()


async def test_database_server_out_of_reach_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(_connection: Connection) -> None:
        raise ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 5432)")

    monkeypatch.setattr(schema, "bring_up_to_date", unreachable)
    assert "5432" in (await refused(tmp_path)).message


async def test_postgresql_that_is_not_there_is_refused(tmp_path: Path, cluster: Cluster) -> None:
    urls = {
        f"postgresql+asyncpg://postgres@/missing?host={cluster.folder}": "missing",
        f"postgresql+asyncpg://nobody:hidden-word@/x?host={cluster.folder}": "nobody",
        f"postgresql+asyncpg://postgres@/x?host={tmp_path}": "",
        "postgresql+asyncpg://postgres@127.0.0.1:1/x": "",
    }
    for url, word in urls.items():
        mcs = mcs_for(tmp_path, database_url=url)
        with pytest.raises(DatabaseUnusable) as caught:
            await mcs.start()
        assert word in caught.value.message
        assert "hidden-word" not in caught.value.message


async def test_postgresql_with_another_key_is_refused(tmp_path: Path, cluster: Cluster) -> None:
    url = cluster.new_database()
    first = mcs_for(tmp_path / "one", database_url=url)
    await first.start()
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "secret.key").write_bytes(new_key())
    for folder, code in (("two", "secret_key_wrong"), ("three", "secret_key_missing")):
        with pytest.raises(DatabaseUnusable) as caught:
            await mcs_for(tmp_path / folder, database_url=url).start()
        assert caught.value.code == code
    # Only maintenance wants to be alone; a second MCS with the right key is welcome.
    second = mcs_for(tmp_path / "one", database_url=url)
    await second.start()
    await second.stop()
    await first.stop()


async def test_certificate_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tls.crt").mkdir()
    with pytest.raises(StartError) as caught:
        await mcs_for(tmp_path).start()
    assert "tls.crt" in caught.value.message


async def test_data_folder_serves_one_mcs_at_a_time(tmp_path: Path) -> None:
    first = mcs_for(tmp_path)
    await first.start()
    with pytest.raises(StartError) as caught:
        await mcs_for(tmp_path).start()
    assert caught.value.code == "data_dir_in_use"
    assert str(tmp_path) in caught.value.message
    await first.stop()
    await started_once(tmp_path)


async def test_port_in_use_is_refused_and_nothing_stays_open(tmp_path: Path) -> None:
    first = mcs_for(tmp_path / "one")
    await first.start()
    second = mcs_for(tmp_path / "two", phones_port=first.phones_port)
    with pytest.raises(StartError) as caught:
        await second.start()
    assert str(first.phones_port) in caught.value.message
    await first.stop()
    await second.start()
    await second.stop()


def run_program(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "system", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def test_program_says_in_one_line_why_it_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "mcs.db").write_bytes(b"not a database at all" * 500)
    done = run_program("--data", str(tmp_path), "--listen", "127.0.0.1", "--api-port", "0")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "not a database" in done.stderr.splitlines()[-1]


def test_files_are_the_owner_s_alone(tmp_path: Path) -> None:
    ports = ("--api-port", "--phones-port", "--phones-http-port", "--phone-manager-port")
    free = [word for port in ports for word in (port, "0")]
    free += ["--no-tftp", "--no-syslog", "--no-ldap", "--no-push"]
    with subprocess.Popen(
        [sys.executable, "-m", "system", "--data", str(tmp_path), "--listen", "127.0.0.1", *free],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        assert any("MCS ready" in line for line in process.stdout)
        modes = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}
        process.terminate()
        assert process.wait(30) == 0
    assert {"mcs.db", "mcs.db-wal", "mcs.db-shm"} <= set(modes)
    assert set(modes.values()) == {0}


def test_help_teaches() -> None:
    done = run_program("--help")
    assert done.returncode == 0
    assert "--admin-password-file" in done.stdout
    assert "secret.key" in done.stdout


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"api_port": -1}, "api_port"),
        ({"listen_address": "here"}, "listen_address"),
        ({"certificate": Path("c.pem")}, "certificate"),
        ({"retry_max_s": 1}, "retry_max_s"),
        ({"keepalive_s": 300}, "keepalive_s"),
        ({"admin_password": "short"}, "admin_password"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, object], field: str) -> None:
    assert config_for(Path("data"))
    with pytest.raises(StartError) as caught:
        config_for(Path("data"), **changes)
    assert caught.value.field == field


def test_settings_do_not_show_the_password() -> None:
    assert "secret-words" not in repr(config_for(Path("data"), admin_password="secret-words"))


async def test_a_database_that_failed_to_open_leaves_no_thread_behind(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    (tmp_path / "mcs.db").write_bytes(b"this is no database, and never was one")
    with pytest.raises(DatabaseUnusable):
        await open_database(f"sqlite+aiosqlite:///{tmp_path / 'mcs.db'}", open_secret_box(tmp_path))
    drivers = [t for t in set(threading.enumerate()) - before if "_connection_worker" in t.name]
    assert [thread for thread in drivers if thread.is_alive()] == []
