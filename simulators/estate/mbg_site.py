"""One MBG by itself, for whoever wants to try a client, a phone or an idea against it.

No PBX, no MCS, no network rules: who reaches it is the machine's business. It prints where
everything is and runs until Ctrl-C.
"""

import asyncio
import contextlib
import hashlib
import ssl
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulators.addresses import DEFAULT_PLAN
from simulators.clock import Clock
from simulators.control.mbg_control import mbg_control
from simulators.control.server import ControlServer
from simulators.core import Address
from simulators.entropy import Seed
from simulators.errors import ConfigurationError
from simulators.estate.open_network import OpenNetwork
from simulators.journal import Journal
from simulators.mbg.forwarding.forward_rule import ForwardRule
from simulators.mbg.mbg import Mbg
from simulators.mbg.settings import MbgSettings
from simulators.tls import Authority, CertificateFiles

JOURNAL_ENTRIES = 50_000
"""Kept by a program that may run for days; the oldest go."""


@dataclass(frozen=True, slots=True)
class MbgSite:
    """What to run.

    Args:
        control: address of the control API.
        certificate: of its TLS servers; from a CA of its own when None.
        ca_file: where that CA's certificate is written; a temporary file when None.
        icps: (name, address) of each PBX node; forwards: rules. What is there already is left.
        journal_entries: the most that the journal keeps.
    """

    outside: str
    inside: str
    control: Address
    settings: MbgSettings
    seed: int
    certificate: CertificateFiles | None = None
    ca_file: Path | None = None
    icps: Sequence[tuple[str, str]] = ()
    forwards: Sequence[ForwardRule] = ()
    journal_entries: int = JOURNAL_ENTRIES


async def serve(site: MbgSite) -> None:
    """Run until cancelled."""
    async with running(site) as (mbg, control, ca):
        sys.stdout.write("\n".join(_greeting(mbg, control, ca)) + "\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().create_future()


@contextlib.asynccontextmanager
async def running(site: MbgSite) -> AsyncIterator[tuple[Mbg, ControlServer, Path | None]]:
    """The MBG, its control API, and the file with its CA's certificate (None: not its own CA).

    Raises:
        ConfigurationError: it can't run as asked; nothing stays open.
    """
    async with contextlib.AsyncExitStack() as stack:
        authority = None if site.certificate else Authority()
        clock = Clock()
        journal = Journal(clock.now, most=site.journal_entries)
        mbg = Mbg(
            site.outside,
            site.inside,
            tls=_tls(site, authority),
            authority=authority,
            clock=clock,
            network=OpenNetwork(DEFAULT_PLAN, journal, clock),
            journal=journal,
            entropy=Seed(site.seed).stream(f"mbg {_begun(site.settings.state_file)}").randbytes,
            settings=site.settings,
        )
        stack.push_async_callback(mbg.stop)
        await mbg.start()
        await _furnish(mbg, site)
        control = mbg_control(mbg, site.control)
        stack.push_async_callback(control.stop)
        await control.start()
        yield mbg, control, None if authority is None else _ca(authority, site, stack)


def _tls(site: MbgSite, authority: Authority | None) -> ssl.SSLContext:
    if authority is not None:
        return authority.server_context(site.inside, site.outside, "localhost")
    assert site.certificate is not None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(site.certificate.certificate, site.certificate.key)
    except OSError as error:  # ssl.SSLError too
        raise ConfigurationError(
            f"can't use the certificate {site.certificate.certificate} with the key "
            f"{site.certificate.key} ({error.strerror or error}): give PEM files that fit"
        ) from error
    return context


def _begun(state: Path | None) -> str:
    """What tells one beginning from another: with a state that grew, nothing is drawn again.

    The same seed and the same state repeat a run; a token of an earlier run never comes back.
    """
    if state is None or not state.is_file():
        return "anew"
    return hashlib.sha256(state.read_bytes()).hexdigest()


async def _furnish(mbg: Mbg, site: MbgSite) -> None:
    known = {(icp.name, icp.address) for icp in mbg.store.icps.values()}
    for name, address in site.icps:
        if (name, address) not in known:
            mbg.add_icp(name, address)
    for rule in site.forwards:
        if (rule.protocol, rule.outside_port) not in mbg.forwards:
            await mbg.add_forward(rule)


def _ca(authority: Authority, site: MbgSite, stack: contextlib.AsyncExitStack) -> Path:
    if site.ca_file is None:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="teleworker-bench-mbg-"))
        return authority.write_ca(Path(folder))
    try:
        return authority.write_ca(site.ca_file.parent).replace(site.ca_file)
    except OSError as error:
        raise ConfigurationError(
            f"can't write the CA's certificate to {site.ca_file} ({error.strerror}): "
            "give a path in a folder that can be written"
        ) from error


def _greeting(mbg: Mbg, control: ControlServer, ca: Path | None) -> list[str]:
    """Where everything is, and what to do next."""
    https = f"https://{mbg.rest_address[0]}:{mbg.rest_address[1]}"
    rest = f"{https}/mslrest"
    consumer = """'{"name": "My client", "consumer_id": "me"}'"""
    return [
        f"MBG {mbg.settings.release}, {mbg.settings.mode} mode, {mbg.licences.size} licences",
        f"site         {https}/server-manager/  log-in admin / {mbg.settings.site_password}",
        f"REST API     {rest} (described at {rest}/openapi.json)",
        f"SIP outside  {_at(mbg.sip_outside)} UDP and TCP, {_at(mbg.sip_outside_tls)} TLS",
        f"SIP inside   {_at(mbg.sip_inside)} UDP and TCP",
        *(f"forward      {protocol} {port}" for protocol, port in mbg.forwards),
        *(f"ICP {icp.id}        {icp.name} at {icp.address}" for icp in mbg.store.icps.values()),
        f"control API  {control.url} (described at {control.url}/openapi.json)",
        f"CA file      {ca or 'as given: not of this MBG'}",
        "",
        f"1. curl -X PUT {control.url}/web-services -d '{{\"running\": true}}'",
        f"2. curl -X POST {control.url}/consumers -d {consumer}",
        f"3. let your client ask {rest}/initiate, then: "
        f"curl -X POST {control.url}/temporary-tokens/latest/approve",
        "It runs until Ctrl-C.",
    ]


def _at(address: Address) -> str:
    return f"{address[0]}:{address[1]}"
