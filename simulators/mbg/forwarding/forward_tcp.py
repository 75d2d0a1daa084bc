"""The TCP side of a forward: two sockets joined end to end for each connection.

Octets go from one transport straight to the other. Who reads slowly stops the other end from
being read (back-pressure), so a direction never holds more than `HELD` octets and one read. The end
of a stream is passed on alone (half-close); a reset, or a destination that nobody listens at, is
passed on as a reset.
"""

import asyncio
import contextlib
import socket
import struct
from typing import cast

from simulators.core import Address
from simulators.mbg.forwarding.forward_gate import Gate

BACKLOG = 1024
HELD = 256 * 1024
"""Octets that one direction may hold before its sender is stopped."""

IP_BIND_ADDRESS_NO_PORT = 24
"""Linux (ip(7)): choose the port when connecting, so that many can share one source address."""

RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class TcpForwarder:
    """Listens for one rule and joins what comes to its destination."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._server: asyncio.Server | None = None
        self._open: set[Joint] = set()

    async def start(self) -> Address:
        """Listen; returns the real address.

        Raises:
            OSError: the port is taken or not allowed.
        """
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Joint(self._gate, self._open).outer,
            *self._gate.outside,
            backlog=BACKLOG,
            start_serving=False,
        )
        await self._server.start_serving()  # apart: a cancel has what to close
        host, port = self._server.sockets[0].getsockname()
        return str(host), int(port)

    async def stop(self) -> None:
        """Stop listening and cut what is connected; returns when all is gone."""
        if self._server is not None:
            self._server.close()
            self._server = None
        cut = list(self._open)
        for joint in cut:
            joint.cut()
        await asyncio.gather(*(joint.gone for joint in cut))


class Joint:
    """One forwarded connection: its outer and its inner end.

    Args:
        open_joints: holds it from its acceptance until both ends are gone.
    """

    def __init__(self, gate: Gate, open_joints: "set[Joint]") -> None:
        self.gate = gate
        self.outer, self.inner = End(self), End(self)
        self.outer.far, self.inner.far = self.inner, self.outer
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open_joints = open_joints
        self._dial: asyncio.Task[socket.socket] | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._is_cut = False

    def accepted(self, transport: asyncio.Transport) -> None:
        """The outer end is there: connect the inner one, if the rule lets it in."""
        peer = transport.get_extra_info("peername")
        if peer is None or not self.gate.admits(peer):  # None: it has gone already
            reset(transport)
            return
        transport.pause_reading()
        self._open_joints.add(self)
        self.gate.opened(peer)
        loop = asyncio.get_running_loop()
        self._dial = loop.create_task(self._dialled(self.gate.source_for(peer)))
        self._connecting = loop.create_task(self._connect(self._dial))

    def end_lost(self, end: "End", error: Exception | None) -> None:
        """One end is gone; so will be the other, after a clean end with what it still holds."""
        far = end.far.transport
        if far is not None:
            if error is None:
                far.close()
            else:
                reset(far)
        self._settle()

    def cut(self) -> None:
        """End it at once, on both sides."""
        self._is_cut = True
        if self._dial is not None:
            self._dial.cancel()  # once it has dialled, the inner end is made and reset
        self._reset_both()

    async def _connect(self, dial: "asyncio.Task[socket.socket]") -> None:
        try:
            made = await dial
            await asyncio.get_running_loop().create_connection(lambda: self.inner, sock=made)
        except OSError as error:
            self.gate.unreachable(error)
        except asyncio.CancelledError:
            self._is_cut = True
        self._dial = self._connecting = None
        if self.outer.transport is None or self.inner.transport is None or self._is_cut:
            self._reset_both()
        else:
            self.outer.joined(self.outer.transport, self.inner.transport)
        self._settle()

    async def _dialled(self, source: str) -> socket.socket:
        """A socket that is connected to the destination from IP address `source`."""
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            made.setblocking(False)
            made.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            made.bind((source, 0))
            await asyncio.get_running_loop().sock_connect(made, self.gate.rule.destination)
        except BaseException:
            made.close()
            raise
        return made

    def _reset_both(self) -> None:
        for end in (self.outer, self.inner):
            if end.transport is not None:
                reset(end.transport)

    def _settle(self) -> None:
        """Close the books once nothing of the connection is left."""
        left = self.outer.transport or self.inner.transport or self._connecting
        if left is None and self in self._open_joints:
            self._open_joints.remove(self)
            self.gate.counters.closed()
            self.gone.set_result(None)


class End(asyncio.Protocol):
    """One of the two sockets of a connection; what it receives goes to its `far` end."""

    far: "End"

    def __init__(self, joint: Joint) -> None:
        self.transport: asyncio.Transport | None = None
        self._joint = joint
        self._early: list[bytes] = []
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=HELD)
        if self is self._joint.outer:
            self._joint.accepted(self.transport)

    def data_received(self, data: bytes) -> None:
        counters = self._joint.gate.counters
        if self is self._joint.outer:
            counters.octets_in += len(data)
        else:
            counters.octets_out += len(data)
        if self.far.transport is not None:
            self.far.transport.write(data)
        elif self.transport is not None:
            # A loop may begin to read after `connection_made` although that said to pause.
            self._early.append(data)
            self.transport.pause_reading()

    def joined(self, transport: asyncio.Transport, far: asyncio.Transport) -> None:
        """The far end is there: hand over what came before it, and read on."""
        far.write(b"".join(self._early))
        self._early.clear()
        if self._ended:
            far.write_eof()
        transport.resume_reading()

    def eof_received(self) -> bool:
        """Pass the end on; after the second one nothing is left to say."""
        self._ended = True
        far = self.far.transport
        if far is not None and not far.is_closing():
            far.write_eof()
        if self.far._ended:
            for transport in (self.transport, far):
                if transport is not None:
                    transport.close()
        return True

    def pause_writing(self) -> None:
        if self.far.transport is not None:
            self.far.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.far.transport is not None:
            self.far.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._joint.end_lost(self, exc)


def reset(transport: asyncio.Transport) -> None:
    """End a connection so that its peer sees a reset, not an end."""
    with contextlib.suppress(OSError):  # the socket is gone already
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE
        )
    transport.abort()
