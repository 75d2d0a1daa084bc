"""``/settings/mbg/certificate``: the pinned one, another that the MBG presents, confirming that."""

from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from system.api.services import SERVICES
from system.api.web import Body, read_body
from system.errors import Conflict
from system.mbg import certificates
from system.mbg.access import load_settings
from system.provisioning import queue
from system.storage.models import MbgSettings


class ConfirmBody(Body):
    """``POST .../confirm``: the fingerprint that the person has compared."""

    sha256: Annotated[str, Field(min_length=1, max_length=128)]


def document(settings: MbgSettings) -> dict[str, Any]:
    """Both certificates, ``null`` for what there is not."""
    return {
        "pinned": _shown(settings.pinned_certificate),
        "presented": _shown(settings.presented_certificate),
    }


async def read(request: web.Request) -> web.Response:
    """What a person compares: fingerprint, subject, issuer, validity."""
    async with request.app[SERVICES].database.read() as session:
        return web.json_response(document(await load_settings(session)))


async def confirm(request: web.Request) -> web.Response:
    """Trust the presented certificate from now on; waiting work goes on at once."""
    services = request.app[SERVICES]
    body = await read_body(request, ConfirmBody)
    async with services.database.write() as session:
        settings = await load_settings(session)
        presented = settings.presented_certificate
        if presented is None:
            raise Conflict(
                "no_other_certificate",
                "The MBG has presented no other certificate.",
                field="sha256",
            )
        if certificates.fingerprint(presented) != body.sha256.strip().upper():
            raise Conflict(
                "other_certificate",
                "That is not the certificate that the MBG presents. Look at it again first.",
                field="sha256",
            )
        settings.pinned_certificate, settings.presented_certificate = presented, None
        settings.token_message = None
        await queue.make_all_due(session, services.clock.now())
    services.watch.look_now()
    services.work.set()
    return web.json_response(document(settings))


def _shown(pem: str | None) -> dict[str, str | None] | None:
    return None if pem is None else certificates.describe(pem).document()
