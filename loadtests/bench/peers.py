"""The peers that the bench brings along: bare relays of TCP and UDP, a responder to REGISTER.

    python -m loadtests.bench.peers relay ADDRESS PORT
    python -m loadtests.bench.peers datagrams ADDRESS PORT
    python -m loadtests.bench.peers responder

Each does the least that the work takes: no rules, no counts, no state. Says one JSON line with its
address when ready, and ends with standard input.
"""

import json
import os
import select
import socket
import sys
import threading
from functools import partial

from simulators.core import Address

CHUNK = 1 << 16
COPIED = (b"via:", b"from:", b"to:", b"call-id:", b"cseq:", b"contact:")
"""Header fields that an answer takes over from a REGISTER (RFC 3261 section 8.2.6.2)."""


def relay(listener: socket.socket, destination: Address) -> None:
    """Join each connection to the destination: a thread each, with select."""
    while True:
        outer, _ = listener.accept()
        threading.Thread(target=_join, args=(outer, destination), daemon=True).start()


def _join(outer: socket.socket, destination: Address) -> None:
    with outer:
        try:
            inner = socket.create_connection(destination)
        except OSError:
            return
        with inner:
            far = {outer: inner, inner: outer}
            reading = [outer, inner]
            try:
                while reading:
                    for ready in select.select(reading, [], [])[0]:
                        if data := ready.recv(CHUNK):
                            far[ready].sendall(data)
                        else:
                            far[ready].shutdown(socket.SHUT_WR)
                            reading.remove(ready)
            except OSError:
                return  # one end was cut; so is the other


def datagrams(outer: socket.socket, destination: Address) -> None:
    """Pass datagrams on unread, from a socket of its own for each sender, and the answers back."""
    inner_of: dict[Address, socket.socket] = {}
    sender_of: dict[int, tuple[socket.socket, Address]] = {}
    with select.epoll() as ready:
        ready.register(outer, select.EPOLLIN)
        while True:
            for descriptor, _ in ready.poll():
                if descriptor != outer.fileno():
                    inner, sender = sender_of[descriptor]
                    outer.sendto(inner.recv(CHUNK), sender)
                    continue
                data, sender = outer.recvfrom(CHUNK)
                known = inner_of.get(sender)
                if known is None:
                    known = inner_of[sender] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    known.connect(destination)
                    sender_of[known.fileno()] = known, sender
                    ready.register(known, select.EPOLLIN)
                known.send(data)


def responder(sock: socket.socket) -> None:
    """Answer 200 to everything, without a look at it."""
    while True:
        data, source = sock.recvfrom(65_535)
        sock.sendto(ok(data), source)


def ok(request: bytes) -> bytes:
    """A 200 for a REGISTER."""
    lines = request.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    kept = [line for line in lines if line.lower().startswith(COPIED)]
    tagged = [line + b";tag=peer" if line.lower().startswith(b"to:") else line for line in kept]
    head = [b"SIP/2.0 200 OK", *tagged, b"Expires: 300", b"Content-Length: 0"]
    return b"\r\n".join(head) + b"\r\n\r\n"


def main(words: list[str]) -> None:
    """Serve until standard input ends."""
    if words[0] == "relay":
        serves: socket.socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        threading.Thread(
            target=relay, args=(serves, (words[1], int(words[2]))), daemon=True
        ).start()
    else:
        serves = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        serves.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        serves.bind(("127.0.0.1", 0))
        work = partial(responder, serves)
        if words[0] == "datagrams":
            work = partial(datagrams, serves, (words[1], int(words[2])))
        threading.Thread(target=work, daemon=True).start()
    sys.stdout.write(json.dumps({"address": list(serves.getsockname())}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)  # threads that wait in system calls have nothing to put in order


if __name__ == "__main__":
    main(sys.argv[1:])
