"""What a page must not do in a browser: complain, fail to load something, or ask another host.

A watch listens to one browser context. What a test expects (the 403 of a wrong password) it says
with `expect`; an expected trouble that does not come is trouble too.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, ConsoleMessage, Request, WebError

LOCAL = ("about", "blob", "data", "chrome-error")
"""Schemes that ask no host."""


@dataclass
class Watch:
    """Collects, as lines, what goes wrong in a context.

    Args:
        origins: scheme, host and port of the sites that may be asked.
    """

    context: "BrowserContext"
    origins: Sequence[str]
    _seen: list[str] = field(default_factory=list)
    _expected: list[str] = field(default_factory=list)
    _allowed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.on("console", self._said)
        self.context.on("weberror", self._threw)
        self.context.on("request", self._asked)
        self.context.on("requestfailed", self._failed)

    def expect(self, pattern: str) -> None:
        """Troubles that match are as the test wants them; at least one has to come."""
        self._expected.append(pattern)

    def allow(self, pattern: str) -> None:
        """Troubles that match may come: whether they do is up to the browser's haste."""
        self._allowed.append(pattern)

    def troubles(self) -> list[str]:
        """What went wrong and was not expected, and what was expected and did not come."""
        fine = self._expected + self._allowed
        unexpected = [line for line in self._seen if not any(re.search(p, line) for p in fine)]
        missing = [p for p in self._expected if not any(re.search(p, line) for line in self._seen)]
        return unexpected + [f"expected and not seen: {pattern}" for pattern in missing]

    def _said(self, message: "ConsoleMessage") -> None:
        if message.type in ("error", "warning", "assert"):
            where = message.location.get("url", "")
            self._seen.append(f"console {message.type}: {message.text} ({where})")

    def _threw(self, error: "WebError") -> None:
        self._seen.append(f"script error: {error.error.message}")

    def _asked(self, request: "Request") -> None:
        parts = urlsplit(request.url)
        if parts.scheme in LOCAL or f"{parts.scheme}://{parts.netloc}" in self.origins:
            return
        self._seen.append(f"another host was asked: {request.method} {request.url}")

    def _failed(self, request: "Request") -> None:
        # The browser's own doing: an event stream ends with its page, and a page that is left ends
        # what it was loading, its icon for one. What a server or a policy does has other names.
        if request.failure == "net::ERR_ABORTED" and request.resource_type != "document":
            return
        self._seen.append(f"request failed: {request.method} {request.url}: {request.failure}")
