"""``/users``: people, their roles and extensions."""

from typing import Annotated, Any

from aiohttp import web
from pydantic import Field, SecretStr
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from system.api.declare import BASE, PAGING, Body, Document, Page, Route, text_query
from system.api.services import SERVICES, Services
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
from system.domain.passwords import USERNAME_PATTERN
from system.domain.roles import Permission, Role
from system.errors import Conflict, InvalidInput, NotFound
from system.people.accounts import check_rule, end_log_ins
from system.people.users import check_engineer_stays, count, free_extension, users
from system.storage.people import User

READ_ONLY = ("username",)

Name = Annotated[str, Field(max_length=128)]
Number = Annotated[str, Field(min_length=1, max_length=32)]
Password = Annotated[SecretStr, Field(max_length=256)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
RoleName = Annotated[str, Field(json_schema_extra={"enum": list(map(str, Role))})]


class CreateBody(Body):
    """``POST``."""

    username: Annotated[str, Field(pattern=USERNAME_PATTERN)]
    password: Password
    role: RoleName
    display_name: Name = ""
    primary_extension: Number | None = None
    softphone_extension: Number | None = None
    language: Language = "en"


class ChangeBody(Body):
    """``PUT``; what is left out stays, ``null`` takes an extension away."""

    password: Password | None = None
    role: RoleName = Role.USER
    display_name: Name = ""
    primary_extension: Number | None = None
    softphone_extension: Number | None = None
    language: Language = "en"


class UserDocument(Document):
    """An account."""

    username: str
    display_name: str
    role: str
    primary_extension: str | None
    softphone_extension: str | None
    language: str


async def list_page(request: web.Request) -> web.Response:
    """A page of users, by name; ``search`` looks in user name and display name."""
    page, page_size = paging(request)
    search = request.query.get("search", "").strip()
    statement = users().order_by(User.username)
    async with request.app[SERVICES].database.read() as session:
        total = await count(session)
        if search:
            matching = User.username.icontains(search, autoescape=True) | (
                User.display_name.icontains(search, autoescape=True)
            )
            statement = statement.where(matching)
            total = len((await session.scalars(statement)).all())
        found = await session.scalars(statement.offset((page - 1) * page_size).limit(page_size))
        items = [_document(user) for user in found]
    return page_of(items, total, page, page_size)


async def create(request: web.Request) -> web.Response:
    """Add an account."""
    services = request.app[SERVICES]
    body = await read_body(request, CreateBody)
    password = body.password.get_secret_value()
    check_rule(password, body.username, "password")
    user = User(
        username=body.username,
        password_hash=await services.accounts.hashing.make(password),
        primary_extension=None,
        softphone_extension=None,
    )
    try:
        async with services.database.write() as session:
            await _take(session, user, body, {*CreateBody.model_fields} - {"username", "password"})
            session.add(user)
            await session.flush()
            resource = f"/users/{user.username}"
            now = services.clock.now()
            add(session, now, actor(request), "created", resource, None, _audited(user))
    except IntegrityError:
        raise Conflict(
            "username_taken", f"There is a user {body.username} already.", field="username"
        ) from None
    return answer(
        _document(user),
        etag=_tag(request, user),
        status=201,
        headers={"Location": f"{BASE}/users/{user.username}"},
    )


async def read(request: web.Request) -> web.Response:
    """One account."""
    async with request.app[SERVICES].database.read() as session:
        user = await _find(request, session)
    return answer(_document(user), etag=_tag(request, user))


async def write(request: web.Request) -> web.Response:
    """Change an account; a new password or role ends its log-ins."""
    services = request.app[SERVICES]
    body = await read_body(request, ChangeBody, read_only=READ_ONLY)
    new_hash = await _new_hash(request, services, body)
    async with services.database.write() as session:
        user = await _find(request, session, lock=True)
        check_match(request, _tag(request, user))
        before, role = _audited(user), user.role
        await _take(session, user, body, body.model_fields_set - {"password"})
        after = _audited(user)
        if new_hash is not None:
            user.password_hash = new_hash
            after["password"] = HIDDEN
        await session.flush()
        if new_hash is not None or user.role != role:
            await end_log_ins(session, user.id)
        add(
            session,
            services.clock.now(),
            actor(request),
            "changed",
            resource_of(request),
            before,
            after,
        )
    return answer(_document(user), etag=_tag(request, user))


async def remove(request: web.Request) -> web.Response:
    """Remove an account; its log-ins end."""
    services = request.app[SERVICES]
    async with services.database.write() as session:
        user = await _find(request, session, lock=True)
        check_match(request, _tag(request, user))
        await check_engineer_stays(session, user)
        await end_log_ins(session, user.id)
        now, resource = services.clock.now(), resource_of(request)
        add(session, now, actor(request), "removed", resource, _audited(user), None)
        await session.delete(user)
    return web.Response(status=204)


async def _new_hash(request: web.Request, services: Services, body: ChangeBody) -> str | None:
    if body.password is None:
        return None
    password = body.password.get_secret_value()
    check_rule(password, request.match_info["username"], "password")
    return await services.accounts.hashing.make(password)


async def _take(
    session: AsyncSession, user: User, body: CreateBody | ChangeBody, given: set[str]
) -> None:
    if "role" in given:
        if body.role not in list(Role):
            raise InvalidInput("invalid", f"A role is one of {', '.join(Role)}.", field="role")
        if user.role == Role.ENGINEER and body.role != Role.ENGINEER:
            await check_engineer_stays(session, user)
        user.role = body.role
    if "display_name" in given:
        user.display_name = body.display_name
    if "language" in given:
        user.language = body.language
    for name in ("primary_extension", "softphone_extension"):
        if name in given:
            extension = await free_extension(session, user, getattr(body, name), name)
            setattr(user, name, extension)


async def _find(request: web.Request, session: AsyncSession, *, lock: bool = False) -> User:
    username = request.match_info["username"]
    statement = users().where(User.username == username)
    if lock:
        statement = statement.with_for_update(of=User)
    user = await session.scalar(statement)
    if user is None:
        raise NotFound("not_found", f"There is no user {username[:64]!r}.")
    return user


def _tag(request: web.Request, user: User) -> str:
    return entity_tag(request, "user", user.id, user.password_hash, _audited(user))


def _audited(user: User) -> dict[str, Any]:
    return _document(user).model_dump(exclude={"username"})


def _document(user: User) -> UserDocument:
    primary, softphone = user.primary_extension, user.softphone_extension
    return UserDocument(
        username=user.username,
        display_name=user.display_name,
        role=user.role,
        primary_extension=primary.extension if primary else None,
        softphone_extension=softphone.extension if softphone else None,
        language=user.language,
    )


_ONE = "/users/{username}"
ROUTES = (
    Route(
        method="GET",
        path="/users",
        handler=list_page,
        needs=Permission.READ_USERS,
        query=(*PAGING, text_query("search", "a part of the names, in any case")),
        answer=Page[UserDocument],
    ),
    Route(
        method="POST",
        path="/users",
        handler=create,
        needs=Permission.CHANGE_USERS,
        body=CreateBody,
        answer=UserDocument,
        status=201,
        refusals=(409,),
    ),
    Route(
        method="GET",
        path=_ONE,
        handler=read,
        needs=Permission.READ_USERS,
        answer=UserDocument,
        tagged=True,
    ),
    Route(
        method="PUT",
        path=_ONE,
        handler=write,
        needs=Permission.CHANGE_USERS,
        body=ChangeBody,
        read_only=READ_ONLY,
        answer=UserDocument,
        tagged=True,
        refusals=(409,),
    ),
    Route(
        method="DELETE",
        path=_ONE,
        handler=remove,
        needs=Permission.CHANGE_USERS,
        status=204,
        tagged=True,
        refusals=(409,),
    ),
)
