"""One request for a page: who comes, what was typed, the API, and how it ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

from aiohttp import web

from system.api.declare import Access
from system.domain.roles import Permission
from system.site.declare import Page
from system.site.forms import Form, as_text
from system.site.inner import Answer, Api

ROWS = 50
"""Rows of a list on one page."""


class Done(Exception):
    """An act is done: go on at ``location``, with a note that says what was done."""

    def __init__(
        self, location: str, note: str = "", cookies_from: Sequence[web.Response] = ()
    ) -> None:
        super().__init__(note)
        self.location = location
        self.note = note
        self.cookies_from = cookies_from
        """Answers of the API whose cookies the browser gets."""


@dataclass(slots=True)
class Visit:
    """What the functions of a page work with.

    ``session`` is ``GET /session`` of the API, ``None`` for who is not logged in. ``number`` is
    this page view's own: the same form sent twice with it is done once.
    """

    request: web.Request
    page: "Page[Visit]"
    api: Api
    session: Mapping[str, Any] | None
    csrf: str
    number: str
    now: float
    submitted: Form | None = None
    notes: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    """What was sent as files, by the name of the field."""

    @property
    def path(self) -> str:
        """Address of the page, without query."""
        return self.request.path

    @property
    def sent(self) -> Form:
        """The form that was sent with this act."""
        assert self.submitted is not None
        return self.submitted

    @property
    def problems(self) -> bool:
        """Whether what was sent is refused."""
        return self.submitted is not None and bool(self.submitted.problems)

    def name(self, name: str) -> str:
        """A value in the page's path."""
        return self.request.match_info[name]

    def query(self, name: str) -> str:
        """A value of the query, "" without one."""
        return self.request.query.get(name, "").strip()

    def fill(
        self, act: str, values: Mapping[str, object] | None = None, answer: Answer | None = None
    ) -> Form:
        """The form of an act: as it was sent, with what is wrong with it, or new with ``values``.

        Args:
            values: what is stored, by field; no secret is among it.
            answer: where they are from; its entity tag travels with the form.
        """
        stored, etag = as_text(values or {}), answer.etag if answer is not None else ""
        sent = self.submitted
        if sent is None or sent.act != act:
            return Form(act=act, values=stored, etag=etag)
        if sent.conflict:
            sent.etag, sent.stored = etag, stored
        return sent

    def may(self, needs: Permission | Access) -> bool:
        """Whether who comes may do what a route with these needs does."""
        if needs is Access.OPEN:
            return True
        if self.session is None:
            return False
        return needs is Access.LOGGED_IN or needs in self.session["permissions"]

    def offers(self, act: str) -> bool:
        """Whether a button of this page is for who comes."""
        found = self.page.act(act)
        assert found is not None, f"{self.page.path} has no act {act!r}"
        return self.may(found.needs)

    async def listed(self, path: str, rows: int = ROWS, **query: str) -> dict[str, Any]:
        """A page of a collection of the API, the one that the address names (``?page=``).

        A page past the end is the last one.
        """
        text = self.query("page")
        wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
        chosen = {name: value for name, value in query.items() if value}
        chosen |= {"page": str(max(1, wanted)), "page_size": str(rows)}
        found = (await self.api.get(path, chosen)).document
        last = max(1, -(-found["total"] // rows))
        if found["page"] > last:
            found = (await self.api.get(path, chosen | {"page": str(last)})).document
        return found

    def link(self, **query: object) -> str:
        """This page with the query changed so; ``None`` leaves a name out."""
        pairs = dict(self.request.query)
        for name, value in query.items():
            pairs.pop(name, None)
            if value is not None:
                pairs[name] = str(value)
        address = quote(self.path, safe="/")
        return address + ("?" + urlencode(pairs) if pairs else "")

    def done(
        self, note: str = "", *, at: str | None = None, cookies_from: Sequence[web.Response] = ()
    ) -> NoReturn:
        """The act is done: show this page again, or the one ``at`` an address."""
        raise Done(self.link() if at is None else at, note, cookies_from)
