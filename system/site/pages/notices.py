"""Notices, with taking note of them; Health."""

from system.site.declare import Act, Page, Values
from system.site.visit import Visit

NOTICES = "/notices"


async def show(visit: Visit) -> Values:
    """Those that nobody has taken note of, or all."""
    every = visit.query("all") == "yes"
    return {
        "found": await visit.listed(NOTICES, open="" if every else "true"),
        "every": every,
    }


async def acknowledge(visit: Visit) -> None:
    """Somebody has taken note."""
    await visit.api.post(f"{NOTICES}/{{number}}/acknowledge", number=visit.sent.argument)
    visit.done("Noted.")


async def show_health(visit: Visit) -> Values:
    """How each side is."""
    health = (await visit.api.get("/health")).document
    return {"health": health, "detail": health["detail"]}


PAGES = (
    Page(
        path=NOTICES,
        title="Notices",
        template="notices",
        show=show,
        reads=f"GET {NOTICES}",
        live=True,
        acts=(
            Act(name="acknowledge", do=acknowledge, calls=f"POST {NOTICES}/{{number}}/acknowledge"),
        ),
    ),
    Page(
        path="/health",
        title="Health",
        template="health",
        show=show_health,
        # GET /health is open to everybody; its detail is for who may read the site, as notices are.
        reads=f"GET {NOTICES}",
        live=True,
    ),
)
