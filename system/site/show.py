"""Pages, questions and failures as answers."""

from typing import Any

from aiohttp import web

from system.site.declare import Question
from system.site.inner import Refused
from system.site.keys import PAGES
from system.site.navigation import Entry, navigation
from system.site.view import html, render
from system.site.visit import Visit

HIDDEN = ("csrf", "act", "number")
TITLES = {
    400: "That can't be read",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible",
    409: "Not possible now",
    500: "That went wrong",
    502: "No answer from the other side",
    503: "Not now",
}


async def show_page(visit: Visit, status: int = 200) -> web.Response:
    """The page, with whatever its form holds."""
    page = visit.page
    values = await page.show(visit)
    text = render(page.template, await _frame(visit, page.title) | dict(values))
    return html(text, status)


async def show_question(visit: Visit, question: Question) -> web.Response:
    """Ask first; what was sent comes along, so the answer is the same form once more."""
    fields = [pair for pair in visit.sent.many if pair[0] not in HIDDEN]
    values = await _frame(visit, question.title) | {"question": question, "fields": fields}
    values["act"] = dict(visit.sent.many).get("act", "")
    return html(render("question", values))


async def failure(request: web.Request, visit: Visit | None, refused: Refused) -> web.Response:
    """A page that says why there is none."""
    title = TITLES.get(refused.status, "Refused")
    values: dict[str, Any] = {"title": title, "refused": refused}
    if visit is None:
        return html(render("failure_bare", values), refused.status)
    values |= await _frame(visit, title)
    return html(render("failure", values), refused.status)


async def _frame(visit: Visit, title: str) -> dict[str, Any]:
    """What every page shows around its content."""
    entries: list[Entry] = []
    if visit.session is not None:
        reachable = {page.path: visit.may(page.needs) for page in visit.request.app[PAGES].values()}
        entries = await navigation(visit, reachable)
    return {"visit": visit, "title": title, "navigation": entries, "now": visit.now}
