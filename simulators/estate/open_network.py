"""A network without rules, for a role by itself: who reaches it is the business of the machine."""

from simulators.network import Network


class OpenNetwork(Network):
    """A network that lets everything pass."""

    def allows(self, source: str, destination: str) -> bool:
        return True
