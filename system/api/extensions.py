"""``/phone-systems/{id}/extensions``: the SIP Authorization form (EXT-1 to EXT-6)."""

from typing import Annotated

from aiohttp import web
from pydantic import Field, SecretStr
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from system.api import phone_systems
from system.api.declare import PAGING, Body, Document, Page, Route, text_query
from system.api.services import SERVICES
from system.api.web import (
    actor,
    answer,
    check_match,
    entity_tag,
    page_of,
    paging,
    read_body,
    resource_of,
)
from system.audit.trail import HIDDEN, add
from system.domain.roles import Permission
from system.domain.warnings import extension_warnings
from system.errors import NotFound
from system.provisioning import authorization
from system.provisioning.authorization import Wish
from system.storage.models import Extension

READ_ONLY = (
    "extension",
    "name",
    "node",
    "device_type",
    "internal_auth_name",
    "remote_password_set",
    "remote_credentials_typed",
    "mbg_device_id",
    "provisioning",
    "warnings",
)


class AuthorizationBody(Body):
    """``PUT``; name and password left out or empty stay as they are, or are made at random."""

    use_remote_credentials: bool | None = None
    remote_name: Annotated[str, Field(max_length=256)] | None = None
    remote_password: Annotated[SecretStr, Field(max_length=256)] | None = None


class ProvisioningDocument(Document):
    """How far the MBG has been told."""

    state: str
    message: str | None
    attempts: int


class ExtensionDocument(Document):
    """A SIP extension with its SIP Authorization form."""

    extension: str
    name: str
    node: int
    device_type: int
    internal_auth_name: str | None
    use_remote_credentials: bool
    remote_name: str | None
    remote_password_set: bool
    remote_credentials_typed: bool
    mbg_device_id: str | None
    provisioning: ProvisioningDocument
    warnings: list[str]


async def list_page(request: web.Request) -> web.Response:
    """A page of extensions by number; ``search`` looks in number and name."""
    page, page_size = paging(request)
    search = request.query.get("search", "").strip()
    async with request.app[SERVICES].database.read() as session:
        system = await phone_systems.find(request, session)
        conditions = [Extension.phone_system_id == system.id]
        if search:
            conditions.append(
                or_(
                    Extension.extension.icontains(search, autoescape=True),
                    Extension.name.icontains(search, autoescape=True),
                )
            )
        total = await session.scalar(select(func.count(Extension.id)).where(*conditions)) or 0
        in_order = func.length(Extension.extension), Extension.extension
        # Ids first: what is sorted is short then, and comes from the index of the numbers alone.
        chosen = (
            select(Extension.id)
            .where(*conditions)
            .order_by(*in_order)
            .offset((page - 1) * page_size)
            .limit(page_size)
        )
        found = await session.scalars(
            select(Extension)
            .where(Extension.id.in_(chosen))
            .options(joinedload(Extension.node))
            .order_by(*in_order)
        )
        items = [_document(extension) for extension in found]
    return page_of(items, total, page, page_size)


async def read(request: web.Request) -> web.Response:
    """One extension."""
    async with request.app[SERVICES].database.read() as session:
        extension = await _find(request, session)
    return answer(_document(extension), etag=_tag(request, extension))


async def write(request: web.Request) -> web.Response:
    """Save the form: credentials and operation are stored together, then provisioning starts."""
    services = request.app[SERVICES]
    body = await read_body(request, AuthorizationBody, read_only=READ_ONLY)
    async with services.database.write() as session:
        extension = await _find(request, session, lock=True)
        check_match(request, _tag(request, extension))
        before, password = _audited(extension), extension.remote_password
        use_remote = body.use_remote_credentials
        wish = Wish(
            extension.use_remote_credentials if use_remote is None else use_remote,
            body.remote_name,
            body.remote_password.get_secret_value() if body.remote_password else None,
        )
        await authorization.save(session, extension, wish, services.clock.now(), services.entropy)
        after = _audited(extension)
        if extension.remote_password not in (None, password):
            after["remote_password"] = HIDDEN
        add(
            session,
            services.clock.now(),
            actor(request),
            "changed",
            resource_of(request),
            before,
            after,
        )
    services.work.set()
    return answer(_document(extension), etag=_tag(request, extension))


async def _find(request: web.Request, session: AsyncSession, *, lock: bool = False) -> Extension:
    system = await phone_systems.find(request, session)
    number = request.match_info["extension"]
    statement = (
        select(Extension)
        .where(Extension.phone_system_id == system.id, Extension.extension == number)
        .options(joinedload(Extension.node))
    )
    if lock:
        statement = statement.with_for_update(of=Extension)
    extension = await session.scalar(statement)
    if extension is None:
        raise NotFound(
            "not_found", f"Phone system {system.id} has no SIP extension {number[:64]!r}."
        )
    return extension


def _tag(request: web.Request, extension: Extension) -> str:
    return entity_tag(
        request,
        "extension",
        extension.id,
        extension.use_remote_credentials,
        extension.remote_name,
        extension.remote_password,
    )


def _audited(extension: Extension) -> dict[str, object]:
    """What the form holds; the provisioning that follows has entries of its own."""
    return {
        "use_remote_credentials": extension.use_remote_credentials,
        "remote_name": extension.remote_name,
        "remote_password_set": extension.remote_password is not None,
    }


def _document(extension: Extension) -> ExtensionDocument:
    return ExtensionDocument(
        extension=extension.extension,
        name=extension.name,
        node=extension.node.number,
        device_type=extension.device_type,
        internal_auth_name=extension.internal_auth_name,
        use_remote_credentials=extension.use_remote_credentials,
        remote_name=extension.remote_name,
        remote_password_set=extension.remote_password is not None,
        remote_credentials_typed=(extension.remote_name_typed and extension.remote_password_typed),
        mbg_device_id=extension.mbg_device_id,
        provisioning=ProvisioningDocument(
            state=extension.provisioning_state,
            message=extension.provisioning_message,
            attempts=extension.provisioning_attempts,
        ),
        warnings=extension_warnings(
            extension.extension,
            extension.internal_auth_name,
            use_remote=extension.use_remote_credentials,
            on_pbx=extension.on_pbx,
        ),
    )


_EXTENSIONS = "/phone-systems/{id}/extensions"
ROUTES = (
    Route(
        method="GET",
        path=_EXTENSIONS,
        handler=list_page,
        needs=Permission.READ_PHONES,
        query=(*PAGING, text_query("search", "a part of number or name, in any case")),
        answer=Page[ExtensionDocument],
    ),
    Route(
        method="GET",
        path=f"{_EXTENSIONS}/{{extension}}",
        handler=read,
        needs=Permission.READ_PHONES,
        answer=ExtensionDocument,
        tagged=True,
    ),
    Route(
        method="PUT",
        path=f"{_EXTENSIONS}/{{extension}}",
        handler=write,
        needs=Permission.CHANGE_PHONES,
        body=AuthorizationBody,
        read_only=READ_ONLY,
        answer=ExtensionDocument,
        tagged=True,
        refusals=(409,),
    ),
)
