"""Whole handsets for a load engine, by their numbers: the one door to them from `loadtests`.

They live as in an estate, but without a journal, and on a network whose only rule is where it ends;
the server of their configuration has been entered on each (PHN-2) before it gets power.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from simulators.addresses import DEFAULT_PLAN
from simulators.clock import Clock
from simulators.core import Address
from simulators.entropy import Seed
from simulators.errors import BenchError
from simulators.estate.open_network import BoundedNetwork
from simulators.journal import Journal
from simulators.phone.handset import Handset
from simulators.phone.identity import Identity
from simulators.phone.life.states import State
from simulators.phone.models import model
from simulators.traffic import Traffic

OUTCOMES = {
    State.REGISTERED: "",
    State.IDLE: "no account in its configuration",
    State.TIMED_OUT: "no answer to its REGISTER",
    State.MINET: "no SIP firmware",
}
"""States in which a boot has ended; with "" it ended well."""
HOT_DESK_WITHIN_S = 60.0


class Lives:
    """Handsets that boot from one configuration server.

    `traffic` counts what all of them send and receive: SIP, and TLS for their files.

    Args:
        files: outside address and port of the server.
        chance: a text that makes what they send another's than in any other run.
        ended: told the number of a phone whose boot has ended, and why not well.
        networks: what the phones send to addresses beyond these is lost, whoever told them to.
    """

    def __init__(
        self,
        files: Address,
        chance: str,
        ended: Callable[[int, str], None],
        networks: Sequence[str] = ("127.0.0.0/8",),
    ) -> None:
        self._clock = Clock()
        self._journal = Journal(self._clock.now, enabled=False)
        self.traffic = Traffic()
        self._network = BoundedNetwork(
            DEFAULT_PLAN, self._journal, self._clock, networks, traffic=self.traffic
        )
        self._chance = chance
        self._ended = ended
        self._local = {
            "download protocol": "HTTPS",
            "https server": files[0],
            "https port": str(files[1]),
            "https validate certificates": "0",
        }
        self._phones: dict[int, Handset] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, number: int, mac: str, model_name: str, home: str, firmware: str) -> None:
        """A phone, switched off, at the home's address."""
        self._network.own(home)
        phone = self._phones[number] = Handset(
            Identity(mac),
            model(model_name),
            home,
            clock=self._clock,
            network=self._network,
            journal=self._journal,
            entropy=Seed(1).stream(f"{self._chance} {mac}").randbytes,
            firmware_version=firmware,
            local=self._local,
        )
        phone.on_state = lambda phone: self._changed(number, phone)

    def firmware(self, number: int) -> str:
        """What the phone runs."""
        return self._phones[number].firmware_version

    @property
    def requests_sent_again(self) -> int:
        """SIP requests that a timer of a phone had sent once more."""
        return sum(phone.requests_sent_again for phone in self._phones.values())

    def registered_as(self, number: int) -> list[str] | None:
        """The extensions under which it is registered; None while a registrar is being asked."""
        return self._phones[number].registered_as

    def power_on(self, number: int) -> None:
        """Power comes; `ended` tells what became of the boot."""
        self._do(self._phones[number].power_on())

    def restart(self, number: int) -> None:
        """As from the phone's own page."""
        self._phones[number].restart()

    async def sign_off(self, number: int) -> None:
        """The phone takes its registration back, as before any restart, and goes off.

        Raises:
            BenchError: it did not get that far.
        """
        phone = self._phones[number]
        phone.restart()
        registered = (State.REGISTERED, State.RESTARTING)
        await phone.until_seen(lambda: phone.state not in registered, "signed off")
        await phone.power_off()

    async def power_off(self, number: int) -> None:
        """Power fails: nothing is said to anybody."""
        await self._phones[number].power_off()

    def hot_desk(
        self, number: int, extension: str, passcode: str, done: Callable[[int, str], None]
    ) -> None:
        """Somebody logs in there, is registered, and logs out again; `done` tells of the end."""

        async def use() -> None:
            phone = self._phones[number]
            own = phone.line_names
            try:
                if not await phone.hot_desk_log_in(extension, passcode):
                    done(number, f"log-in: {phone.screen.message or 'refused'}")
                    return
                await self._registered_as(phone, [extension])
                if not await phone.hot_desk_log_out():
                    done(number, f"log-out: {phone.screen.message or 'refused'}")
                    return
                await self._registered_as(phone, own)
            except BenchError:
                done(number, f"it did not get further than {phone.state.value}")
            else:
                done(number, "")

        self._do(use())

    async def close(self) -> None:
        """All power fails."""
        for phone in self._phones.values():
            phone.on_state = lambda _: None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(phone.power_off() for phone in self._phones.values()))

    # Inside

    def _changed(self, number: int, phone: Handset) -> None:
        if phone.state is State.REFUSED:
            refusal = phone.last_refusal
            self._ended(number, f"refused {refusal.status}" if refusal else "refused")
        elif phone.state in OUTCOMES:
            self._ended(number, OUTCOMES[phone.state])

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _registered_as(self, phone: Handset, names: list[str]) -> None:
        """Wait until it is registered, and shows these lines."""
        await phone.until_seen(
            lambda: phone.state is State.REGISTERED and phone.line_names == names,
            f"registered as {', '.join(names)}",
            HOT_DESK_WITHIN_S,
        )
