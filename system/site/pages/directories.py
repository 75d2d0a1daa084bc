"""Features -> Directories: the system's list and each extension's, by entry or as CSV."""

from typing import Any

from system.domain.directory_csv import COLUMNS, TableUnreadable, read
from system.site.declare import Act, Page, Question, Values
from system.site.inner import Refused
from system.site.visit import ROWS, Visit

DIRECTORIES = "/features/directories"
ONE = "/directories/{owner}"
SYSTEM = "system"
LARGEST_TABLE = 1024 * 1024

Json = dict[str, Any]


async def show(visit: Visit) -> Values:
    """The system's list, and the way to an extension's."""
    entries = (await visit.api.get(ONE, owner=SYSTEM)).document["entries"]
    return {"entries": len(entries), "form": visit.fill("go")}


async def go(visit: Visit) -> None:
    """To the list of an extension."""
    number = visit.sent.text("extension")
    try:
        await visit.api.get(ONE, owner=number or "-")
    except Refused as refused:
        raise Refused(422, refused.code, refused.message, field="extension") from refused
    visit.done(at=f"{DIRECTORIES}/{number}")


async def show_one(visit: Visit) -> Values:
    """A page of the list; one entry to edit (``?entry=``, from 1), or a new one."""
    found = await visit.api.get(ONE)
    owner, entries = found.document["owner"], found.document["entries"]
    search = visit.query("search").lower()
    numbered = [
        one | {"at": at}
        for at, one in enumerate(entries, 1)
        if search in " ".join(one.values()).lower()
    ]
    chosen = _index(visit.query("entry"), len(entries))
    page = _index(visit.query("page"), max(1, -(-len(numbered) // ROWS))) or 1
    return {
        "title": "Directory of the system" if owner == SYSTEM else f"Directory of {owner}",
        "owner": owner,
        "found": {
            "items": numbered[(page - 1) * ROWS : page * ROWS],
            "total": len(numbered),
            "page": page,
            "page_size": ROWS,
        },
        "etag": found.etag,
        "chosen": chosen,
        "form": visit.fill("save", entries[chosen - 1] if chosen else {}, found),
        "table": visit.fill("import", {"how": "add"}, found),
    }


def _index(text: str, last: int) -> int:
    """A number from 1 to ``last``; 0 where it is none, the last one where it is more."""
    return min(int(text), last) if text.isascii() and text.isdigit() and len(text) < 7 else 0


async def save(visit: Visit) -> None:
    """Put the entry in the place of the one that was edited, or add it."""
    entry = {name: visit.sent.text(name) for name in COLUMNS}
    entries = await _entries(visit)
    at = _index(visit.query("entry"), len(entries))
    if at:
        entries[at - 1] = entry
    else:
        entries.append(entry)
    await _write(visit, entries)
    visit.done("The entry was saved.", at=visit.link(entry=None))


async def remove(visit: Visit) -> None:
    """Take one entry away."""
    entries = await _entries(visit)
    if at := _index(visit.sent.argument, len(entries)):
        del entries[at - 1]
    await _write(visit, entries)
    visit.done("The entry was removed.", at=visit.link(entry=None))


async def take_table(visit: Visit) -> None:
    """Add the entries of a table, or put them in the place of all."""
    octets = visit.files.get("table")
    if octets is None:
        raise Refused(422, "invalid", "Choose a file.", field="table")
    try:
        entries = read(octets.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Refused(422, "invalid", "The file is not in UTF-8.", field="table") from None
    except TableUnreadable as error:
        raise Refused(422, "invalid", str(error), field="table") from None
    before = await _entries(visit)
    if visit.sent.text("how") == "replace":
        # A page that asks would lose the file, so the form itself asks.
        if before and not visit.sent.checked("sure"):
            there = f"{len(before):,} {'entry' if len(before) == 1 else 'entries'}"
            message = f"{there} would go. Tick this, choose the file again and import it."
            raise Refused(422, "not_sure", message, field="sure")
        before = []
    new = [one for one in entries if one not in before]
    try:
        await visit.api.put(ONE, {"entries": before + new}, etag=visit.sent.etag)
    except Refused as refused:
        raise _of_table(refused, len(before), new) from refused
    visit.done(f"{len(new)} of {len(entries)} entries were taken; the others were there already.")


async def _entries(visit: Visit) -> list[Json]:
    return list((await visit.api.get(ONE)).document["entries"])


async def _write(visit: Visit, entries: list[Json]) -> None:
    try:
        await visit.api.put(ONE, {"entries": entries}, etag=visit.sent.etag)
    except Refused as refused:
        # The API names the entry and its member, `entries.3.number`; the form has the member alone.
        last = refused.field.rpartition(".")[2]
        if refused.field.startswith("entries"):
            refused.message = refused.message.removeprefix(f"{refused.field}: ")
            refused.field = last if last in COLUMNS else "number"
        raise


def _of_table(refused: Refused, before: int, new: list[Json]) -> Refused:
    """The same refusal, with the entry of the table that it is about."""
    parts = refused.field.split(".")
    if parts[0] != "entries":
        return refused
    message = refused.message.removeprefix(f"{refused.field}: ")
    if len(parts) > 1 and parts[1].isdigit() and (at := int(parts[1]) - before) in range(len(new)):
        shown = " ".join(new[at][name] for name in COLUMNS).strip()
        message = f"Entry “{shown[:80]}”: {message}"
    return Refused(refused.status, refused.code, message, field="table")


async def ask_replace(visit: Visit) -> Question:
    """Before an entry goes."""
    entries = await _entries(visit)
    at = _index(visit.sent.argument, len(entries))
    entry = entries[at - 1] if at else {}
    shown = " ".join(entry.get(name, "") for name in COLUMNS)
    return Question(
        title="Remove an entry",
        question=f"Remove {shown.strip()}?",
        consequence="Phones show it no more after their next start, or after a day.",
        button="Remove",
    )


_PUT = "PUT /directories/{owner}"
PAGES = (
    Page(
        path=DIRECTORIES,
        title="Directories",
        template="directories",
        show=show,
        reads="GET /directories/{owner}",
        acts=(Act(name="go", do=go, calls="GET /directories/{owner}"),),
    ),
    Page(
        path=f"{DIRECTORIES}/{{owner}}",
        title="Directory",
        template="directory",
        show=show_one,
        reads="GET /directories/{owner}",
        acts=(
            Act(name="save", do=save, calls=_PUT),
            Act(name="remove", do=remove, calls=_PUT, question=ask_replace),
            Act(name="import", do=take_table, calls=_PUT, largest_file=LARGEST_TABLE),
        ),
    ),
)
