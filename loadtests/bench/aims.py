"""What each figure of the bench is to reach, in one place. Pure.

Most aims are ratios to a peer in the same run on the same machine; two are absolute.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Aim:
    """A bound: of the ratio, or of our own number where it is `absolute`.

    Args:
        most: whether less is better, so that the bound is the most that may be.
        absolute: unit of our number; "" for a ratio.
    """

    bound: float
    most: bool
    absolute: str = ""

    def held(self, ratio: float | None, ours: float | None) -> bool | None:
        """Whether it is reached; None where nothing was measured."""
        value = ours if self.absolute else ratio
        if value is None:
            return None
        return value <= self.bound if self.most else value >= self.bound

    @property
    def text(self) -> str:
        """Such as `at most 2.5`."""
        said = f"at {'most' if self.most else 'least'} {self.bound:,g}"
        return f"{said} {self.absolute}" if self.absolute else said


AIMS = {
    "rest": Aim(2.0, most=False),  # signed calls a second, beside unsigned ones of the mock
    "border": Aim(2.5, most=True),  # CPU, beside a bare relay of the same messages
    "registrar": Aim(1.0, most=True),  # CPU, beside Kamailio
    "generator": Aim(1.0, most=True),  # CPU, beside SIPp
    "life": Aim(1.4, most=True),  # CPU, beside the bare sum of its parts
    "provision": Aim(1.5, most=True),  # CPU, beside a bare signed client
    "two-nodes": Aim(1.8, most=False),  # registrations per CPU second of the busiest, beside one
    "two-mcs": Aim(1.8, most=False),  # extensions per CPU second of the busiest, beside one MCS
    "hold": Aim(8192.0, most=True, absolute="octets"),  # of memory, for a registered phone
    "estate": Aim(2.0, most=True, absolute="s"),  # from nothing to a whole estate
}
