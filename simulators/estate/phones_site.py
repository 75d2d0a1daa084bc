"""Phones by themselves, against any MBG, PBX and MCS, a real one included.

They live their whole life, or only register. Nothing is known here of what they meet: it prints
what each of them does, and what has become of all at the end.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from simulators.addresses import DEFAULT_PLAN
from simulators.clock import Clock
from simulators.control.phone_control import phone_control
from simulators.control.server import ControlServer
from simulators.core import Address
from simulators.entropy import Seed
from simulators.errors import ConfigurationError
from simulators.estate.home_network import HomeNetwork
from simulators.estate.open_network import OpenNetwork
from simulators.hosts import is_ipv4
from simulators.journal import Journal
from simulators.network import Network
from simulators.phone.credentials_file import Credentials, read_credentials
from simulators.phone.crowd.population import Mix, Population, Resident
from simulators.phone.handset import Handset
from simulators.phone.handsets import Handsets
from simulators.phone.identity import Identity
from simulators.phone.life.states import State
from simulators.phone.menu.menu import DEFAULT_PASSWORD
from simulators.phone.models import model

MOST_PHONES = 2000
"""Whole handsets; more phones than that are a burst (`python -m loadtests`)."""
JOURNAL_ENTRIES = 50_000
"""Kept at a time; it may run for days."""
SETTLED = frozenset({State.REGISTERED, State.REFUSED, State.TIMED_OUT, State.IDLE, State.MINET})
AT_A_TIME = 20
"""Phones that an installer's many hands set up side by side."""


class Until(StrEnum):
    """When to end by itself."""

    REGISTERED = "registered"


@dataclass(frozen=True, slots=True)
class ServerByHand:
    """The configuration server, as a person enters it on each phone (PHN-2)."""

    host: str
    port: int = 8202
    path: str = ""
    password: str = DEFAULT_PASSWORD


@dataclass(frozen=True, slots=True)
class PhonesSite:
    """What to run.

    Args:
        addresses: where they send from, in turn; empty: the plan's homes, or its LAN if `local`.
        server: of their configuration; None: none is entered.
        credentials: file with accounts for phones that only register; registrar: where, if the
            file doesn't say so, or says otherwise.
        phones_in_home: how many share a home, where the plan's homes are used.
        nat_timeout_s: how long a home's NAT keeps a mapping; None: for ever.
        until: end when this has come; None: run until ended. within_s: and at the latest then.
    """

    count: int
    models: Sequence[str]
    firmware: str
    firmware_kind: str
    addresses: Sequence[str]
    local: bool
    server: ServerByHand | None
    credentials: Path | None
    registrar: Address | None
    control: Address
    seed: int
    phones_in_home: int = 1
    nat_timeout_s: float | None = None
    until: Until | None = None
    within_s: float = 60.0
    journal: bool = True


@dataclass(frozen=True, slots=True)
class Running:
    """What runs."""

    phones: Handsets
    control: ControlServer


async def serve(site: PhonesSite) -> bool:
    """Run until cancelled, or until what was waited for has come; whether it came."""
    async with running(site) as found:
        ends = "all are registered" if site.until else "Ctrl-C"
        say("\n".join([*_greeting(found), f"It runs until {ends}.", ""]))
        came = True
        try:
            await _set_up(site, found.phones)
            if site.until is None:
                await asyncio.get_running_loop().create_future()
            came = await _all_registered(found.phones, site.within_s)
        finally:
            say(state_table(found.phones))
        return came


@contextlib.asynccontextmanager
async def running(site: PhonesSite) -> AsyncIterator[Running]:
    """The phones, switched off, and their control API.

    Raises:
        ConfigurationError: it can't run as asked; nothing stays open.
    """
    population, accounts = _checked(site)
    clock = Clock()
    journal = Journal(clock.now, enabled=site.journal, most=JOURNAL_ENTRIES)
    network = OpenNetwork(DEFAULT_PLAN, journal, clock)
    homes: dict[str, Network] = {}
    seed = Seed(site.seed)
    faults = int.from_bytes(seed.stream("phone faults").randbytes(8), "big")
    began = clock.now()
    phones = Handsets(clock, journal, faults, lambda phone: _tell(phone, clock.now() - began))
    control = phone_control(phones, site.control)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(control.stop)
        await control.start()
        stack.push_async_callback(_switch_off, phones)
        for index, resident in enumerate(population.residents):
            account = accounts[index] if accounts else None
            place = population.address(DEFAULT_PLAN, resident)
            if site.addresses:
                place = site.addresses[index % len(site.addresses)]
            if site.nat_timeout_s is not None and place not in homes:
                homes[place] = HomeNetwork(network, site.nat_timeout_s, clock, journal)
            behind = homes.get(place, network)
            phones.add(_handset(site, resident, place, clock, behind, journal, account, began))
        yield Running(phones, control)


def state_table(phones: Handsets) -> str:
    """Each phone's last word, and how many are in which state."""
    rows = [
        f"{phone.identity.dashed}  {phone.model.name}  {phone.home_address:15}  "
        f"{phone.state.value:13}  {phone.firmware_version:12}  {_last(phone)}".rstrip()
        for phone in phones.by_mac.values()
    ]
    states = [phone.state.value for phone in phones.by_mac.values()]
    counts = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
    return "\n".join(["", *rows, f"{len(states)} phones: {counts}"])


def say(text: str) -> None:
    """Print, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _checked(site: PhonesSite) -> tuple[Population, list[Credentials]]:
    if not 1 <= site.count <= MOST_PHONES:
        raise ConfigurationError(
            f"expected 1 to {MOST_PHONES} whole phones, got {site.count}: for more, that only "
            "register, use python -m loadtests burst"
        )
    wrong = [address for address in site.addresses if not is_ipv4(address)]
    if wrong:
        raise ConfigurationError(f"expected IPv4 addresses of this machine, got {wrong[0]!r}")
    if site.firmware_kind not in ("sip", "minet"):
        raise ConfigurationError(f"expected firmware sip or minet, got {site.firmware_kind!r}")
    if site.server is not None and site.credentials is not None:
        raise ConfigurationError(
            "--server and --credentials exclude each other: with a configuration server the phones "
            "get their accounts from there"
        )
    mix = Mix(
        models=dict.fromkeys(site.models, 1.0),
        firmware={site.firmware: 1.0},
        minet=float(site.firmware_kind == "minet"),
        local=float(site.local),
        phones_in_home={site.phones_in_home: 1.0},
    )
    people = Population(Seed(site.seed), site.count, mix)
    if site.credentials is None:
        return people, []
    accounts = read_credentials(site.credentials, site.count)
    if site.registrar is None and any(account.registrar is None for account in accounts):
        raise ConfigurationError(
            f"{site.credentials} names no registrar: give --registrar ADDRESS:PORT"
        )
    return people, accounts


def _handset(
    site: PhonesSite,
    resident: Resident,
    place: str,
    clock: Clock,
    network: Network,
    journal: Journal,
    account: Credentials | None,
    began: float,
) -> Handset:
    """One phone; what it sends is anew at each start.

    A registrar may still have the bindings of the run before, and would refuse the same Call-ID
    with lower sequence numbers (RFC 3261 section 10.3).
    """
    local = {}
    if account is not None:
        journal.masker.learn(account.password)
        local = _entered(account, site.registrar or account.registrar)
    return Handset(
        Identity(resident.person.mac),
        model(resident.person.model),
        place,
        clock=clock,
        network=network,
        journal=journal,
        entropy=Seed(site.seed).stream(f"phone {resident.person.mac} since {began}").randbytes,
        firmware_version=resident.firmware_version,
        firmware_kind=resident.firmware_kind,
        settings=resident.habits,
        local=local,
    )


def _entered(account: Credentials, registrar: Address | None) -> dict[str, str]:
    """What a person would enter on the phone, for it to register without a server."""
    assert registrar is not None, "checked before"
    return {
        "sip line1 user name": account.username,
        "sip line1 screen name": account.extension,
        "sip line1 auth name": account.auth_name,
        "sip line1 password": account.password,
        "sip line1 registrar ip": registrar[0],
        "sip line1 registrar port": str(registrar[1]),
        "topsoftkey1 type": "line",
        "topsoftkey1 label": "Line 1",
        "topsoftkey1 line": "1",
    }


async def _set_up(site: PhonesSite, phones: Handsets) -> None:
    """Switch all on; where there is a server, enter it on each by hand."""
    group = asyncio.Semaphore(AT_A_TIME)

    async def one(phone: Handset) -> None:
        async with group:
            await phone.power_on()
            if site.server is None:
                return
            await phone.until(*SETTLED, within_s=site.within_s)
            server = site.server
            if phone.state is State.MINET:
                say(f"{phone.identity.dashed}  has no menu: it runs MiNET firmware (PHN-1)")
            elif not phone.configure_server(server.host, server.port, server.path, server.password):
                say(f"{phone.identity.dashed}  the administrator password did not open its menu")

    await asyncio.gather(*(one(phone) for phone in phones.by_mac.values()))


async def _all_registered(phones: Handsets, within_s: float) -> bool:
    """Wait for all, `within_s` real seconds at most; whether they are."""
    try:
        async with asyncio.timeout(within_s):
            for phone in phones.by_mac.values():
                await phone.until(State.REGISTERED, within_s=2 * within_s)
    except TimeoutError:
        return False
    return all(phone.state is State.REGISTERED for phone in phones.by_mac.values())


async def _switch_off(phones: Handsets) -> None:
    for phone in phones.by_mac.values():
        phone.on_state = lambda _: None  # what it did is said; the end is nothing that it did
        await phone.power_off()


def _tell(phone: Handset, at_s: float) -> None:
    say(f"{at_s:8.3f} s  {phone.identity.dashed}  {phone.state.value:13}  {_last(phone)}".rstrip())


def _last(phone: Handset) -> str:
    entries = list(phone.time_line)
    detail = entries[-1].detail if entries else ""
    return detail or ("" if phone.registered else phone.screen.message)


def _greeting(found: Running) -> list[str]:
    """What there is, and what to do with it."""
    phones, control = list(found.phones.by_mac.values()), found.control.url
    first = phones[0]
    one = f"{control}/phones/{first.identity.mac}"
    return [
        f"{len(phones)} phones, the first is {first.identity.dashed}, a {first.model.name} at "
        f"{first.home_address}",
        f"pages        {control}/handsets/ (all of them, and each one to be used)",
        f"control API  {control} (described at {control}/openapi.json)",
        "",
        f"1. look at it: curl {one}",
        f"2. press its keys: curl -X POST {one}/keys "
        """-d '{"keys": ["Settings"]}'""",
        f"3. call with it: curl -X POST {one}/dial "
        """-d '{"number": "2102"}'""",
        f"4. what happened to it: curl {one}/time-line",
    ]
