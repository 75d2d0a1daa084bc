"""``python -m system``: run one MCS until it is told to stop.

Exit status: 0 stopped as asked, 2 it cannot start as configured (one line on stderr says why).
"""

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from system.api.web import BASE
from system.app import Mcs
from system.config import McsConfig
from system.errors import StartError
from system.maintenance import commands

EPILOG = """
First start: the password of the account "admin" is made at random and printed once; give
--admin-password-file to set your own. Then, with the API at https://ADDRESS:8200/api/v1:
enter the MBG's internal address, request and retrieve the access token, add a phone system,
synchronize it, and check "Use remote authorization credentials" for each teleworker.

Data: mcs.db, secret.key (encrypts the secrets in mcs.db: keep both), tls.crt, tls.key, firmware/;
the file "lock" keeps a second MCS out. With --database-url postgresql+asyncpg://... several MCS may
share one database; each needs the same secret.key in its data folder.

Maintenance: backup, restore, rotate-key; each has a --help of its own.
"""

cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@cli.callback(invoke_without_command=True, epilog=EPILOG)
def main(
    context: typer.Context,
    data: Annotated[
        Path | None, typer.Option(help="Folder of database and key; made if missing. Needed.")
    ] = None,
    listen: Annotated[str, typer.Option(help="IP address to listen at.")] = "0.0.0.0",
    api_port: Annotated[int, typer.Option(help="HTTPS port of the administrator's API.")] = 8200,
    phones_port: Annotated[int, typer.Option(help="HTTPS port for phones.")] = 8202,
    phones_http_port: Annotated[int, typer.Option(help="HTTP port for local phones.")] = 8203,
    phone_manager_port: Annotated[int, typer.Option(help="HTTPS port for Phone Manager.")] = 8204,
    certificate: Annotated[
        Path | None, typer.Option(help="PEM certificate chain; self-signed if not given.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="PEM private key of the certificate.")] = None,
    trusted_ca: Annotated[
        Path | None, typer.Option(help="PEM CA of the MBG's certificate; else the system's CAs.")
    ] = None,
    outbound_address: Annotated[
        str | None, typer.Option(help="Source address of connections to MBG and CT Gateway.")
    ] = None,
    database_url: Annotated[
        str | None,
        typer.Option(help="SQLAlchemy URL; else a SQLite file in the data folder."),
    ] = None,
    admin_password_file: Annotated[
        Path | None, typer.Option(help='File whose first line is the password of "admin".')
    ] = None,
    verbose: Annotated[bool, typer.Option(help="Log every step.")] = False,
) -> None:
    """Run the MCS: configures 69xx phones, provisions teleworkers on an MBG."""
    if context.invoked_subcommand is not None:
        return
    if data is None:
        raise typer.BadParameter("an MCS needs a folder for its data", param_hint="--data")
    os.umask(0o077)  # the database and what SQLite puts beside it are the owner's alone (API-1)
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    for chatty in ("aiosqlite", "alembic", "asyncio", "sqlalchemy"):
        # At DEBUG these show statements with their values (API-1).
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        config = McsConfig(
            data_dir=data,
            listen_address=listen,
            api_port=api_port,
            phones_port=phones_port,
            phones_http_port=phones_http_port,
            phone_manager_port=phone_manager_port,
            certificate=certificate,
            key=key,
            trusted_ca=trusted_ca,
            outbound_address=outbound_address,
            database_url=database_url,
            admin_password=_first_line(admin_password_file),
        )
        asyncio.run(_run(config))
    except StartError as error:
        typer.echo(f"The MCS cannot start: {error.message}", err=True)
        sys.exit(2)


cli.command("backup")(commands.backup)
cli.command("restore")(commands.restore)
cli.command("rotate-key")(commands.rotate_key)


async def _run(config: McsConfig) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    mcs = Mcs(config)
    await mcs.start()
    try:
        if mcs.admin_password is not None:
            typer.echo(f'Password of "admin" (shown this once): {mcs.admin_password}')
        typer.echo(f"MCS ready: {mcs.api_url}{BASE}")
        await stop.wait()
    finally:
        await mcs.stop()


def _first_line(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError("admin_password_file_unusable", f"File {path}: {error}.") from error
    if not lines or not lines[0]:
        raise StartError("admin_password_file_unusable", f"File {path} is empty.")
    return lines[0]


if __name__ == "__main__":
    cli()
