"""The control API of a PBX: its nodes and its CT Gateway, as a person at their screens could."""

from simulators.control.fault_routes import fault_routes
from simulators.control.pbx_call_routes import pbx_call_routes
from simulators.control.pbx_extension_routes import pbx_extension_routes
from simulators.control.pbx_gateway_routes import pbx_gateway_routes
from simulators.control.pbx_habit_routes import pbx_habit_routes
from simulators.control.pbx_node_routes import pbx_node_routes
from simulators.control.server import ControlServer
from simulators.core import Address
from simulators.pbx.pbx import Pbx


def pbx_control(pbx: Pbx, address: Address) -> ControlServer:
    """The control API of this PBX, not started; port 0 means any."""
    routes = [
        *fault_routes(pbx),
        *pbx_node_routes(pbx),
        *pbx_habit_routes(pbx),
        *pbx_extension_routes(pbx),
        *pbx_call_routes(pbx),
        *pbx_gateway_routes(pbx),
    ]
    return ControlServer(pbx, routes, address)
