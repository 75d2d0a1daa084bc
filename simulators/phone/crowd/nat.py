"""The NAT of one home: which ports its phones have outside, and for how long. Pure.

A mapping is made and kept by what goes out (RFC 4787 section 4.3); what comes in for a mapping that
has expired is lost, and the next thing that goes out gets another port. Ports are kept where they
are free, as home routers do, and mappings don't depend on the far end.
"""

from dataclasses import dataclass

from simulators.errors import ConfigurationError

FIRST_PORT, LAST_PORT = 1024, 65_535


@dataclass(slots=True)
class _Mapping:
    inside: tuple[str, int]
    until: float


class Nat:
    """Port mappings of one public address.

    Args:
        timeout_s: how long one lives after the last datagram that went out.
    """

    def __init__(self, timeout_s: float) -> None:
        if not timeout_s > 0:
            raise ConfigurationError(f"expected a NAT time-out above 0 s, got {timeout_s:g}")
        self.timeout_s = timeout_s
        self._outside: dict[tuple[str, int], int] = {}
        self._mappings: dict[int, _Mapping] = {}
        self._next = FIRST_PORT

    def out(self, phone: str, port: int, now: float) -> int:
        """A datagram leaves `phone` from its own `port`; the port that it has outside.

        Raises:
            ConfigurationError: all ports are mapped.
        """
        inside = phone, port
        outside = self._outside.get(inside)
        if outside is None or self._mappings[outside].until <= now:
            fresh = outside is None
            if outside is not None:
                del self._mappings[outside]
            outside = self._outside[inside] = self._free(port, now, keep=fresh)
        self._mappings[outside] = _Mapping(inside, now + self.timeout_s)
        return outside

    def back(self, outside: int, now: float) -> tuple[str, int] | None:
        """Whom a datagram for an outside port is for: phone and port; None: it is lost."""
        mapping = self._mappings.get(outside)
        return None if mapping is None or mapping.until <= now else mapping.inside

    def alive(self, inside: tuple[str, int], now: float) -> bool:
        """Whether a phone's own port has a mapping that lives."""
        outside = self._outside.get(inside)
        return outside is not None and self.back(outside, now) == inside

    def _free(self, wished: int, now: float, *, keep: bool) -> int:
        """A port that nobody has: the phone's own if it may be kept, else the next one."""
        if keep and self._is_free(wished, now):
            return wished
        for _ in range(LAST_PORT - FIRST_PORT + 1):
            port, self._next = self._next, self._next + 1
            if self._next > LAST_PORT:
                self._next = FIRST_PORT
            if self._is_free(port, now):
                return port
        raise ConfigurationError("a home has no free port left: give it fewer phones")

    def _is_free(self, port: int, now: float) -> bool:
        mapping = self._mappings.get(port)
        if mapping is None:
            return True
        if mapping.until > now:
            return False
        del self._mappings[port], self._outside[mapping.inside]
        return True
