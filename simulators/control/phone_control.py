"""The control API of the phones: what a person could do with each, and what can be seen of it."""

from simulators.control.phone_call_routes import phone_call_routes
from simulators.control.phone_key_routes import phone_key_routes
from simulators.control.phone_routes import phone_routes
from simulators.control.server import ControlServer
from simulators.core import Address
from simulators.faces.handsets.pages import handsets_face
from simulators.phone.handsets import Handsets


def phone_control(phones: Handsets, address: Address) -> ControlServer:
    """The control API of these phones and their pages, not started; port 0 means any."""
    routes = [*phone_routes(phones), *phone_key_routes(phones), *phone_call_routes(phones)]
    return ControlServer(phones, routes, address, faces=[handsets_face(phones)])
