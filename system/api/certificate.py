"""``/settings/mbg/certificate``: the pinned one, another that the MBG presents, confirming that."""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from system.api.declare import Body, Document, Route
from system.api.services import SERVICES
from system.api.web import actor, answer, read_body, resource_of
from system.audit.trail import add
from system.domain.roles import Permission
from system.errors import Conflict
from system.mbg import certificates
from system.mbg.access import load_settings
from system.provisioning import queue
from system.storage.models import SINGLETON, MbgSettings


class ConfirmBody(Body):
    """``POST .../confirm``: the fingerprint that the person has compared."""

    sha256: Annotated[str, Field(min_length=1, max_length=128)]


class CertificateDocument(Document):
    """What a person compares."""

    sha256: str
    subject: str
    issuer: str
    not_before: str
    not_after: str


class CertificatesDocument(Document):
    """Both certificates, ``null`` for what there is not."""

    pinned: CertificateDocument | None
    presented: CertificateDocument | None


def document(settings: MbgSettings) -> CertificatesDocument:
    """Both, as stored."""
    return CertificatesDocument(
        pinned=_shown(settings.pinned_certificate),
        presented=_shown(settings.presented_certificate),
    )


async def read(request: web.Request) -> web.Response:
    """What a person compares: fingerprint, subject, issuer, validity."""
    async with request.app[SERVICES].database.read() as session:
        return answer(document(await load_settings(session)))


async def confirm(request: web.Request) -> web.Response:
    """Trust the presented certificate from now on; waiting work goes on at once."""
    services = request.app[SERVICES]
    body = await read_body(request, ConfirmBody)
    async with services.database.write() as session:
        settings = await session.get_one(MbgSettings, SINGLETON, with_for_update=True)
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
        now, facts = services.clock.now(), {"sha256": certificates.fingerprint(presented)}
        await queue.make_all_due(session, now)
        add(session, now, actor(request), "confirmed", resource_of(request), None, facts)
    services.watch.look_now()
    services.work.set()
    return answer(document(settings))


def _shown(pem: str | None) -> CertificateDocument | None:
    if pem is None:
        return None
    return CertificateDocument.model_validate(certificates.describe(pem).document())


_PAGE = "/settings/mbg/certificate"
ROUTES = (
    Route(
        method="GET",
        path=_PAGE,
        handler=read,
        needs=Permission.READ_SITE,
        answer=CertificatesDocument,
    ),
    Route(
        method="POST",
        path=f"{_PAGE}/confirm",
        handler=confirm,
        needs=Permission.CHANGE_SITE,
        body=ConfirmBody,
        answer=CertificatesDocument,
        refusals=(409,),
    ),
)
