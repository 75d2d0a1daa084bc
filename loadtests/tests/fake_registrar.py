"""A registrar for tests, in its own few lines: 401, then 200 if the digest is right (RFC 2617).

It shares no code with the phones under test. Habits: `refuse` answers 403 with a Warning to these
users, `ignore` never answers them, `lose_first` drops the first copy of every request.
"""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from simulators.addresses import AddressPlan, claim_private

REALM, NONCE = "fake", "f00d"
WARNING = 'Warning: 399 fake "No teleworker licence is free for 2101"'


class FakeRegistrar(asyncio.DatagramProtocol):
    def __init__(
        self,
        passwords: dict[str, str],
        *,
        refuse: Collection[str] = (),
        ignore: Collection[str] = (),
        lose_first: bool = False,
    ) -> None:
        self.passwords = passwords
        self.refuse, self.ignore, self.lose_first = refuse, ignore, lose_first
        self.registered: dict[str, str] = {}  # user -> contact
        self.requests = 0
        self.peers: set[tuple[str, int]] = set()
        self._seen: set[bytes] = set()

    @property
    def different(self) -> int:
        """How many different requests came: copies are left out."""
        return len(self._seen)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.requests += 1
        self.peers.add(addr)
        answer = self.answer(data)
        if answer is not None:
            self.transport.sendto(answer, addr)

    def answer(self, data: bytes) -> bytes | None:
        text = data.decode()
        user = _field(text, r"\nTo: <sip:([^@]+)@")
        first = data not in self._seen
        self._seen.add(data)
        if user in self.ignore or (self.lose_first and first):
            return None
        if user in self.refuse:
            return _response(text, "403 Forbidden", WARNING)
        if not self._is_right(text, user):
            return _response(
                text,
                "401 Unauthorized",
                f'WWW-Authenticate: Digest realm="{REALM}", nonce="{NONCE}", qop="auth"',
            )
        contact = _field(text, r"\nContact: <([^>]+)>")
        self.registered[user] = contact
        return _response(text, "200 OK", f"Contact: <{contact}>;expires=300")

    def _is_right(self, text: str, user: str) -> bool:
        line = _field(text, r"\nAuthorization: Digest ([^\r]*)")
        given = {name: value for name, _, value in re.findall(r'(\w+)=("?)([^",]*)\2', line)}
        secret = _md5(f"{user}:{REALM}:{self.passwords.get(user)}")
        request = _md5(f"REGISTER:{given.get('uri')}")
        parts = [given.get(name, "") for name in ("nonce", "nc", "cnonce", "qop")]
        return given.get("response") == _md5(":".join([secret, *parts, request]))


@asynccontextmanager
async def serving(registrar: FakeRegistrar, plan: AddressPlan) -> AsyncIterator[tuple[str, int]]:
    """Serve at the plan's MBG address; yields address and port."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: registrar, local_addr=(plan.mbg_outside, 0)
    )
    try:
        yield transport.get_extra_info("sockname")
    finally:
        transport.close()


def passwords(phones: int) -> dict[str, str]:
    return {f"tw{number}": f"secret-{number}" for number in range(phones)}


def write_accounts(path: Path, known: dict[str, str]) -> Path:
    with path.open("w") as file:
        for index, (user, password) in enumerate(known.items()):
            line = {
                "username": user,
                "password": password,
                "extension": str(2000 + index),
                "home_index": index,
            }
            file.write(json.dumps(line) + "\n")
    return path


@asynccontextmanager
async def private_plan() -> AsyncIterator[AddressPlan]:
    claim = claim_private()
    try:
        yield claim.plan
    finally:
        claim.release()


def _response(request: str, status: str, extra: str) -> bytes:
    kept = [
        line
        for line in request.split("\r\n")[1:]
        if line.split(":")[0] in ("Via", "From", "Call-ID", "CSeq")
    ]
    to = _field(request, r"\nTo: ([^\r]*)") + ";tag=fake"
    lines = [f"SIP/2.0 {status}", *kept, f"To: {to}", extra, "Content-Length: 0", "", ""]
    return "\r\n".join(lines).encode()


def _field(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    return found.group(1) if found else ""


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()
