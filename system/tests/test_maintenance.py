"""Key rotation that may be killed, backup while running, restore onto a new machine."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine

from system.app import Mcs
from system.config import McsConfig
from system.errors import DatabaseUnusable, StartError
from system.maintenance import rotation
from system.maintenance.backup import back_up, restore
from system.maintenance.rotation import rotate_key
from system.storage.schema import alembic_config
from system.storage.secrets import new_key, read_key_file
from system.tests.conftest import Site, audit_rows
from system.tests.helpers import HandClock, seeded_entropy
from system.tests.postgres import Cluster

BOTH_DATABASES = True
NUMBERS = ("2101", "2102", "2103")


async def filled(site: Site) -> dict[str, str]:
    """Set-side passwords by extension, as the MBG has them."""
    await site.authorize()
    await site.add_phone_system()
    for number in NUMBERS:
        await site.check_remote(number)
        await site.reaches(number, "provisioned")
    await site.ok(
        "POST",
        "/users",
        {"username": "ada", "password": "Lovelace-1815", "role": "supervisor"},
    )
    return {d["icp_username"]: d["set_password"] for d in site.mbg.devices.values()}


async def still_the_same(site: Site, passwords: dict[str, str]) -> None:
    """Everything can be read and used: sets anew at the MBG and finds the same passwords."""
    for number in NUMBERS:
        await site.check_remote(number)
        await site.reaches(number, "provisioned")
    assert {d["icp_username"]: d["set_password"] for d in site.mbg.devices.values()} == passwords
    assert (await site.ok("GET", "/users/ada"))["role"] == "supervisor"
    assert (await site.ok("GET", "/settings/mbg"))["token"]["state"] == "valid"


def key_count(config: McsConfig) -> int:
    return len(read_key_file(config.data_dir / "secret.key").keys)


async def test_rotated_key_reads_everything_and_the_old_one_nothing(site: Site) -> None:
    passwords, config = await filled(site), site.mcs.config
    old = (config.data_dir / "secret.key").read_bytes()
    await site.mcs.stop()
    done = await rotate_key(config)
    assert (done.resumed, key_count(config)) == (False, 1)
    assert done.values > 3 * len(NUMBERS)
    new = (config.data_dir / "secret.key").read_bytes()
    assert new != old
    (config.data_dir / "secret.key").write_bytes(old)
    with pytest.raises(DatabaseUnusable):
        await site.mcs.start()
    (config.data_dir / "secret.key").write_bytes(new)
    await site.restart()
    await still_the_same(site, passwords)


async def test_rotation_refuses_while_an_mcs_works(site: Site) -> None:
    with pytest.raises(StartError) as caught:
        await rotate_key(site.mcs.config)
    assert caught.value.code in ("data_dir_in_use", "database_in_use")
    assert key_count(site.mcs.config) == 1


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from system.config import McsConfig
from system.maintenance.rotation import rotate_key

def die(values):
    if values >= int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

config = McsConfig(data_dir=Path(sys.argv[1]), database_url=sys.argv[2] or None)
asyncio.run(rotate_key(config, rows_at_once=1, after_batch=die))
"""


@pytest.mark.parametrize("values", [1, 6, 10])
async def test_rotation_killed_half_way_goes_on(site: Site, values: int) -> None:
    passwords, config = await filled(site), site.mcs.config
    await site.mcs.stop()
    arguments = [str(config.data_dir), config.database_url or "", str(values)]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert key_count(config) == 2
    # An MCS started now reads both sides of the seam, and writes with the new key.
    await site.restart()
    await still_the_same(site, passwords)
    await site.mcs.stop()
    done = await rotate_key(config)
    assert (done.resumed, key_count(config)) == (True, 1)
    await site.restart()
    await still_the_same(site, passwords)


async def test_rotation_keeps_both_keys_where_a_value_cannot_be_read(
    site: Site, sql: Callable[[str], None]
) -> None:
    await filled(site)
    await site.mcs.stop()
    sql("UPDATE extensions SET remote_password = 'damaged' WHERE extension = '2102'")
    with pytest.raises(DatabaseUnusable) as caught:
        await rotate_key(site.mcs.config)
    assert caught.value.code == "stored_value_unreadable"
    assert "extensions.remote_password" in caught.value.message
    assert key_count(site.mcs.config) == 2


def test_every_encrypted_column_is_found() -> None:
    found = {f"{t.name}.{c.name}" for t, columns in rotation.encrypted_columns() for c in columns}
    assert {
        "installation.key_mark",
        "mbg_settings.token_secret",
        "phone_systems.ct_gateway_password",
        "extensions.remote_password",
        "extensions.mbg_password",
    } <= found


async def test_backup_of_a_running_mcs_is_restored_elsewhere(site: Site, tmp_path: Path) -> None:
    passwords, config = await filled(site), site.mcs.config
    file, elsewhere = tmp_path / "mcs.backup", tmp_path / "elsewhere"
    made = await back_up(config, file, site.clock)
    assert made.octets == file.stat().st_size
    assert file.stat().st_mode & 0o077 == 0
    new_place = replace(config, data_dir=elsewhere, database_url=None)
    manifest = await restore(new_place, file, config.data_dir / "secret.key")
    assert manifest.made_from in ("sqlite", "postgresql")
    await site.mcs.stop()
    assert (elsewhere / "tls.key").read_bytes() == (config.data_dir / "tls.key").read_bytes()
    moved = Mcs(new_place, clock=site.clock, entropy=seeded_entropy(9))
    site.make_mcs = lambda: moved
    await site.restart()
    # Not even a new log-in is needed: the token is good at the new place as well.
    await still_the_same(site, passwords)
    assert any("temporary token requested" in row for row in await audit_rows(new_place))


async def test_backup_is_restored_into_postgresql(
    site: Site, tmp_path: Path, cluster: Cluster
) -> None:
    passwords, config = await filled(site), site.mcs.config
    await back_up(config, tmp_path / "mcs.backup", site.clock)
    url = cluster.new_database()
    new_place = replace(config, data_dir=tmp_path / "elsewhere", database_url=url)
    key = config.data_dir / "secret.key"
    await restore(new_place, tmp_path / "mcs.backup", key)
    await site.mcs.stop()
    moved = Mcs(new_place, clock=site.clock, entropy=seeded_entropy(9))
    site.make_mcs = lambda: moved
    await site.restart()
    await still_the_same(site, passwords)
    # Numbers go on after what was copied.
    await site.ok("POST", "/phone-systems", {"name": "B", "ct_gateway_address": "127.0.0.1",
                                             "ct_gateway_port": site.gateway.port})  # fmt: skip
    with pytest.raises(StartError) as caught:
        await restore(replace(new_place, data_dir=tmp_path / "third"), tmp_path / "mcs.backup", key)
    assert caught.value.code in ("database_in_use", "database_not_empty")


async def test_wrong_key_damage_and_full_folders_are_refused(site: Site, tmp_path: Path) -> None:
    config, clock = site.mcs.config, HandClock()
    file, key = tmp_path / "mcs.backup", config.data_dir / "secret.key"
    await back_up(config, file, clock)
    with pytest.raises(StartError, match="there already"):
        await back_up(config, file, clock)
    empty = replace(config, data_dir=tmp_path / "empty", database_url=None)
    other_key = tmp_path / "other.key"
    other_key.write_bytes(new_key())

    async def refused(code: str, source: Path, used_key: Path) -> None:
        with pytest.raises(StartError) as caught:
            await restore(empty, source, used_key)
        assert caught.value.code == code
        left = (
            {path.name for path in empty.data_dir.iterdir()} if empty.data_dir.exists() else set()
        )
        assert left <= {"lock"}

    await refused("secret_key_wrong", file, other_key)
    await refused("secret_key_unusable", file, tmp_path / "nowhere.key")
    await refused("backup_damaged", tmp_path / "nowhere", key)
    octets = file.read_bytes()
    for name, damaged in {
        "cut": octets[: len(octets) // 2],
        "flipped": octets[: len(octets) // 2] + b"\0\1\2" + octets[len(octets) // 2 + 3 :],
        "text": b"not a backup",
    }.items():
        (tmp_path / name).write_bytes(damaged)
        await refused("backup_damaged", tmp_path / name, key)
    with pytest.raises(StartError) as caught:
        await restore(config, file, key)
    assert caught.value.code == "data_dir_not_empty"
    await restore(empty, file, key)


@pytest.mark.parametrize("storage", ["sqlite"])
async def test_archive_that_names_other_files_or_other_content_is_refused(
    site: Site, tmp_path: Path
) -> None:
    config, file = site.mcs.config, tmp_path / "mcs.backup"
    await back_up(config, file, site.clock)
    empty = replace(config, data_dir=tmp_path / "empty")
    with tarfile.open(file) as tar:
        tar.extractall(tmp_path / "parts", filter="data")
    manifest = json.loads((tmp_path / "parts" / "manifest.json").read_text())
    (tmp_path / "parts" / "evil").write_text("evil")

    def packed(name: str, changed: dict[str, object], *more: str) -> Path:
        (tmp_path / "parts" / "manifest.json").write_text(json.dumps(changed))
        with tarfile.open(tmp_path / name, "w:gz") as tar:
            for part in ("manifest.json", *manifest["parts"]):
                tar.add(tmp_path / "parts" / part, part)
            for part in more:
                tar.add(tmp_path / "parts" / "evil", part)
        return tmp_path / name

    digest = manifest["parts"]["mcs.db"] | {"sha256": "0" * 64}
    outside = {"size": 4, "sha256": "4c" * 32}
    for bad in (
        packed("a", manifest | {"parts": manifest["parts"] | {"mcs.db": digest}}),
        packed("b", manifest, "../evil"),
        packed("c", manifest | {"parts": manifest["parts"] | {"../evil": outside}}, "../evil"),
        packed("d", manifest | {"format": "mcs-backup/2"}),
    ):
        with pytest.raises(StartError) as caught:
            await restore(empty, bad, config.data_dir / "secret.key")
        assert caught.value.code == "backup_damaged"
    assert not (tmp_path / "evil").exists()
    await restore(empty, packed("good", manifest), config.data_dir / "secret.key")


def test_backup_at_the_command_line_holds_no_secret(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "b"

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "system", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )

    refused = run("backup", "--data", str(data), "--to", str(file))
    assert (refused.returncode, "Traceback" in refused.stderr) == (2, False)
    data.mkdir()
    (data / "secret.key").write_bytes(new_key())
    assert run("backup", "--data", str(data), "--to", str(file)).returncode == 2
    (data / "secret.key").unlink()
    started = subprocess.run(
        [sys.executable, "-c", START, str(data)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        timeout=60,
        check=True,
    )
    assert started.returncode == 0
    assert run("backup", "--data", str(data), "--to", str(file)).returncode == 0
    with tarfile.open(file) as tar:
        content = b"".join(tar.extractfile(name).read() for name in tar.getnames())  # type: ignore[union-attr]
    assert b"BEGIN PRIVATE KEY" not in content
    assert (data / "secret.key").read_bytes().strip() not in content
    assert run("rotate-key", "--data", str(data)).returncode == 0
    again = ("restore", "--data", str(tmp_path / "new"), "--from", str(file), "--key")
    assert run(*again, str(data / "secret.key")).returncode == 2  # it was rotated since
    assert "does not belong" in run(*again, str(data / "secret.key")).stderr


START = """
import asyncio, sys
from pathlib import Path
from system.app import Mcs
from system.config import McsConfig

async def once():
    mcs = Mcs(McsConfig(data_dir=Path(sys.argv[1]), listen_address="127.0.0.1", api_port=0,
        phones_port=0, phones_http_port=0, phone_manager_port=0, password_hash_cost="test"))
    await mcs.start()
    await mcs.stop()

asyncio.run(once())
"""


async def test_migration_keeps_the_administrator(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'mcs.db'}")
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0001")
        connection.exec_driver_sql("INSERT INTO administrators VALUES ('admin', 'hash')")
        command.upgrade(alembic_config(connection), "head")
        row = connection.exec_driver_sql("SELECT username, password_hash, role FROM users").one()
        assert tuple(row) == ("admin", "hash", "engineer")
        command.downgrade(alembic_config(connection), "0001")
        row = connection.exec_driver_sql("SELECT * FROM administrators").one()
        assert tuple(row) == ("admin", "hash")
    engine.dispose()
    with sqlite3.connect(tmp_path / "mcs.db") as plain:
        assert plain.execute("SELECT count(*) FROM api_sessions").fetchone() == (0,)
    plain.close()
