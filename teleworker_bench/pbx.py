"""A node of a simulated PBX as a plain test uses it."""

from simulators.core import Address
from simulators.estate.estate import Estate
from simulators.pbx.extensions import Extension
from simulators.pbx.node import PbxNode
from simulators.portal import Bench
from teleworker_bench.account import Account


class PbxHandle:
    """The first node and the CT Gateway over it. `itself` is the simulator; use it with `call`."""

    def __init__(self, bench: Bench, running: Estate) -> None:
        self._bench, self._running = bench, running
        self.itself: PbxNode = running.node
        self.call = bench.call

    @property
    def address(self) -> Address:
        """Where its phones register, UDP and TCP."""
        return self.itself.address

    @property
    def ct_gateway(self) -> Address:
        """Where OAI clients log in, TCP; with `ct_gateway_password`."""
        return self._running.ct_gateway.address

    @property
    def ct_gateway_password(self) -> str:
        """Of OAI clients."""
        return self._running.ct_gateway_password

    def add_extension(self, number: str, name: str = "") -> Extension:
        """Add one, with random credentials."""
        return self._bench.call(self.itself.add_extension, number, name or f"User {number}")

    def account(self, extension: Extension) -> Account:
        """What a phone in the office has to know to register as this extension."""
        number, name = extension.number, extension.auth_name
        return Account(number, name, extension.auth_password, self.address)

    def is_registered(self, number: str) -> bool:
        """Whether calls for the extension have somewhere to go now."""
        return self._bench.call(self.itself.is_registered, number)

    def registered_extensions(self) -> list[str]:
        """All that are."""
        return self._bench.call(self.itself.registered_extensions)

    def wait(self, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Let time pass, for everything in this test."""
        self._bench.run(self._running.clock.advance(minutes=minutes, hours=hours, days=days))
