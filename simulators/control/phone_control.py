"""The control API of the phones: what a person could do with each, and what can be seen of it."""

from collections.abc import Callable, Sequence

from simulators.control.fault_routes import fault_routes
from simulators.control.phone_call_routes import phone_call_routes
from simulators.control.phone_key_routes import phone_key_routes
from simulators.control.phone_routes import phone_routes
from simulators.control.server import ControlServer
from simulators.core import Address
from simulators.faces.face import Link
from simulators.faces.handsets.pages import handsets_face
from simulators.phone.handsets import Handsets


def phone_control(
    phones: Handsets, address: Address, links: Callable[[], Sequence[Link]] | None = None
) -> ControlServer:
    """The control API of these phones and their pages, not started; port 0 means any.

    Args:
        links: for the head of each page; by default to the wall alone.
    """
    routes = [
        *fault_routes(phones),
        *phone_routes(phones),
        *phone_key_routes(phones),
        *phone_call_routes(phones),
    ]
    return ControlServer(phones, routes, address, faces=[handsets_face(phones, links)])
