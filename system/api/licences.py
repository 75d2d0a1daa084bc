"""``/licences``: what is known of licences. Those of PBX and MBG are counted there, not here."""

from aiohttp import web
from sqlalchemy import func, select

from system.api.declare import Document, Route
from system.api.services import SERVICES, Services
from system.api.web import answer
from system.domain.addresses import Location
from system.domain.roles import Permission
from system.errors import McsError
from system.storage.models import Extension, Phone

_NO_LICENCE = "no licence"


class LicenceDocument(Document):
    """One kind; numbers are ``null`` where nobody tells them."""

    in_use: int | None
    wanting: int | None
    """Who asked for one and got none."""
    total: int | None
    message: str | None


class LicencesDocument(Document):
    """All kinds."""

    cat_f: LicenceDocument
    mbg_teleworker: LicenceDocument
    mcs_6900: LicenceDocument


async def read(request: web.Request) -> web.Response:
    """Cat-F on the PBX, teleworker licences on the MBG, 6900 licences of this MCS."""
    services = request.app[SERVICES]
    cat_f = LicenceDocument(
        in_use=None,
        wanting=None,
        total=None,
        message="The CT Gateway does not tell of the PBX's Cat-F licences. Look them up there.",
    )
    return answer(
        LicencesDocument(
            cat_f=cat_f,
            mbg_teleworker=await _teleworker(services),
            mcs_6900=await _phones(services),
        )
    )


async def _teleworker(services: Services) -> LicenceDocument:
    try:
        client = await services.access.client()
        devices = await client.devices()
    except McsError as error:
        return LicenceDocument(in_use=None, wanting=None, total=None, message=error.message)
    if all(device.licensed is None for device in devices):
        return LicenceDocument(
            in_use=None if devices else 0,
            wanting=None if devices else 0,
            total=None,
            message="The MBG does not tell how many it has.",
        )
    return LicenceDocument(
        in_use=sum(device.licensed is True for device in devices),
        wanting=sum(device.status == _NO_LICENCE for device in devices),
        total=None,
        message="The MBG does not tell how many it has.",
    )


async def _phones(services: Services) -> LicenceDocument:
    """Each 69xx with an extension takes one, wherever it is."""
    async with services.database.read() as session:
        used = await session.scalar(
            select(func.count(Phone.mac)).where(Phone.extension_id.is_not(None))
        )
        outside = await session.scalar(
            select(func.count(Phone.mac)).where(
                Phone.extension_id.is_not(None), Phone.location == Location.TELEWORKER
            )
        )
        wishes = await session.scalar(
            select(func.count(Extension.id)).where(Extension.use_remote_credentials.is_(True))
        )
    return LicenceDocument(
        in_use=used or 0,
        wanting=0,
        total=None,
        message=f"{outside or 0} of them are teleworkers'; {wishes or 0} extensions have remote "
        "credentials. This MCS sets no limit.",
    )


ROUTES = (
    Route(
        method="GET",
        path="/licences",
        handler=read,
        needs=Permission.READ_SITE,
        answer=LicencesDocument,
    ),
)
