"""What the MCS says to Phone Manager, as values (docs/wire.md section 6). Pure; nothing raises.

A program has to live with any answer: what can't be used is a `Refusal` that says why.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from simulators.hosts import is_host_name, is_ipv4

MAX_TEXT = 256
"""Characters of any text that is kept of an answer."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the MCS is to be found: from inside, from outside (ADR-7), and the port at both."""

    local_address: str | None
    remote_address: str | None
    port: int = 8204

    def hosts(self) -> tuple[str, ...]:
        """In the order in which they are tried: inside first, each once."""
        both = (self.local_address, self.remote_address)
        return tuple(dict.fromkeys(host for host in both if host))


@dataclass(frozen=True, slots=True)
class SoftphoneAccount:
    """What the softphone registers with, and where (ADR-5)."""

    extension: str
    display_name: str
    registrar: str
    port: int
    user_name: str
    auth_name: str
    password: str = field(repr=False)
    location: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A log-in; `expires_at` is a moment as ISO 8601 has it."""

    token: str = field(repr=False)
    expires_at: str
    display_name: str
    location: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """No, and why: the code is for programs, the message for the person at the screen."""

    status: int
    code: str
    message: str
    retry_after_s: float | None = None


def refusal(status: int, body: bytes, retry_after: str = "") -> Refusal:
    """What an answer that is no 200 says."""
    document = _object(body) or {}
    code = _text(document, "code") or f"http_{status}"
    message = _text(document, "message") or f"MCS answered {status}"
    wait = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else None
    return Refusal(status, code[:MAX_TEXT], message[:MAX_TEXT], wait)


def session(body: bytes) -> Session | Refusal:
    """The answer to a log-in."""
    document = _object(body)
    if document is None:
        return _unusable("an object")
    token, expires_at = _text(document, "token"), _text(document, "expires_at")
    if not token or not expires_at:
        return _unusable("token and expires_at")
    user = document.get("user")
    name = _text(user, "display_name") if isinstance(user, Mapping) else ""
    return Session(token, expires_at, name, _text(document, "location"))


def account(body: bytes) -> SoftphoneAccount | Refusal:
    """The answer that hands out a registration."""
    document = _object(body)
    if document is None:
        return _unusable("an object")
    texts = {name: _text(document, name) for name in ("extension", "registrar", "user_name")}
    missing = [name for name, text in texts.items() if not text]
    port = document.get("port")
    if missing:
        return _unusable(", ".join(missing))
    if not is_port(port):
        return _unusable("a port from 1 to 65535")
    if document.get("transport", "udp") != "udp":
        return _unusable("the transport udp")
    return SoftphoneAccount(
        texts["extension"],
        _text(document, "display_name"),
        texts["registrar"],
        port,
        texts["user_name"],
        _text(document, "auth_name") or texts["user_name"],
        _text(document, "password"),
        _text(document, "location"),
    )


def places(body: bytes, before: Places) -> Places:
    """Where the MCS says that it is; what it doesn't say, or says wrongly, stays as before."""
    document = _object(body) or {}
    local, remote = (
        found if is_ipv4(found := _text(document, name)) or is_host_name(found) else old
        for name, old in (
            ("local_address", before.local_address),
            ("remote_address", before.remote_address),
        )
    )
    port = document.get("port")
    return Places(local, remote, port if is_port(port) else before.port)


def is_port(value: object) -> TypeGuard[int]:
    """Whether it is a TCP or UDP port."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65_535


def _object(body: bytes) -> Mapping[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def _unusable(expected: str) -> Refusal:
    return Refusal(200, "unusable_answer", f"expected {expected} from MCS, it sent something else")
