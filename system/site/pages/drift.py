"""Provisioning -> Drift: what differs between MCS and MBG, and having it repaired."""

from system.site.declare import Act, Page, Question, Values
from system.site.inner import Refused
from system.site.view import count
from system.site.visit import Visit

DRIFT = "/provisioning/drift"


async def show(visit: Visit) -> Values:
    """The latest comparison; the first one of all is made now."""
    refused, found = "", None
    try:
        found = await visit.listed(DRIFT)
    except Refused as refusal:
        if refusal.status not in (409, 502, 503):
            raise
        refused = refusal.message
    return {"found": found, "refused": refused}


async def compare(visit: Visit) -> None:
    """Read the MBG now."""
    query = {"fresh": "true", "page_size": "1"}
    report = (await visit.api.get(DRIFT, query)).document
    visit.done(f"Compared: {count(report['total'], 'difference')} found.")


async def ask_to_repair(visit: Visit) -> Question:
    """Ask before everything is written."""
    total = (await visit.api.get(DRIFT, {"page_size": "1"})).document["total"]
    return Question(
        "Repair all differences",
        f"Have {count(total, 'difference')} repaired?",
        "An operation is stored for each that MCS can repair: devices on the MBG are made, written "
        "again or removed as MCS has them. Those that need a person are left out.",
        "Repair all",
        destroys=False,
    )


async def repair_all(visit: Visit) -> None:
    """Store an operation for each finding."""
    await _repair(visit, {"all": True})


async def repair(visit: Visit) -> None:
    """Store an operation for one finding."""
    argument = visit.sent.argument
    number = int(argument) if argument.isascii() and argument.isdigit() else 0
    await _repair(visit, {"findings": [number]})


async def _repair(visit: Visit, body: dict[str, object]) -> None:
    stored = (await visit.api.post(f"{DRIFT}/repair", body)).document
    note = f"Operations stored: {stored['operations']:,}."
    if stored["left_out"]:
        note += f" Left out, for a person has to act: {stored['left_out']:,}."
    visit.done(note)


PAGES = (
    Page(
        path=DRIFT,
        title="Drift",
        template="drift",
        show=show,
        reads=f"GET {DRIFT}",
        acts=(
            Act(name="compare", do=compare, calls=f"GET {DRIFT}"),
            Act(name="repair", do=repair, calls=f"POST {DRIFT}/repair"),
            Act(
                name="repair-all",
                do=repair_all,
                calls=f"POST {DRIFT}/repair",
                question=ask_to_repair,
            ),
        ),
    ),
)
