"""Configuration files and firmware on 8202 and 8203."""

import logging
from http import HTTPStatus

from aiohttp import web

from system.domain.enrolment import Standing
from system.phones.book import Entry, Happened, Held, Seen
from system.phones.delivery import holds
from system.phones.firmware import FirmwareStore
from system.phones.gate import Caller, Gate
from system.phones.identity import is_mac, is_model
from system.phones.known import known_of

audit = logging.getLogger("mcs.audit")

COMMON_FILES = frozenset({"startup", "aastra"})


def common_file(name: str) -> str | None:
    """The file ``<name>.cfg`` that all phones share, or ``None`` where there is no such file."""
    if name in COMMON_FILES or is_model(name):
        # Never empty: an empty first file can keep a phone from asking for its own.
        return f"# {name}.cfg of this MCS: nothing common to set\n"
    return None


class Files:
    """Handlers."""

    def __init__(self, gate: Gate, firmware: FirmwareStore) -> None:
        self._gate = gate
        self._firmware = firmware

    async def configuration(self, request: web.Request) -> web.Response:
        """``startup.cfg``, ``aastra.cfg``, ``<model>.cfg``, ``<MAC>.cfg``."""
        name = request.match_info["name"]
        if (common := common_file(name)) is not None:
            return web.Response(text=common)
        if not is_mac(name):
            raise web.HTTPNotFound
        caller = await self._gate.admit(request, name)
        if caller.standing is Standing.REFUSED:
            await self._refuse(caller)
        if caller.is_impostor:
            return await self._stranger(caller)
        return await self._own_file(caller)

    async def _own_file(self, caller: Caller) -> web.Response:
        entries: list[Entry] = []
        dossier, contact = caller.dossier, caller.contact()
        if isinstance(contact, Seen):
            entries.append(contact)
        else:  # it may make the phone known, or known as another model
            await self._gate.book.note(contact)
            dossier = await self._gate.dossiers.get(caller.mac)
        file = dossier.file(caller.place, caller.site, trusted=caller.trusted)
        rendered = file.rendered
        if not holds(known_of(dossier.phone), rendered):
            entries.append(
                Held(caller.mac, rendered.revision, rendered.static, rendered.live_names)
            )
            if file.without:
                why = f"no account was handed to the phone: {file.without}"
                entries.append(Happened(caller.mac, caller.at, "hand-out", why))
        if file.extension is not None:
            message = (
                f"credentials of extension {file.extension} handed to the phone "
                f"({caller.place.location}, {caller.standing}) at {caller.address}"
            )
            entries.append(caller.hand_out(file.extension, message))
        if entries:
            await self._gate.book.note(*entries)
        return web.Response(text=rendered.body, headers={"Cache-Control": "no-store"})

    async def _stranger(self, caller: Caller) -> web.Response:
        """What any unknown phone gets, so that nobody learns which MACs are in use."""
        message = (
            f"somebody at {caller.address} asked as this phone without its token and was handed "
            "nothing. If it was the phone itself (factory reset), open its enrolment"
        )
        audit.warning("phone %s: %s", caller.mac, message)
        await self._gate.book.note(Happened(caller.mac, caller.at, "refusal", message))
        body = caller.file().rendered.body
        return web.Response(text=body, headers={"Cache-Control": "no-store"})

    async def _refuse(self, caller: Caller) -> None:
        message = (
            f"refused at {caller.address}: it showed a token that is not this phone's. After a "
            "factory reset or a change of phones open its enrolment on the Phones page"
        )
        audit.warning("phone %s: %s", caller.mac, message)
        event = Happened(caller.mac, caller.at, "refusal", message)
        # One that was deleted here comes with the token of its earlier life: it shows again.
        entries = (event,) if caller.is_impostor else (caller.contact(), event)
        await self._gate.book.note(*entries)
        # Not an empty file: a phone that is refused keeps what it has and works on.
        raise web.HTTPForbidden(text="This phone is not the one that was enrolled.\n")

    async def image(self, request: web.Request) -> web.StreamResponse:
        """``<model>.st`` and ``<model>.boot.st``: the target version of the model."""
        model = request.match_info["model"]
        kind = "boot" if model.endswith(".boot") else "sip"
        model = model.removesuffix(".boot")
        path = await self._firmware.target_path(model, kind) if is_model(model) else None
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(
            path, status=HTTPStatus.OK, headers={"Content-Type": "application/octet-stream"}
        )
