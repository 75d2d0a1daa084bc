"""A node's registrar in several processes at one UDP address: who starts them, and joins them.

The kernel deals the datagrams out (SO_REUSEPORT): by a filter that reads the extension, so that
each extension comes to one process (`pbx.processes.dealing`), or, where it takes none, by sender
and destination. Which process owns which extension is decided in `pbx.processes.ownership`, and
told over a Unix socket pair each. Processes end with their parent, however that ends. One that is
lost takes the registrations that it had with it, as said by `on_loss`; the others go on, and the
kernel deals anew.
"""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from simulators.core import Address
from simulators.errors import BenchError, ConfigurationError
from simulators.lineage import die_with_parent
from simulators.pbx.processes.channel import Channel
from simulators.pbx.processes.dealing import program
from simulators.pbx.processes.messages import FromProcess, Message, Ready
from simulators.pbx.processes.ownership import Ownership
from simulators.pbx.registrar import Licences
from simulators.sockets.datagrams import bind_shared, deal_by

ROOT = Path(__file__).parents[2]
MOST_PROCESSES = 64
READY_WITHIN_S = 90.0
BY_EXTENSION = "by extension"
BY_SENDER = "by sender: the kernel takes no filter with net.core.optmem_max below 65536"
PATIENCE_S = 8.0
"""How long a process may take to end once it has been told."""


class NodeProcess:
    """A process of the node, seen from its parent."""

    def __init__(self, number: int, process: asyncio.subprocess.Process) -> None:
        self.number = number
        self.process = process
        self.pid = process.pid
        self.lost = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.channel: Channel | None = None


class NodeParent:
    """Starts, joins and ends the processes of one node.

    Args:
        accounts: the file of its extensions.
        licences: Cat-F licences of all together; None: any number.
        on_loss: told a sentence when a process has ended that should not.
        by_extension: ask the kernel to deal by extension.
    """

    def __init__(
        self,
        accounts: Path,
        count: int,
        licences: int | None,
        on_loss: Callable[[str], None],
        *,
        by_extension: bool = True,
    ) -> None:
        if not 1 <= count <= MOST_PROCESSES:
            raise ConfigurationError(
                f"expected 1 to {MOST_PROCESSES} processes, got {count}: choose another number"
            )
        self.processes: list[NodeProcess] = []
        self.address: Address = ("", 0)
        self.by_extension = by_extension
        self._accounts = accounts.resolve()
        self._count = count
        self._ownership = Ownership(count, licences)
        self._on_loss = on_loss
        self._stopping = False
        self._none_left = asyncio.Event()
        self._mourning: set[asyncio.Task[None]] = set()

    async def start(self, address: Address) -> None:
        """Start all and return when all read their sockets (port 0: any; see `address`).

        Raises:
            ConfigurationError: the address can't be had.
            BenchError: a process did not get ready; what it said went to standard error.
        """
        sockets = bind_shared(address, self._count)
        self.address = sockets[0].getsockname()
        self.by_extension = self.by_extension and deal_by(sockets[0], program(self._count))
        try:
            for number, udp in enumerate(sockets, 1):
                self.processes.append(await self._start(number, udp))
        except BaseException:
            await self.stop()
            raise
        finally:
            for udp in sockets:
                udp.close()  # else what is dealt to a lost process would wait for nobody
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                await asyncio.gather(*(each.ready for each in self.processes))
        except TimeoutError:
            await self.stop()
            raise BenchError(
                f"a process of the node was not ready within {READY_WITHIN_S:g} s"
            ) from None
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End all of them; may be called again."""
        self._stopping = True
        for each in self.processes:
            if each.channel is not None:
                each.channel.close()
        for each in self.processes:
            await _gone(each.process)
            each.ready.cancel()
        await asyncio.gather(*self._mourning)

    async def none_left(self) -> None:
        """Return when the last process was lost."""
        await self._none_left.wait()

    def pids(self) -> list[int]:
        """Of the processes, by their numbers; also of those that were lost."""
        return [each.pid for each in self.processes]

    @property
    def dealing(self) -> str:
        """How the kernel deals phones out, once it does."""
        return BY_EXTENSION if self.by_extension else BY_SENDER

    @property
    def losses(self) -> int:
        """How many processes ended that should not have."""
        return sum(each.lost for each in self.processes)

    def registered(self) -> dict[str, int]:
        """Extension -> number of its process, counted from 1; sorted by extension."""
        return self._ownership.registered()

    @property
    def licences(self) -> Licences:
        """Cat-F licences of all processes together."""
        return self._ownership.licences

    # Inside

    async def _start(self, number: int, udp: socket.socket) -> NodeProcess:
        ours, theirs = socket.socketpair()
        with theirs:
            handed_on = udp.fileno(), theirs.fileno()
            counted = int(self.licences.total is not None)
            numbers = [str(word) for word in (*handed_on, number, self._count, counted)]
            words = [*numbers, str(self._accounts)]
            try:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "simulators.estate.node_process", *words,
                    cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
                    pass_fds=handed_on, start_new_session=True, preexec_fn=die_with_parent,
                )  # fmt: skip
            except BaseException:
                ours.close()
                raise
        made = NodeProcess(number, process)
        made.channel = await Channel.over(
            ours, lambda messages: self._hear(made, messages), lambda: self._ended(made)
        )
        return made

    def _hear(self, process: NodeProcess, messages: list[Message]) -> None:
        for message in messages:
            if isinstance(message, Ready):
                process.ready.set_result(None)
            elif isinstance(message, FromProcess):
                self._ownership.hear(process.number, message)
        self._say()

    def _say(self) -> None:
        for number, message in self._ownership.to_say():
            channel = self.processes[number - 1].channel
            if channel is not None:
                channel.say(message)

    def _ended(self, process: NodeProcess) -> None:
        """Its channel has ended: so has the process, or it can't go on."""
        process.channel = None
        if self._stopping:
            return
        if not process.ready.done():
            process.ready.set_exception(
                BenchError(f"process {process.number} of the node ended before it was ready")
            )
            return
        process.lost = True
        gone = self._ownership.lost(process.number)
        self._say()
        task = asyncio.get_running_loop().create_task(self._mourn(process, gone))
        self._mourning.add(task)

    async def _mourn(self, process: NodeProcess, gone: int) -> None:
        status = await _gone(process.process)
        left = len(self.processes) - self.losses
        self._on_loss(
            f"process {process.number} of the node (pid {process.pid}) has ended with status "
            f"{status}: its {gone} registrations are gone, {left} of {len(self.processes)} "
            "processes go on"
        )
        if not left:
            self._none_left.set()


async def _gone(process: asyncio.subprocess.Process) -> int:
    """Return the status with which it has ended; it is given time to, and then killed."""
    try:
        return await asyncio.wait_for(process.wait(), PATIENCE_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        return await process.wait()
