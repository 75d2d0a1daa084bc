"""One phone: how it stands, its extension, enrolment, restarts, history, log, keys."""

from typing import Any

from system.site.declare import Act, Page, Question, Values
from system.site.pages.phones import PHONES
from system.site.visit import Visit

ONE = "/phones/{mac}"
LOG_LINES = 20
EVENTS = 25


async def show(visit: Visit) -> Values:
    """The phone; its history a page at a time, all of it or the hand-outs alone."""
    phone = await visit.api.get(ONE)
    kind = visit.query("kind")
    mac = phone.document["mac"]
    return {
        "phone": phone.document,
        "etag": phone.etag,
        "title": f"Phone {mac}",
        "form": visit.fill("assign", {"extension": phone.document["extension"]}, phone),
        "history": await visit.listed(f"/phones/{mac}/history", EVENTS, kind=kind),
        "kind": kind,
        "log": phone.document["syslog"][-LOG_LINES:],
    }


async def assign(visit: Visit) -> None:
    """Assign an extension, or take it away; the phone gets it by itself (PHN-6)."""
    number = visit.sent.optional("extension")
    await visit.api.put(ONE, {"extension": number}, etag=visit.sent.etag)
    visit.done(f"Extension {number} was assigned." if number else "The extension was taken away.")


async def open_enrolment(visit: Visit) -> None:
    """Give a token to whoever asks first as this phone."""
    await visit.api.put(ONE, {"enrolment": "open"}, etag=visit.sent.etag)
    visit.done("Enrolment is open: the phone gets a token when it asks for its configuration.")


async def close_enrolment(visit: Visit) -> None:
    """Make its token void."""
    await visit.api.put(ONE, {"enrolment": "closed"}, etag=visit.sent.etag)
    visit.done("Enrolment is closed.")


async def ask_close(visit: Visit) -> Question:
    """Before a phone loses its token."""
    return Question(
        title="Close enrolment",
        question=f"Close the enrolment of phone {visit.name('mac')}?",
        consequence="Its token is void: a phone outside gets no credentials any more, until "
        "enrolment is opened again.",
        button="Close enrolment",
    )


async def reboot(visit: Visit) -> None:
    """Let it restart."""
    visit.done(_told("restarts", await _told_by(visit, f"{ONE}/restart")))


async def ask_reboot(visit: Visit) -> Question:
    """Before a phone is away for a while."""
    return Question(
        title="Reboot a phone",
        question=f"Reboot phone {visit.name('mac')}?",
        consequence="It is out of service while it starts; what it gets from MCS stays the same.",
        button="Reboot",
        destroys=False,
    )


async def resync(visit: Visit) -> None:
    """Let it read configuration and firmware anew."""
    visit.done(_told("reads its configuration anew", await _told_by(visit, f"{ONE}/resync")))


async def _told_by(visit: Visit, path: str) -> str:
    return str((await visit.api.post(path)).document["delivery"])


def _told(what: str, delivery: str) -> str:
    if delivery == "push":
        return f"The phone was told; it {what}."
    return f"The phone {what} once it has polled."


async def forget(visit: Visit) -> None:
    """Forget it with its history."""
    await visit.api.delete(ONE, etag=visit.sent.etag)
    visit.done(f"Phone {visit.name('mac')} was forgotten.", at=PHONES)


async def ask_forget(visit: Visit) -> Question:
    """Before a phone is forgotten."""
    return Question(
        title="Forget a phone",
        question=f"Forget phone {visit.name('mac')}?",
        consequence="Its assignment, enrolment, keys and history are gone. If it calls again, it "
        "is a new phone without an extension.",
        button="Forget",
    )


async def show_keys(visit: Visit) -> Values:
    """All its keys, merged of all levels, and what found no place."""
    mac = visit.name("mac")
    merged = (await visit.api.get(f"{ONE}/keys")).document
    return {
        "mac": mac,
        "title": f"Keys of phone {mac}",
        "phone": (await visit.api.get(ONE)).document,
        "placed": [_key(one) for one in merged["keys"]],
        "dropped": [_key(one) for one in merged["dropped"]],
    }


def _key(one: dict[str, Any]) -> dict[str, Any]:
    return one | {"from": {None: "MCS", "default": "all phones"}.get(one["level"], one["level"])}


_ENROL = "PUT /phones/{mac}"
PAGES = (
    Page(
        path=ONE,
        title="Phone",
        template="phone",
        show=show,
        reads="GET /phones/{mac}",
        acts=(
            Act(name="assign", do=assign, calls=_ENROL),
            Act(name="open", do=open_enrolment, calls=_ENROL),
            Act(name="close", do=close_enrolment, calls=_ENROL, question=ask_close),
            Act(name="reboot", do=reboot, calls="POST /phones/{mac}/restart", question=ask_reboot),
            Act(name="resync", do=resync, calls="POST /phones/{mac}/resync"),
            Act(name="forget", do=forget, calls="DELETE /phones/{mac}", question=ask_forget),
        ),
        live=True,
    ),
    Page(
        path=f"{ONE}/keys",
        title="Keys",
        template="phone_keys",
        show=show_keys,
        reads="GET /phones/{mac}/keys",
    ),
)
