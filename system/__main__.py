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

from system import running
from system.api.web import BASE
from system.app import Mcs
from system.config import McsConfig
from system.domain.enrolment import PRIVATE_NETWORKS
from system.errors import StartError
from system.local.ports import open_port
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
    tftp_port: Annotated[int, typer.Option(help="UDP port of TFTP for local phones.")] = 69,
    tftp: Annotated[bool, typer.Option(help="Serve files by TFTP.")] = True,
    syslog_port: Annotated[int, typer.Option(help="UDP port where local phones log to.")] = 514,
    syslog: Annotated[bool, typer.Option(help="Take log lines of phones.")] = True,
    ldap_port: Annotated[int, typer.Option(help="LDAP port for local phones.")] = 8205,
    ldap: Annotated[bool, typer.Option(help="Serve the directory by LDAP.")] = True,
    push_port: Annotated[int, typer.Option(help="HTTP port where local phones take pushes.")] = 80,
    push: Annotated[bool, typer.Option(help="Push changes to local phones.")] = True,
    enrolment_hours: Annotated[
        float, typer.Option(help="Hours in which an assigned phone may come for its token.")
    ] = 168,
    office_network: Annotated[
        list[str] | None,
        typer.Option(help="Network of local phones, such as 10.0.0.0/8; else all private ones."),
    ] = None,
    device_ca: Annotated[
        Path | None, typer.Option(help="PEM CA of the phones' device certificates.")
    ] = None,
    device_certificate_required: Annotated[
        bool, typer.Option(help="Refuse phones without a device certificate.")
    ] = False,
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
            tftp_port=_low_port(tftp_port, "TFTP") if tftp else None,
            syslog_port=_low_port(syslog_port, "syslog") if syslog else None,
            ldap_port=_low_port(ldap_port, "LDAP") if ldap else None,
            push_port=push_port if push else None,
            enrolment_window_s=enrolment_hours * 3600,
            office_networks=tuple(office_network or PRIVATE_NETWORKS),
            device_ca=device_ca,
            device_certificate_required=device_certificate_required,
            certificate=certificate,
            key=key,
            trusted_ca=trusted_ca,
            outbound_address=outbound_address,
            database_url=database_url,
            admin_password=_first_line(admin_password_file),
        )
        running.run(_run(config))
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
    running.settle()
    try:
        if mcs.admin_password is not None:
            typer.echo(f'Password of "admin" (shown this once): {mcs.admin_password}')
        typer.echo(f"MCS ready: {mcs.api_url}{BASE}")
        await stop.wait()
    finally:
        await mcs.stop()


def _low_port(port: int, what: str) -> int:
    """The port, or where it is moved to because this user may not open it; that is said."""
    opened = open_port(port)
    if opened != port:
        typer.echo(f"{what} is at port {opened}: this user may not listen at {port}")
    return opened


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
