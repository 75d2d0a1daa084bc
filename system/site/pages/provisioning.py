"""Provisioning: the queue with its breaker; switches of many extensions."""

from system.site.declare import Act, Page, Question, Values
from system.site.view import count
from system.site.visit import ROWS, Visit

OPERATIONS = "/provisioning/operations"
BULK = "/provisioning/bulk"
ONE_BULK = f"{BULK}/{{number}}"
STATES = ("waiting", "failed", "dead", "done", "superseded")
UNFINISHED = ("dead", "failed", "waiting")
ITEM_STATES = ("pending", "in progress", "done", "failed", "cancelled")


async def show(visit: Visit) -> Values:
    """How the engine stands, and the operations in one state."""
    status = (await visit.api.get("/provisioning/status")).document
    counts = status["operations"]
    wanted = visit.query("state")
    if wanted not in STATES:
        wanted = next((state for state in UNFINISHED if counts[state]), "waiting")
    # The API tells the total in the status: the list itself is a plain one.
    last = max(1, -(-counts[wanted] // ROWS))
    text = visit.query("page")
    page = min(int(text), last) if text.isascii() and text.isdigit() and len(text) < 7 else 1
    query = {"state": wanted, "page": str(max(1, page)), "page_size": str(ROWS)}
    items = (await visit.api.get(OPERATIONS, query)).document["items"]
    found = {"items": items, "total": counts[wanted], "page": max(1, page), "page_size": ROWS}
    return {
        "status": status,
        "breaker": status["breaker"],
        "states": STATES,
        "state": wanted,
        "found": found,
        "unfinished": sum(counts[state] for state in UNFINISHED),
    }


async def retry(visit: Visit) -> None:
    """Try one operation now."""
    tried = (
        await visit.api.post(f"{OPERATIONS}/{{number}}/retry", number=visit.sent.argument)
    ).document
    visit.done(f"The operation for extension {tried['extension']} is tried now.")


async def retry_all(visit: Visit) -> None:
    """Try all that is not done now."""
    tried = (await visit.api.post(f"{OPERATIONS}/retry")).document
    visit.done(f"To be tried now: {count(tried['operations'], 'operation')}.")


async def show_all_bulk(visit: Visit) -> Values:
    """The switches of many extensions, the latest first."""
    return {"found": await visit.listed(BULK)}


async def show_bulk(visit: Visit) -> Values:
    """One switch, and a page of its extensions."""
    bulk = (await visit.api.get(ONE_BULK)).document
    wanted = visit.query("state")
    wanted = wanted if wanted in ITEM_STATES else ""
    ended = sum(bulk["progress"][state] for state in ("done", "failed", "cancelled"))
    return {
        "bulk": bulk,
        "ended": ended,
        "states": ITEM_STATES,
        "state": wanted,
        "found": await visit.listed(f"{ONE_BULK}/items", state=wanted),
    }


async def pause(visit: Visit) -> None:
    """Hold back what is not in the queue yet."""
    await visit.api.post(f"{ONE_BULK}/pause")
    visit.done("Paused: what is in the queue already is still carried out.")


async def resume(visit: Visit) -> None:
    """Go on."""
    await visit.api.post(f"{ONE_BULK}/resume")
    visit.done("It goes on.")


async def ask_to_cancel(_visit: Visit) -> Question:
    """Ask before the rest is left out."""
    return Question(
        "Cancel a switch",
        "Leave out the extensions that are not switched yet?",
        "What is switched already stays so, and what is in the queue is still carried out.",
        "Cancel the rest",
    )


async def cancel(visit: Visit) -> None:
    """Leave out what is not in the queue yet."""
    await visit.api.post(f"{ONE_BULK}/cancel")
    visit.done("Cancelled: the rest is left as it was.")


PAGES = (
    Page(
        path="/provisioning",
        title="Provisioning",
        template="provisioning",
        show=show,
        reads="GET /provisioning/status",
        live=True,
        acts=(
            Act(name="retry", do=retry, calls=f"POST {OPERATIONS}/{{number}}/retry"),
            Act(name="retry-all", do=retry_all, calls=f"POST {OPERATIONS}/retry"),
        ),
    ),
    Page(
        path=BULK,
        title="Switches of many extensions",
        template="bulk_list",
        show=show_all_bulk,
        reads=f"GET {BULK}",
        live=True,
    ),
    Page(
        path=ONE_BULK,
        title="Switch of many extensions",
        template="bulk",
        show=show_bulk,
        reads=f"GET {ONE_BULK}",
        live=True,
        acts=(
            Act(name="pause", do=pause, calls=f"POST {ONE_BULK}/pause"),
            Act(name="resume", do=resume, calls=f"POST {ONE_BULK}/resume"),
            Act(name="cancel", do=cancel, calls=f"POST {ONE_BULK}/cancel", question=ask_to_cancel),
        ),
    ),
)
