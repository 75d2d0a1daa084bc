"""The control API of an MBG: everything that a person may do at it can be done by program."""

from simulators.control.fault_routes import fault_routes
from simulators.control.mbg_consumer_routes import mbg_consumer_routes
from simulators.control.mbg_forward_routes import mbg_forward_routes
from simulators.control.mbg_habit_routes import mbg_habit_routes
from simulators.control.mbg_record_routes import mbg_record_routes
from simulators.control.mbg_system_routes import mbg_system_routes
from simulators.control.mbg_token_routes import mbg_token_routes
from simulators.control.server import ControlServer
from simulators.core import Address
from simulators.mbg.mbg import NOT_KEPT, Mbg


def mbg_control(mbg: Mbg, address: Address) -> ControlServer:
    """The control API of this MBG, not started; port 0 means any."""
    routes = [
        *fault_routes(mbg),
        *mbg_system_routes(mbg),
        *mbg_consumer_routes(mbg),
        *mbg_token_routes(mbg),
        *mbg_record_routes(mbg),
        *mbg_forward_routes(mbg),
        *mbg_habit_routes(mbg),
    ]
    return ControlServer(mbg, routes, address, [NOT_KEPT])
