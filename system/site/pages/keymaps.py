"""Features -> Keymaps: keys for all phones, a model, a phone, a user (domain reference 4.3)."""

from typing import Any

from system.domain.keymap import KEY_TYPES, MOST_KEYS, STATES, KeyKind, Level
from system.phones.identity import is_mac, mac_as_typed
from system.site.declare import Act, Page, Question, Values
from system.site.inner import Refused
from system.site.visit import Visit

KEYMAPS = "/features/keymaps"
ONE = "/keymaps/{level}/{owner}"
LEVELS = {
    Level.DEFAULT: "all phones",
    Level.MODEL: "model",
    Level.PHONE: "phone",
    Level.USER: "user",
}
KINDS = {
    KeyKind.TOPSOFTKEY: "Top softkey",
    KeyKind.SOFTKEY: "Bottom softkey",
    KeyKind.EXPMOD1: "Key of module 1",
    KeyKind.EXPMOD2: "Key of module 2",
    KeyKind.EXPMOD3: "Key of module 3",
}
FIELDS = {
    "PHN-5": "position",
    "type": "type",
    "position": "position",
    "state": "states",
    "line": "line",
}
"""Which field a refusal of a key is about, by a word in it; the first word that fits counts."""

Json = dict[str, Any]


async def show(visit: Visit) -> Values:
    """The levels that have keys, and where to go for one that has none."""
    form = visit.fill("go", {"level": Level.MODEL})
    return {"found": await visit.listed("/keymaps"), "form": form, "levels": LEVELS}


async def go(visit: Visit) -> None:
    """To the keys of one level."""
    form = visit.sent
    level, owner = form.text("level"), form.text("owner")
    if level == Level.PHONE:
        owner = mac_as_typed(owner)
        if not is_mac(owner):
            raise Refused(422, "invalid", "A MAC has 12 hex digits.", field="owner")
    await visit.api.get(ONE, level=level, owner=owner or "all")
    visit.done(at=f"{KEYMAPS}/{level}/{owner or 'all'}")


async def show_one(visit: Visit) -> Values:
    """The keys of one level; one of them to edit (``?key=``), or a new one."""
    found = await visit.api.get(ONE)
    keys = sorted(found.document["keys"], key=_order)
    wanted = visit.query("key")
    chosen = next((key for key in keys if _name(key) == wanted), None)
    values: Json = {"kind": KeyKind.TOPSOFTKEY, "type": "speeddial"}
    if chosen is not None:
        values = chosen | {"states": None} | {f"state-{state}": True for state in chosen["states"]}
    level = Level(found.document["level"])
    owner = "" if level is Level.DEFAULT else found.document["owner"]
    return {
        "title": f"Keys for {LEVELS[level]} {owner}".strip(),
        "keys": [key | {"name": _name(key)} for key in keys],
        "chosen": wanted if chosen is not None else "",
        "form": visit.fill("save", values, found),
        "etag": found.etag,
        "level": level,
        "owner": owner,
        "kinds": list(KINDS.items()),
        "shown": KINDS,
        "types": [(one, one) for one in sorted(KEY_TYPES)],
        "states": STATES,
        "most": MOST_KEYS,
    }


async def save(visit: Visit) -> None:
    """Put one key in the place of the one that was edited, or add it."""
    form = visit.sent
    key = {
        "kind": form.text("kind"),
        "position": form.number("position"),
        "type": form.text("type"),
        "label": form.text("label"),
        "value": form.text("value"),
        "line": form.number("line"),
        "states": [state for state in STATES if form.checked(f"state-{state}")],
    }
    if not isinstance(key["position"], int):
        raise _wrong(f"A position is a number from 1 to {MOST_KEYS}.", "position")
    if isinstance(key["line"], str):
        raise _wrong("A line is a number from 1 to 24.", "line")
    replaced = visit.query("key")
    present = (await visit.api.get(ONE)).document["keys"]
    keys = [one for one in present if _name(one) != replaced]
    if _name(key) in {_name(one) for one in keys}:
        raise _wrong(f"{_name(key)} is set already: edit that one.".capitalize(), "position")
    await _write(visit, [*keys, key])
    visit.done(f"{KINDS[KeyKind(form.text('kind'))]} {key['position']} was saved.", at=visit.path)


async def remove(visit: Visit) -> None:
    """Take one key away."""
    present = (await visit.api.get(ONE)).document["keys"]
    await _write(visit, [key for key in present if _name(key) != visit.sent.argument])
    visit.done("The key was removed.", at=visit.path)


async def ask_one(visit: Visit) -> Question:
    """Before a key goes."""
    return Question(
        title="Remove a key",
        question=f"Remove {visit.sent.argument}?",
        consequence="Phones lose it at once, or at their next poll.",
        button="Remove",
    )


async def remove_all(visit: Visit) -> None:
    """Take all keys of the level away."""
    await visit.api.delete(ONE, etag=visit.sent.etag)
    visit.done("Its keys were removed.", at=KEYMAPS)


async def ask_all(visit: Visit) -> Question:
    """Before all keys of a level go."""
    level, owner = visit.name("level"), visit.name("owner")
    whose = LEVELS[Level(level)] + ("" if level == Level.DEFAULT else f" {owner}")
    return Question(
        title="Remove all keys",
        question=f"Remove all keys for {whose}?",
        consequence="Phones lose them at once, or at their next poll; weaker levels show instead.",
        button="Remove all",
    )


async def _write(visit: Visit, keys: list[Json]) -> None:
    try:
        await visit.api.put(ONE, {"keys": keys}, etag=visit.sent.etag)
    except Refused as refused:
        if not refused.field.startswith("keys"):
            raise
        message = refused.message.removeprefix(f"{refused.field}: ")
        last = refused.field.rpartition(".")[2]
        named = next((field for word, field in FIELDS.items() if word in message), "kind")
        raise _wrong(message, last if last in (*FIELDS, "label", "value") else named) from refused


def _wrong(message: str, field: str) -> Refused:
    return Refused(422, "invalid", message, field=field)


def _name(key: Json) -> str:
    return f"{key['kind']} {key['position']}"


def _order(key: Json) -> tuple[int, int]:
    return list(KINDS).index(KeyKind(key["kind"])), key["position"]


_PUT = "PUT /keymaps/{level}/{owner}"
PAGES = (
    Page(
        path=KEYMAPS,
        title="Keymaps",
        template="keymaps",
        show=show,
        reads="GET /keymaps",
        acts=(Act(name="go", do=go, calls="GET /keymaps/{level}/{owner}"),),
    ),
    Page(
        path=f"{KEYMAPS}/{{level}}/{{owner}}",
        title="Keys",
        template="keymap",
        show=show_one,
        reads="GET /keymaps/{level}/{owner}",
        acts=(
            Act(name="save", do=save, calls=_PUT),
            Act(name="remove", do=remove, calls=_PUT, question=ask_one),
            Act(
                name="remove-all",
                do=remove_all,
                calls="DELETE /keymaps/{level}/{owner}",
                question=ask_all,
            ),
        ),
    ),
)
