"""The navigation, as the manual names it; each entry leads to a page and is offered to who may."""

from dataclasses import dataclass

from system.site.inner import Refused
from system.site.visit import Visit

MOST_SYSTEMS = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """A page, or a heading where there is no path; ``below`` are the entries under it."""

    label: str
    path: str = ""
    below: tuple["Entry", ...] = ()


PHONE_SYSTEMS = "/site-settings/phone-systems"
SITE_SETTINGS = Entry(
    "Site Settings",
    below=(
        Entry(
            "Phone Systems",
            PHONE_SYSTEMS,
            (Entry("MiVoice Border Gateway", f"{PHONE_SYSTEMS}/mbg"),),
        ),
        Entry(
            "Client Locations",
            below=(
                Entry("Local", "/site-settings/client-locations/local"),
                Entry("Remote", "/site-settings/client-locations/remote"),
            ),
        ),
    ),
)
NAVIGATION = (
    Entry("Overview", "/"),
    SITE_SETTINGS,
    Entry("Phones", "/phones"),
    Entry(
        "Features",
        below=(
            Entry("Keymaps", "/features/keymaps"),
            Entry("Firmware", "/features/firmware"),
            Entry("Directories", "/features/directories"),
            Entry("Images", "/features/images"),
        ),
    ),
    Entry("Users", "/users", (Entry("Roles", "/roles"), Entry("Log-ins", "/log-ins"))),
    Entry("Licences", "/licences"),
    Entry(
        "Provisioning",
        "/provisioning",
        (
            Entry("Many extensions", "/provisioning/bulk"),
            Entry("Drift", "/provisioning/drift"),
            Entry("Notices", "/notices"),
        ),
    ),
    Entry("Audit", "/audit"),
    Entry("Health", "/health"),
)


async def navigation(visit: Visit, reachable: dict[str, bool]) -> list[Entry]:
    """The entries for who comes; phone systems stand under their heading by name.

    Args:
        reachable: whether they may open it, for each path that has a page.
    """
    systems: list[Entry] = []
    if reachable.get(PHONE_SYSTEMS):
        try:
            query = {"page_size": str(MOST_SYSTEMS)}
            found = (await visit.api.get("/phone-systems", query)).document["items"]
        except Refused:
            found = []
        systems = [Entry(one["name"], f"{PHONE_SYSTEMS}/{one['id']}") for one in found]
    return _allowed(NAVIGATION, reachable, systems)


def _allowed(
    entries: tuple[Entry, ...], reachable: dict[str, bool], systems: list[Entry]
) -> list[Entry]:
    kept = []
    for entry in entries:
        below = _allowed(entry.below, reachable, systems)
        if entry.path == PHONE_SYSTEMS:
            below += systems
        if reachable.get(entry.path) or below:
            path = entry.path if reachable.get(entry.path) else ""
            kept.append(Entry(entry.label, path, tuple(below)))
    return kept
