"""Control of the journal: read it, or wait for an entry. All views are masked.

An estate has one journal: it holds the messages of all roles.
"""

from collections.abc import Callable

from aiohttp import web
from pydantic import ConfigDict, Field

from simulators.http_api.refused import Refusal, Refused
from simulators.http_api.routes import Answer, Document, Query, Route
from simulators.journal import Entry, Journal, NothingCame
from simulators.journal.masking import HIDDEN

LONGEST_WAIT_S = 60.0
NOTHING_CAME = Refusal(408, "nothing_came", "no such entry came in time")


class JournalEntry(Document):
    """One message or event, masked; `seq` counts from 1."""

    model_config = ConfigDict(serialize_by_alias=True)

    seq: int
    time: str
    frm: str = Field(alias="from")
    to: str
    transport: str
    source: str
    destination: str
    protocol: str
    summary: str
    detail: str


class JournalPage(Document):
    """Entries in order; ask again with `since` = `next` for what comes after them.

    Programs that run alone keep the latest entries only; those before them are passed over.
    """

    items: list[JournalEntry]
    next: int


class Wanted(Query):
    """Which entries; what is left out does not matter."""

    since: int = Field(default=0, ge=0, description="Entries after this `seq`.")
    protocol: str | None = Field(default=None, description="SIP, REST, OAI, TCP, event, ...")
    role: str | None = Field(default=None, description="It sends or receives.")
    contains: str | None = Field(default=None, description="In summary or detail, as masked.")


class WantedPage(Wanted):
    """Which entries, and how many at most."""

    limit: int = Field(default=100, ge=1, le=1000)


class Awaited(Wanted):
    """Which entry, and for how long to wait, in real seconds."""

    within_s: float = Field(default=10.0, gt=0, le=LONGEST_WAIT_S)


class _Journal:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def read_journal(self, request: web.Request, *, query: WantedPage) -> JournalPage:
        since = min(query.since, self._journal.mark())
        found, end = await self._journal.search(self._accepting(query), since, query.limit)
        return JournalPage(items=[self._shown(entry) for entry in found], next=end)

    async def wait_for_entry(self, request: web.Request, *, query: Awaited) -> JournalEntry:
        try:
            entry = await self._journal.wait_for(
                self._accepting(query), since=query.since, within_s=query.within_s
            )
        except NothingCame:
            text = f"no such entry came within {query.within_s:g} s"
            raise Refused(NOTHING_CAME.status, NOTHING_CAME.code, text) from None
        return self._shown(entry)

    def _accepting(self, wanted: Wanted) -> Callable[[Entry], bool]:
        masker, part = self._journal.masker, wanted.contains

        def contains(entry: Entry, part: str) -> bool:
            text = f"{entry.summary}\n{entry.detail}"
            # Masking is dear; it takes text away and puts `HIDDEN` there, and nothing else.
            return (part in text or bool(set(part) & set(HIDDEN))) and part in masker.view(text)

        def accepts(entry: Entry) -> bool:
            return (
                wanted.protocol in (None, entry.protocol)
                and (wanted.role is None or wanted.role in (entry.frm, entry.to))
                and (part is None or contains(entry, part))
            )

        return accepts

    def _shown(self, entry: Entry) -> JournalEntry:
        return JournalEntry.model_validate(self._journal.view(entry))


def journal_routes(journal: Journal) -> list[Route]:
    """Read and wait."""
    calls = _Journal(journal)
    return [
        Route(
            "GET", "/journal", "Read what was sent and what happened", calls.read_journal,
            (Answer(200, "a page", JournalPage),),
        ),
        Route(
            "GET", "/journal/wait", "Wait for an entry, or find it there", calls.wait_for_entry,
            (Answer(200, "the first that fits", JournalEntry),), (NOTHING_CAME,),
        ),
    ]  # fmt: skip
