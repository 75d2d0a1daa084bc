"""Datagram cores joined in memory: no socket, and time that only the test moves."""

from collections.abc import Callable

from simulators.core import Address, Datagram, DatagramCore


class Wire:
    """Carries datagrams between cores, loses those that `loses` names, and moves time by hand.

    `seen` holds what was sent, also what was lost: (time, source, datagram). `happened` holds each
    core's events by its address.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.cores: dict[Address, DatagramCore] = {}
        self.seen: list[tuple[float, Address, Datagram]] = []
        self.happened: dict[Address, list[object]] = {}
        self.loses: Callable[[Datagram], bool] = lambda datagram: False

    def join(self, address: Address, core: DatagramCore) -> None:
        self.cores[address] = core
        self.happened[address] = []

    def run(self) -> None:
        """Deliver until nobody has anything to say."""
        moved = True
        while moved:
            moved = False
            for address, core in list(self.cores.items()):
                for datagram in core.to_send():
                    moved = True
                    self.seen.append((self.now, address, datagram))
                    target = self.cores.get(datagram.to)
                    if target is not None and not self.loses(datagram):
                        target.receive(datagram.data, address, self.now)
                self.happened[address] += core.events()

    def advance(self, seconds: float) -> None:
        """Fire all timers of the next `seconds`, in order."""
        end = self.now + seconds
        self.run()
        while True:
            due = [at for core in self.cores.values() if (at := core.timer_at()) is not None]
            if not due or min(due) > end:
                break
            self.now = max(self.now, min(due))
            for core in self.cores.values():
                core.handle_timer(self.now)
            self.run()
        self.now = end
        for core in self.cores.values():
            core.handle_timer(end)
        self.run()
