"""Real sockets for message cores: UDP, TCP and TLS under asyncio, by the rules of the estate."""

from simulators.sockets.disturbance import Disturber
from simulators.sockets.driver import SipDriver
from simulators.sockets.ports import StreamLimits

__all__ = ["Disturber", "SipDriver", "StreamLimits"]
