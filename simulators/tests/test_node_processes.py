"""A node in two real processes at one address: one registrar, its losses said, its end complete."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from simulators.addresses import DEFAULT_PLAN, BlockClaim, claim_private
from simulators.clock import Clock
from simulators.core import UDP, Address
from simulators.entropy import Seed
from simulators.errors import BenchError, ConfigurationError
from simulators.estate.node_parent import BY_EXTENSION, BY_SENDER, ROOT, NodeParent
from simulators.estate.open_network import OpenNetwork
from simulators.estate.registrar_accounts import FIRST_EXTENSION, read_extensions, write_accounts
from simulators.journal import Journal
from simulators.pbx.processes.dealing import default_owner
from simulators.sip.agent import RegistrationAgent, RegistrationChanged
from simulators.sip.registration import Account, State
from simulators.sockets import SipDriver
from simulators.sockets.datagrams import bind_shared
from simulators.sockets.tests.socket_bench import until

PHONES = 40
MOST_MOVES = 60
"""Dealt at random to one of two, so many in a row come to one once in 2**60 times."""
SETTLED = (State.REGISTERED, State.REFUSED, State.TIMED_OUT, State.UNREGISTERED)


class Phones:
    """Phones of one test, each with a socket of its own; any number for an extension."""

    def __init__(self, registrar: Address, accounts: Path, stack: AsyncExitStack) -> None:
        self.clock = Clock()
        self._registrar, self._stack = registrar, stack
        self._passwords = {e.number: e.auth_password for e in read_extensions(accounts).values()}
        self._seed, self._made = Seed(7), 0

    async def register(self, extension: str, password: str | None = None) -> "Phone":
        """A new phone, at a new port, that has asked to register and got its answer."""
        journal = Journal(self.clock.now, enabled=False)
        self._made += 1
        agent = RegistrationAgent(("", 0), self._seed.stream(f"{self._made}").randbytes)
        phone = Phone(agent)
        network = OpenNetwork(DEFAULT_PLAN, journal, self.clock)
        phone.driver = SipDriver(agent, self.clock, network, journal, phone.on_event)
        self._stack.callback(phone.driver.close)
        place = await phone.driver.open(("127.0.0.1", 0), "", UDP)
        agent.transactions.local = place
        secret = self._passwords[extension] if password is None else password
        account = Account(self._registrar, self._registrar[0], extension, extension, secret, place)
        phone.settled.clear()
        agent.register("line", account, self.clock.steady())
        phone.driver.pump()
        await asyncio.wait_for(phone.settled.wait(), 60)
        return phone

    async def unregister(self, phone: "Phone") -> None:
        phone.settled.clear()
        phone.agent.unregister("line", self.clock.steady())
        phone.driver.pump()
        await asyncio.wait_for(phone.settled.wait(), 60)


class Phone:
    """One of them."""

    driver: SipDriver

    def __init__(self, agent: RegistrationAgent) -> None:
        self.agent = agent
        self.state = State.UNREGISTERED
        self.settled = asyncio.Event()

    def on_event(self, event: object) -> None:
        if isinstance(event, RegistrationChanged):
            self.state = event.after
            if event.after in SETTLED:
                self.settled.set()


@pytest.fixture
def block() -> Iterator[BlockClaim]:
    held = claim_private()
    yield held
    held.release()


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    file = tmp_path / "accounts.jsonl"
    write_accounts(file, PHONES, Seed(1))
    assert file.stat().st_mode & 0o777 == 0o600
    return file


@asynccontextmanager
async def node(
    accounts: Path, block: BlockClaim, licences: int | None = None, *, by_extension: bool = True
) -> AsyncIterator[tuple[NodeParent, Phones, list[str]]]:
    """Two processes, phones, and what was said of losses."""
    said: list[str] = []
    parent = NodeParent(accounts, 2, licences, said.append, by_extension=by_extension)
    await parent.start((block.plan.node(1), 0))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(parent.stop)
        yield parent, Phones(parent.address, accounts, stack), said
    assert not any(runs(pid) for pid in parent.pids())


def number(index: int) -> str:
    return str(FIRST_EXTENSION + index)


def runs(pid: int) -> bool:
    """Whether there is such a process, and it has not ended unread."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def in_both(parent: NodeParent, phones: Phones) -> dict[str, int]:
    """Register extensions until both processes have one; returns who is where."""
    for index in range(PHONES):
        phone = await phones.register(number(index))
        assert phone.state is State.REGISTERED
        await until(lambda: len(parent.registered()) == index + 1)  # noqa: B023
        if len(set(parent.registered().values())) == 2:
            return parent.registered()
    raise AssertionError(f"{PHONES} ports were all dealt to one process")


async def test_each_extension_comes_to_its_default_owner_from_wherever_it_comes(
    accounts: Path, block: BlockClaim
) -> None:
    async with node(accounts, block) as (parent, phones, said):
        if parent.dealing != BY_EXTENSION:
            pytest.skip(f"dealt {parent.dealing}")
        for _ in range(3):
            for index in range(6):
                assert (await phones.register(number(index))).state is State.REGISTERED
        expected = {number(index): default_owner(number(index), 2) for index in range(6)}
        assert set(expected.values()) == {1, 2}
        await until(lambda: parent.registered() == expected)
        assert said == []


async def test_two_processes_are_one_registrar(accounts: Path, block: BlockClaim) -> None:
    """Dealt by sender, so that an extension comes now to one, now to the other."""
    async with node(accounts, block, by_extension=False) as (parent, phones, said):
        where = await in_both(parent, phones)
        assert parent.licences.in_use == len(where)

        wrong = await phones.register(number(0), "Wrong-Passw0rd-1")
        assert wrong.state is State.REFUSED
        assert parent.registered().keys() == where.keys()

        for _ in range(MOST_MOVES):  # the same extension, from one port after the other
            moved = await phones.register(number(0))
            assert moved.state is State.REGISTERED
            await until(lambda: parent.licences.in_use == len(where))
            if parent.registered()[number(0)] != where[number(0)]:
                break
        else:
            raise AssertionError("never dealt to the other process")
        assert parent.registered().keys() == where.keys(), "one contact, one licence"

        await phones.unregister(moved)
        await until(lambda: number(0) not in parent.registered())
        assert parent.licences.in_use == len(where) - 1
        assert said == []


@pytest.mark.parametrize("by_extension", [True, False])
async def test_licences_are_counted_once_for_all(
    accounts: Path, block: BlockClaim, by_extension: bool
) -> None:
    running = node(accounts, block, licences=3, by_extension=by_extension)
    async with running as (parent, phones, _):
        made = [await phones.register(number(index)) for index in range(8)]
        states = [phone.state for phone in made]
        assert states == [State.REGISTERED] * 3 + [State.REFUSED] * 5
        await phones.unregister(made[0])
        await until(lambda: parent.licences.in_use == 2)
        assert (await phones.register(number(5))).state is State.REGISTERED
        assert (await phones.register(number(0))).state is State.REFUSED
        await until(lambda: set(parent.registered()) == {number(1), number(2), number(5)})
        assert parent.licences.high_water == 3


async def test_the_loss_of_a_process_is_said_and_the_other_goes_on(
    accounts: Path, block: BlockClaim
) -> None:
    async with node(accounts, block) as (parent, phones, said):
        where = await in_both(parent, phones)
        lost = [extension for extension, process in where.items() if process == 1]
        os.kill(parent.pids()[0], signal.SIGKILL)
        await until(lambda: bool(said))
        assert said == [
            f"process 1 of the node (pid {parent.pids()[0]}) has ended with status -9: its "
            f"{len(lost)} registrations are gone, 1 of 2 processes go on"
        ]
        assert parent.losses == 1
        assert parent.registered().keys() == where.keys() - set(lost)
        for extension in where:  # whatever the port, the one that is left answers
            assert (await phones.register(extension)).state is State.REGISTERED
        await until(lambda: parent.registered() == dict.fromkeys(where, 2))
        os.kill(parent.pids()[1], signal.SIGKILL)
        await asyncio.wait_for(parent.none_left(), 60)
        assert "0 of 2 processes go on" in said[1]


async def test_an_address_that_is_shared_already_is_taken(
    accounts: Path, block: BlockClaim
) -> None:
    sockets = bind_shared((block.plan.node(1), 0), 2)
    place = sockets[0].getsockname()
    assert [each.getsockname() for each in sockets] == [place, place]
    try:
        with pytest.raises(ConfigurationError, match="can't open UDP"):
            await NodeParent(accounts, 2, None, lambda _: None).start(place)
    finally:
        for each in sockets:
            each.close()


@pytest.mark.parametrize("count", [0, 65])
def test_so_many_processes_there_can_not_be(accounts: Path, count: int) -> None:
    with pytest.raises(ConfigurationError, match="expected 1 to 64 processes"):
        NodeParent(accounts, count, None, lambda _: None)


async def test_a_process_that_does_not_get_ready_is_named(
    tmp_path: Path, block: BlockClaim, capfd: pytest.CaptureFixture[str]
) -> None:
    parent = NodeParent(tmp_path / "nothing", 2, None, lambda _: None)
    with pytest.raises(BenchError, match="ended before it was ready"):
        await parent.start((block.plan.node(1), 0))
    assert not any(runs(pid) for pid in parent.pids())
    assert "can't read the accounts" in capfd.readouterr().err


async def site(accounts: Path, processes: str) -> asyncio.subprocess.Process:
    return await started("simulators.estate.registrar_site", str(accounts), processes)


async def started(*words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", *words,
        cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def said_by(process: asyncio.subprocess.Process, word: bytes = b"") -> dict[str, Any]:
    """A line of its, in answer to a word where one is given."""
    assert process.stdin is not None
    assert process.stdout is not None
    if word:
        process.stdin.write(word + b"\n")
    document: dict[str, Any] = json.loads(await process.stdout.readline())
    return document


@pytest.mark.parametrize("processes", [1, 2])
async def test_the_site_tells_who_is_registered_and_ends_with_its_input(
    accounts: Path, processes: int
) -> None:
    process = await site(accounts, str(processes))
    ready = await said_by(process)
    host, port = ready["registrar"]
    pids: list[int] = ready["processes"]
    assert (len(pids), process.pid in pids) == (processes, processes == 1)
    dealings = ["one process has all"] if processes == 1 else [BY_EXTENSION, BY_SENDER]
    assert ready["dealing"] in dealings
    async with AsyncExitStack() as stack:
        phones = Phones((str(host), int(port)), accounts, stack)
        for index in range(4):
            assert (await phones.register(number(index))).state is State.REGISTERED
        while len(who := (await said_by(process, b"who"))["registered"]) < 4:
            pass  # news is on its way
        assert list(who) == [number(index) for index in range(4)]
        report = await said_by(process, b"report")
        assert report["registered"] == sum(report["by_process"]) == 4
        assert report["licences"] == {"total": None, "in_use": 4, "high_water": 4}
        assert report["losses"] == 0
    assert process.stdin is not None
    process.stdin.close()
    out, err = await process.communicate()
    assert (process.returncode, out, err) == (0, b"", b"")
    assert not any(runs(pid) for pid in pids)


async def test_the_site_says_a_loss_and_ends_with_status_1(accounts: Path) -> None:
    process = await site(accounts, "2")
    pids: list[int] = (await said_by(process))["processes"]
    os.kill(pids[1], signal.SIGKILL)
    assert process.stderr is not None
    assert b"process 2 of the node" in await process.stderr.readline()
    assert (await said_by(process, b"report"))["losses"] == 1
    os.kill(pids[0], signal.SIGKILL)  # nobody is left: it does not wait for its input to end
    assert await asyncio.wait_for(process.wait(), 60) == 1


async def test_processes_end_with_a_parent_that_is_killed(accounts: Path) -> None:
    process = await site(accounts, "2")
    pids: list[int] = (await said_by(process))["processes"]
    process.kill()
    await process.wait()
    await until(lambda: not any(runs(pid) for pid in pids))


async def test_the_command_makes_up_phones_and_tells_where_their_passwords_are(
    tmp_path: Path, block: BlockClaim
) -> None:
    file, place = tmp_path / "phones.jsonl", block.plan.node(1)
    options = {
        "--processes": 2, "--phones": 5, "--accounts": file, "--address": place, "--sip-port": 0,
        "--licences": 2,
    }  # fmt: skip
    words = [str(word) for option in options.items() for word in option]
    process = await started("simulators", "registrar", *words)
    ready = await said_by(process)
    assert (ready["accounts"], file.stat().st_mode & 0o777) == (str(file), 0o600)
    async with AsyncExitStack() as stack:
        phones = Phones(tuple(ready["registrar"]), file, stack)
        made = [await phones.register(number(index)) for index in range(5)]
    assert [phone.state for phone in made].count(State.REGISTERED) == 2
    assert process.stdin is not None
    process.stdin.close()
    assert await process.wait() == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--phones", "0"], "expected 1 to 60000 phones, got 0"),
        (["--accounts", "/nowhere/phones.jsonl"], "can't write the accounts to"),
        (["--address", "203.0.113.9"], "can't open UDP 203.0.113.9"),
    ],
)
async def test_what_can_not_be_is_one_sentence(words: list[str], said: str) -> None:
    process = await started("simulators", "registrar", "--processes", "2", *words)
    _, err = await process.communicate()
    assert (process.returncode, err.count(b"\n")) == (2, 1)
    assert said in err.decode()
