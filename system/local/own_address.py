"""Which of its addresses a machine that listens at all of them has towards a peer."""

import socket

_ALL = ("0.0.0.0", "::")
_ANY_PORT = 9


def own_address_towards(listen_address: str, peer: str) -> str:
    """The address that ``peer`` knows us by: where we listen, or what routing says.

    Nothing is sent: connecting a datagram socket only looks the route up.
    """
    if listen_address not in _ALL:
        return listen_address
    family = socket.AF_INET6 if ":" in peer else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((peer, _ANY_PORT))
        except OSError:
            return listen_address
        address: str = probe.getsockname()[0]
        return address
