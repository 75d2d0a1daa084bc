"""Homes on addresses that are given: real sockets on loopback."""

import asyncio
import errno
import json
import os
import socket
import struct
import sys
import time
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from loadtests.batches import Batch
from loadtests.driver import Engine
from loadtests.homes import check_own, why_closed
from loadtests.machines.sources import PHONE_PORT, Sources, parse_sources
from loadtests.plan import Plan, read_accounts
from loadtests.scenarios.kinds import Scenario
from loadtests.target import ROOT, border
from loadtests.tests.fake_registrar import (
    FakeRegistrar,
    passwords,
    private_plan,
    serving,
    write_accounts,
)
from simulators.errors import ConfigurationError
from simulators.phone.crowd.arrivals import Shape


@pytest.mark.parametrize("scenario", [Scenario.REGISTER, Scenario.REFRESH])
async def test_homes_share_addresses_by_their_ports(scenario: Scenario, tmp_path: Path) -> None:
    """Two engines of one machine with two addresses: twelve phones, none where another is."""
    registrar = FakeRegistrar(passwords(12))
    accounts = write_accounts(tmp_path / "accounts.jsonl", registrar.passwords)
    async with private_plan() as addresses, serving(registrar, addresses) as mbg:
        plan = Plan(mbg, 1, str(accounts), 12, 1.0, shape=Shape.AT_ONCE, workers=2, limit_s=60.0)
        plan = replace(plan, scenario=scenario)
        network = IPv4Network(f"127.{addresses.homes}.9.4/31")
        said: list[Batch] = []
        engines = [
            Engine(
                plan, worker, read_accounts(accounts, 12), said.append,
                sources=Sources(network, worker, 2),
            )
            for worker in range(2)
        ]  # fmt: skip
        try:
            for engine in engines:
                await engine.open()
            await asyncio.gather(*(engine.run(time.monotonic()) for engine in engines))
        finally:
            for engine in engines:
                await engine.close()
    assert sum(batch.registered for batch in said) == 12
    hosts = [str(address) for address in network]
    assert registrar.peers == {(host, 5060 + turn) for host in hosts for turn in range(6)}
    contacts = {contact.partition("@")[2] for contact in registrar.registered.values()}
    assert contacts == {f"{host}:{port}" for host, port in registrar.peers}


async def test_two_engines_with_the_same_addresses_get_in_each_others_way(tmp_path: Path) -> None:
    """So it is said, and never do two phones share a socket."""
    accounts = write_accounts(tmp_path / "accounts.jsonl", passwords(4))
    async with private_plan() as addresses:
        plan = Plan((addresses.mbg_outside, 5060), 1, "", 4, 1.0, workers=2, limit_s=9.0)
        same = parse_sources(f"127.{addresses.homes}.9.0/30")
        first, second = (
            Engine(plan, worker, read_accounts(accounts, 4), lambda _: None, sources=same)
            for worker in range(2)
        )
        try:
            await first.open()
            with pytest.raises(ConfigurationError, match="give other addresses with --source"):
                await second.open()
        finally:
            await first.close()
            await second.close()


async def test_whole_phones_are_at_the_addresses_that_are_given(tmp_path: Path) -> None:
    """Four phones on two addresses: the first of each has the usual port."""
    async with border(4, 1, scenario=Scenario.BOOT) as target:
        ready = target.ready
        plan = Plan(
            ready.mbg, 1, ready.accounts, 4, 100.0, limit_s=100.0, scenario=Scenario.BOOT,
            places=ready.places,
        )  # fmt: skip
        accounts, said = read_accounts(Path(ready.accounts), 4), list[Batch]()
        sources = parse_sources(f"127.{ready.homes}.9.4/31")
        engine = Engine(plan, 0, accounts, said.append, sources=sources)
        try:
            await engine.open()
            await engine.run(time.monotonic())
            open_at = [host for host, _ in udp_sockets() if host.startswith(f"127.{ready.homes}.")]
        finally:
            await engine.close()
    assert sum(batch.registered for batch in said) == 4
    assert {host: open_at.count(host) for host in open_at} == {
        f"127.{ready.homes}.9.4": 2, f"127.{ready.homes}.9.5": 2,
    }  # fmt: skip


def udp_sockets() -> list[tuple[str, int]]:
    """All of this machine: proc(5), net/udp, with addresses as the processor has them."""
    found = []
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        host, port = line.split()[1].split(":")
        found.append((socket.inet_ntoa(struct.pack("=I", int(host, 16))), int(port, 16)))
    return found


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--source", "8.8.8.8"], "never comes from public addresses"),
        (["--source", "10.20.1.0/24"], "can't be reached from 10.20.1.0/24"),
    ],
)
async def test_an_engine_refuses_addresses_before_it_opens_any(
    options: list[str], said: str, tmp_path: Path
) -> None:
    accounts = write_accounts(tmp_path / "accounts.jsonl", passwords(1))
    path = tmp_path / "plan.json"
    plan = Plan(("127.20.0.10", 5060), 30, str(accounts), 1, 1.0, limit_s=9.0)
    path.write_bytes(plan.to_json())
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "loadtests.engine", "--plan", str(path), "--alone", *options,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode == 2
    assert said in json.loads(out)["problem"]


def test_what_can_not_be_opened_is_told_with_what_to_do() -> None:
    def why(number: int) -> str:
        return why_closed(("10.20.1.7", PHONE_PORT), OSError(number, os.strerror(number)), 3)

    assert "no address 10.20.1.7 for a home: add it (ip addr add 10.20.1.7/32" in why(
        errno.EADDRNOTAVAIL
    )
    assert "stop another burst that uses it" in why(errno.EADDRINUSE)
    assert "3 are open" in why(errno.EMFILE)
    assert "no way leads from 10.20.1.7" in why(errno.EINVAL)
    check_own("127.0.0.1")
