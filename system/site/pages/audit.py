"""Audit: who has changed what, when, and how long that is kept. Licences: what is known of them."""

from system.site.declare import Act, Page, Values
from system.site.inner import Refused
from system.site.visit import ROWS, Visit

FILTERS = ("who", "action", "resource", "since", "until")
SETTINGS = "/settings/audit"


async def show(visit: Visit) -> Values:
    """A page of entries that fit the filters; a filter that can't be read is told, not ignored."""
    form = visit.fill("filter", {name: visit.query(name) for name in FILTERS})
    query = {name: visit.query(name) for name in FILTERS}
    query |= {name: _moment(query[name]) for name in ("since", "until")}
    try:
        found = await visit.listed("/audit", ROWS, **query)
    except Refused as refused:
        if refused.status != 422:
            raise
        form.refused(refused)
        found = {"items": [], "total": 0, "page": 1, "page_size": 1}
    return {"found": found, "form": form, "filtered": any(query.values())}


def _moment(text: str) -> str:
    """A day, or day and time in UTC, as the API takes it; what is neither is left for it to say."""
    if len(text) == len("2026-11-23"):
        return f"{text}T00:00:00Z"
    if len(text) == len("2026-11-23 12:00"):
        return f"{text.replace(' ', 'T')}:00Z"
    return text


async def show_retention(visit: Visit) -> Values:
    """How long entries are kept."""
    found = await visit.api.get(SETTINGS)
    return {"form": visit.fill("save", found.document, found)}


async def save_retention(visit: Visit) -> None:
    """Keep entries for another time; older ones go at once."""
    form = visit.sent
    body = {"retention_days": form.number("retention_days")}
    await visit.api.put(SETTINGS, body, etag=form.etag)
    visit.done(f"Entries are kept for {body['retention_days']} days.")


async def show_licences(visit: Visit) -> Values:
    """Of the PBX, the MBG and this MCS."""
    return {"licences": (await visit.api.get("/licences")).document}


PAGES = (
    Page(path="/audit", title="Audit", template="audit", show=show, reads="GET /audit"),
    Page(
        path="/audit/retention",
        title="Retention of the audit log",
        template="audit_retention",
        show=show_retention,
        reads=f"GET {SETTINGS}",
        acts=(Act(name="save", do=save_retention, calls=f"PUT {SETTINGS}"),),
    ),
    Page(
        path="/licences",
        title="Licences",
        template="licences",
        show=show_licences,
        reads="GET /licences",
    ),
)
