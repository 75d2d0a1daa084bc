"""`python -m simulators`: the simulators by hand."""

import re
import signal
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from simulators.addresses import DEFAULT_PLAN, open_port
from simulators.entropy import Seed
from simulators.errors import BenchError, ConfigurationError
from simulators.estate import border_site, mbg_site, pbx_site, phones_site, registrar_site
from simulators.estate.config import CtGatewayTable, PbxTable
from simulators.estate.node_parent import MOST_PROCESSES
from simulators.estate.registrar_accounts import write_accounts
from simulators.mbg.forwarding.forward_rule import ForwardRule
from simulators.mbg.settings import GATEWAY, MbgSettings
from simulators.phone.menu.menu import DEFAULT_PASSWORD
from simulators.phone.models import MODELS
from simulators.running import run
from simulators.tls import CertificateFiles

AS_DELIVERED = MbgSettings()
NODE, GATEWAY_OF_NODES = PbxTable(), CtGatewayTable()

app = typer.Typer(
    help="MBG, PBX, CT Gateway and phones, simulated. Addresses are in 127.0.0.0/8.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def simulators() -> None:
    """MBG, PBX, CT Gateway and phones, simulated. Addresses are in 127.0.0.0/8."""


@app.command()
def border(
    phones: Annotated[int, typer.Option(help="Teleworkers to set up on MBG and PBX.")] = 500,
    seed: Annotated[str, typer.Option(help="Decides credentials; the same seed repeats.")] = "1",
    outside: Annotated[
        str, typer.Option(help="External address of the MBG, for phones on other machines.")
    ] = "",
) -> None:
    """An MBG and a PBX node with PHONES teleworkers on both, for registration bursts.

    Prints one JSON line with the addresses when it is ready, another for each line "report"
    on standard input, and ends with standard input. The journal is off.
    """
    if not 1 <= phones <= border_site.MOST_PHONES:
        raise ConfigurationError(
            f"expected 1 to {border_site.MOST_PHONES} phones, got {phones}: choose another number"
        )
    run(border_site.serve(phones, Seed.parse(seed).number, outside))


@app.command()
def mbg(
    outside: Annotated[str, typer.Option(help="External IP address.")] = DEFAULT_PLAN.mbg_outside,
    inside: Annotated[str, typer.Option(help="Internal IP address.")] = DEFAULT_PLAN.mbg_inside,
    rest_port: Annotated[
        int | None, typer.Option(help="REST; default 443, or 10443 where that is closed to you.")
    ] = None,
    sip_port: Annotated[int, typer.Option(help="SIP over UDP and TCP, on both sides.")] = 5060,
    sip_tls_port: Annotated[int, typer.Option(help="SIP over TLS, outside.")] = 5061,
    control_address: Annotated[
        str, typer.Option(help="Of the control API: loopback only, there is no log-in.")
    ] = DEFAULT_PLAN.control_of_mbg(1),
    control_port: Annotated[int, typer.Option(help="Port of the control API.")] = 8190,
    state: Annotated[
        Path | None, typer.Option(help="File that keeps records and their secrets (mode 0600).")
    ] = None,
    seed: Annotated[str, typer.Option(help="Decides secrets and faults; repeats a run.")] = "1",
    release: Annotated[str, typer.Option(help="As it calls itself.")] = AS_DELIVERED.release,
    mode: Annotated[str, typer.Option(help="gateway or server-only.")] = GATEWAY,
    licences: Annotated[int, typer.Option(help="Teleworker licences.")] = AS_DELIVERED.licences,
    icp: Annotated[
        list[str] | None, typer.Option(help="A PBX node, NAME=ADDRESS; may be repeated.")
    ] = None,
    forward: Annotated[
        list[str] | None, typer.Option(help="A rule with SNAT, PORT=HOST:PORT; may be repeated.")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="PEM chain for TLS; default: from a CA of its own.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="PEM key of --certificate.")] = None,
    ca_file: Annotated[
        Path | None, typer.Option(help="Where to write the certificate of its own CA.")
    ] = None,
) -> None:
    """One MBG by itself: REST API, SIP border, forwards, licences, and a control API.

    It begins as delivered: web services stopped, nobody known. Prints where everything is and what
    to do next, and runs until Ctrl-C. A port of 0 takes any. With --state, what was made is there
    again the next time; --release, --mode and --licences then count for a new file alone.

    python -m simulators mbg --icp "Head Office=127.10.0.21" --forward 8202=127.10.0.5:8202
    """
    if (certificate is None) != (key is None):
        raise ConfigurationError("--certificate and --key go together: give both, or none")
    run(
        mbg_site.serve(
            mbg_site.MbgSite(
                outside,
                inside,
                (control_address, control_port),
                MbgSettings(
                    release=release,
                    mode=mode,
                    licences=licences,
                    rest_port=open_port(443) if rest_port is None else rest_port,
                    sip_port=sip_port,
                    sip_tls_port=sip_tls_port,
                    state_file=state,
                ),
                Seed.parse(seed).number,
                CertificateFiles(certificate, key) if certificate and key else None,
                ca_file,
                [_icp(text) for text in icp or ()],
                [_rule(text) for text in forward or ()],
            )
        )
    )


@app.command()
def pbx(
    address: Annotated[
        list[str] | None,
        typer.Option(help=f"Of a node, default {DEFAULT_PLAN.node(1)}; repeat it for more nodes."),
    ] = None,
    sip_port: Annotated[int, typer.Option(help="SIP over UDP and TCP, of each node.")] = 5060,
    udp: Annotated[bool, typer.Option(help="SIP UDP Listening Port is on.")] = True,
    release: Annotated[
        str, typer.Option(help="Of the nodes; below 6.3 SP1 they make no credentials.")
    ] = NODE.release,
    extensions: Annotated[int, typer.Option(help="SIP extensions of each node.")] = 20,
    first_extension: Annotated[int, typer.Option(min=1, help="Their first number.")] = 2101,
    licences: Annotated[
        int | None, typer.Option(min=0, help="Cat-F licences of each node; default: any number.")
    ] = None,
    ct_gateway: Annotated[
        str, typer.Option(help="IP address of the CT Gateway.")
    ] = DEFAULT_PLAN.ct_gateway,
    oai_port: Annotated[int, typer.Option(help="OAI of the CT Gateway.")] = GATEWAY_OF_NODES.port,
    gateway_release: Annotated[
        str, typer.Option(help="Of the CT Gateway; from 5.0.64 it hands on credentials.")
    ] = GATEWAY_OF_NODES.release,
    control_address: Annotated[
        str, typer.Option(help="Of the control API: loopback only, there is no log-in.")
    ] = DEFAULT_PLAN.control_of_pbx,
    control_port: Annotated[int, typer.Option(help="Port of the control API.")] = 8190,
    credentials: Annotated[
        Path | None, typer.Option(help="File for the extensions' credentials (mode 0600).")
    ] = None,
    journal: Annotated[bool, typer.Option(help="Keep messages in memory; off for load.")] = True,
    seed: Annotated[str, typer.Option(help="Decides passwords and faults; repeats a run.")] = "1",
) -> None:
    """PBX nodes by themselves, with a CT Gateway over them and a control API.

    Each node is a registrar with extensions that know their credentials. Prints where everything
    is and what to do next, and runs until Ctrl-C. A port of 0 takes any.

    \b
    python -m simulators pbx --extensions 1000 --credentials extensions.jsonl
    python -m simulators pbx --address 127.10.0.21 --address 127.10.0.22 --release 6.2
    """
    run(
        pbx_site.serve(
            pbx_site.PbxSite(
                nodes=[(host, sip_port) for host in address or [DEFAULT_PLAN.node(1)]],
                ct_gateway=(ct_gateway, oai_port),
                control=(control_address, control_port),
                release=release,
                gateway_release=gateway_release,
                extensions=extensions,
                first_extension=first_extension,
                licences=licences,
                udp_listening=udp,
                seed=Seed.parse(seed).number,
                credentials=credentials,
                journal=journal,
            )
        )
    )


@app.command()
def registrar(
    processes: Annotated[
        int, typer.Option(min=1, max=MOST_PROCESSES, help="That serve the same UDP address.")
    ] = 1,
    phones: Annotated[int, typer.Option(help="Extensions to make up.")] = 500,
    accounts: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where their passwords go (mode 0600).")
    ] = None,
    address: Annotated[str, typer.Option(help="IP address.")] = DEFAULT_PLAN.node(1),
    sip_port: Annotated[int, typer.Option(help="SIP over UDP.")] = 5060,
    licences: Annotated[
        int | None, typer.Option(min=0, help="Cat-F licences; default: any number.")
    ] = None,
    seed: Annotated[str, typer.Option(help="Decides passwords; the same seed repeats.")] = "1",
) -> None:
    """A PBX node as a registrar alone, in one process or several, for load.

    The kernel deals the phones out to the processes by extension. They are one registrar: one
    contact an extension, licences counted once. No CT Gateway and no control API; with more
    than one process no TCP and no calls either. Prints one JSON line when it is ready, another for
    each line "report" or "who" on standard input, and ends with standard input. The journal is off.

    \b
    python -m simulators registrar --processes 2 --phones 900 --accounts phones.jsonl
    python -m loadtests burst --mbg 127.10.0.21:5060 --accounts phones.jsonl --homes 30 --phones 900

    Exit status: 0; 1 a process was lost, which is said on standard error; 2 it could not be done
    as asked.
    """
    with tempfile.TemporaryDirectory(prefix="teleworker-registrar-") as folder:
        file = accounts or Path(folder) / "accounts.jsonl"
        write_accounts(file, phones, Seed.parse(seed))
        place = (address, sip_port)
        if not run(registrar_site.serve(file, processes, address=place, licences=licences)):
            sys.exit(1)


@app.command()
def phones(
    count: Annotated[int, typer.Option(help="How many.")] = 5,
    server: Annotated[
        str | None,
        typer.Option(metavar="HOST[:PORT]", help="Configuration server, entered on each by hand."),
    ] = None,
    server_path: Annotated[str, typer.Option(help="HTTPS Path beside it.")] = "",
    password: Annotated[
        str, typer.Option(help="Administrator password of the phones.")
    ] = DEFAULT_PASSWORD,
    credentials: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Only register, with these: one JSON object a line."),
    ] = None,
    registrar: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS:PORT", help="Where, if FILE names no registrar or another."),
    ] = None,
    address: Annotated[
        list[str] | None,
        typer.Option(help="IPv4 address to send from; repeated ones are taken in turn."),
    ] = None,
    local: Annotated[
        bool, typer.Option("--local", help="Be on the plan's LAN instead of in its homes.")
    ] = False,
    models: Annotated[
        str, typer.Option("--models", metavar="MODEL,...", help="In equal parts.")
    ] = ",".join(MODELS),
    phones_in_home: Annotated[
        int, typer.Option(min=1, help="How many share a home and its address.")
    ] = 1,
    nat_timeout: Annotated[
        float | None,
        typer.Option(min=1, help="Seconds that a home's NAT keeps a mapping; default: for ever."),
    ] = None,
    firmware: Annotated[str, typer.Option(help="Version that they have.")] = "5.0.0.1018",
    firmware_kind: Annotated[str, typer.Option(help="sip, or minet as delivered.")] = "sip",
    until: Annotated[
        phones_site.Until | None, typer.Option(help="End by itself when all are.")
    ] = None,
    within: Annotated[
        float, typer.Option(min=0.1, help="With --until: give up after so many seconds.")
    ] = 60.0,
    control_address: Annotated[
        str, typer.Option(help="Of the control API: loopback only, there is no log-in.")
    ] = DEFAULT_PLAN.control_of_phones,
    control_port: Annotated[int, typer.Option(help="Port of the control API.")] = 8190,
    journal: Annotated[bool, typer.Option(help="Keep messages in memory.")] = True,
    seed: Annotated[
        str, typer.Option(help="Decides MACs, models and faults; the same seed repeats them.")
    ] = "1",
) -> None:
    """Phones by themselves, against any MBG, PBX and MCS, real ones included.

    With --server they live their whole life: boot, configuration server entered key by key,
    restart, files, firmware, registration. With --credentials they only register. Prints what each
    does as it does it, and a table at the end; runs until Ctrl-C, or with --until registered until
    all are. The addresses that they send from must be this machine's: by default homes in
    127.30.0.0/16, for a target elsewhere give yours with --address.

    \b
    python -m simulators phones --count 5 --server 127.20.0.10:8202
    python -m simulators phones --credentials extensions.jsonl --local --until registered
    python -m simulators phones --server mcs.example.com --address 192.0.2.7 --count 3

    Exit status: 0 with --until, all are registered; 1 not all in time; 2 it could not be done as
    asked; 130 Ctrl-C.
    """
    site = phones_site.PhonesSite(
        count=count,
        models=[name.strip() for name in models.split(",") if name.strip()],
        firmware=firmware,
        firmware_kind=firmware_kind,
        addresses=address or (),
        local=local,
        server=None if server is None else _server(server, server_path, password),
        credentials=credentials,
        registrar=None if registrar is None else _place(registrar, "--registrar ADDRESS:PORT"),
        control=(control_address, control_port),
        seed=Seed.parse(seed).number,
        phones_in_home=phones_in_home,
        nat_timeout_s=nat_timeout,
        until=until,
        within_s=within,
        journal=journal,
    )
    if not run(phones_site.serve(site)):
        sys.exit(1)


def _server(text: str, path: str, password: str) -> phones_site.ServerByHand:
    host, _, port = text.partition(":")
    if not port:
        return phones_site.ServerByHand(host, path=path, password=password)
    return phones_site.ServerByHand(*_place(text, "--server HOST[:PORT]"), path, password)


def _place(text: str, wanted: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise ConfigurationError(f"expected {wanted}, got {text!r}")
    return host, int(port)


def _icp(text: str) -> tuple[str, str]:
    name, equals, address = text.rpartition("=")
    if not (name and equals and address):
        raise ConfigurationError(f"expected --icp NAME=ADDRESS, got {text!r}")
    return name, address


def _rule(text: str) -> ForwardRule:
    found = re.fullmatch(r"(\d{1,5})=([^:]+):(\d{1,5})", text)
    if not found:
        raise ConfigurationError(f"expected --forward PORT=HOST:PORT, got {text!r}")
    return ForwardRule(int(found[1]), (found[2], int(found[3])))


def entry() -> None:
    """Run a command; what a person can put right is one sentence and exit status 2."""
    # A script's background job is born deaf to Ctrl-C; whoever sends it means us to stop.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        app()
    except BenchError as error:
        sys.stderr.write(f"simulators: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    entry()
