"""The start page: what needs attention, and how the site stands."""

from system.site.declare import Page, Values, needs_of
from system.site.visit import Visit

NOTICES = 5


async def show(visit: Visit) -> Values:
    """Open notices, the token, the queue, phones; for who may read the site."""
    detail = (await visit.api.get("/health")).document.get("detail")
    notices: list[object] = []
    status = None
    if detail is not None:
        if visit.may(needs_of("GET /provisioning/status")):
            status = (await visit.api.get("/provisioning/status")).document
        query = {"open": "true", "page_size": str(NOTICES)}
        notices = (await visit.api.get("/notices", query)).document["items"]
    return {"detail": detail, "notices": notices, "status": status}


PAGES = (
    Page(
        path="/",
        title="Overview",
        template="overview",
        show=show,
        reads="GET /session",
        live=True,
    ),
)
