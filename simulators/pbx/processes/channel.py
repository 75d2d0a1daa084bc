"""The line between a process of a node and its parent: a Unix socket pair, messages both ways.

What is said during one turn of the event loop leaves as one line: each costs a system call and
wakes the other end. What is not urgent waits a little for something that is.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import cast

from simulators.pbx.processes.messages import Message, News, decode, encode

LINGER_S = 0.05
"""How long news waits for company: nobody waits for it, and it is lost with its process."""


class Channel(asyncio.Protocol):
    """One end.

    Args:
        on_messages: told what a line brought, in order.
        on_end: told once that the other end is gone.
    """

    def __init__(
        self, on_messages: Callable[[list[Message]], None], on_end: Callable[[], None]
    ) -> None:
        self._on_messages = on_messages
        self._on_end = on_end
        self._transport: asyncio.Transport | None = None
        self._to_say: list[Message] = []
        self._begun = b""
        self._flushing: asyncio.Handle | None = None
        self._is_soon = False

    @classmethod
    async def over(
        cls,
        sock: socket.socket,
        on_messages: Callable[[list[Message]], None],
        on_end: Callable[[], None],
    ) -> "Channel":
        """One over this end of a socket pair, which it closes in the end."""
        loop = asyncio.get_running_loop()
        _, made = await loop.create_unix_connection(lambda: cls(on_messages, on_end), sock=sock)
        return made

    def say(self, message: Message) -> None:
        """Send it by the end of this turn, or a little later; to an end that is gone, in vain."""
        self._to_say.append(message)
        if self._is_soon:
            return
        loop = asyncio.get_running_loop()
        if not isinstance(message, News):
            if self._flushing is not None:
                self._flushing.cancel()
            self._flushing, self._is_soon = loop.call_soon(self._flush), True
        elif self._flushing is None:
            self._flushing = loop.call_later(LINGER_S, self._flush)

    def close(self) -> None:
        """End the line."""
        if self._transport is not None:
            self._flush()
            self._transport.close()

    # As an asyncio protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        *lines, self._begun = (self._begun + data).split(b"\n")
        for line in lines:
            self._on_messages(decode(line))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._on_end()

    def _flush(self) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
        self._flushing, self._is_soon = None, False
        said, self._to_say = self._to_say, []
        if said and self._transport is not None:
            self._transport.write(encode(said))
