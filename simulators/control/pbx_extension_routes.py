"""Control of a node's extensions: made, changed, removed, and whose phone is registered (EXT-1..6).

A password is told where it is made, once; afterwards only the CT Gateway hands it on.
"""

from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from simulators.control.documents import NOTHING, done
from simulators.control.pbx_node_routes import named_node
from simulators.http_api.refused import Refused
from simulators.http_api.routes import Answer, Document, Route
from simulators.pbx.extensions import DeviceType, Extension
from simulators.pbx.node import PbxNode
from simulators.pbx.pbx import Pbx

Number = Annotated[str, Field(pattern="^[0-9]{1,10}$")]
Text = Annotated[str, Field(min_length=1, max_length=100)]
Password = Annotated[str, Field(max_length=100)]
Kind = Literal["SIP phone", "SIP hot desk"]


class ExtensionWish(Document):
    """A new extension; what is left out the node makes, as its release can."""

    number: Number
    name: Text
    type: Kind = "SIP phone"
    auth_name: Text | None = None
    auth_password: Password | None = None
    passcode: Annotated[str, Field(pattern="^[0-9]{1,20}$")] | None = None


class ExtensionChange(Document):
    """What shall be otherwise; what is left out stays."""

    name: Text | None = None
    auth_name: Text | None = None


class CredentialsWish(Document):
    """The new password; without one the node makes it, as its release can."""

    auth_password: Password | None = None


class ExtensionShown(Document):
    """An extension; `contact` is where its phone is, "" where it is not registered."""

    number: str
    name: str
    type: Kind
    auth_name: str
    weak_password: bool
    registered: bool
    contact: str
    transport: str


class ExtensionsShown(Document):
    """All of a node."""

    items: list[ExtensionShown]


class Credentials(Document):
    """What the phone registers with: the only sight of it."""

    number: str
    auth_name: str
    auth_password: str


class _Extensions:
    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    async def list_extensions(self, request: web.Request) -> ExtensionsShown:
        node = named_node(self._pbx, request)
        return ExtensionsShown(items=[_shown(node, e) for e in node.extensions.values()])

    async def add_extension(self, request: web.Request, *, body: ExtensionWish) -> Credentials:
        node = named_node(self._pbx, request)
        return _credentials(
            node.add_extension(
                body.number,
                body.name,
                hot_desk=body.type == DeviceType.SIP_HOT_DESK.label,
                auth_name=body.auth_name,
                auth_password=body.auth_password,
                passcode=body.passcode,
            )
        )

    async def read_extension(self, request: web.Request) -> ExtensionShown:
        node = named_node(self._pbx, request)
        return _shown(node, named_extension(node, request))

    async def change_extension(
        self, request: web.Request, *, body: ExtensionChange
    ) -> ExtensionShown:
        node = named_node(self._pbx, request)
        number = named_extension(node, request).number
        if body.auth_name is not None:  # the one that may be refused goes first
            node.set_auth_name(number, body.auth_name)
        if body.name is not None:
            node.rename_extension(number, body.name)
        return _shown(node, node.extensions[number])

    async def remove_extension(self, request: web.Request) -> web.Response:
        node = named_node(self._pbx, request)
        node.remove_extension(named_extension(node, request).number)
        return done()

    async def renew_credentials(
        self, request: web.Request, *, body: CredentialsWish
    ) -> Credentials:
        node = named_node(self._pbx, request)
        number = named_extension(node, request).number
        return _credentials(node.renew_credentials(number, body.auth_password))

    async def check_sync(self, request: web.Request) -> web.Response:
        node = named_node(self._pbx, request)
        node.check_sync(named_extension(node, request).number)
        return done()


def named_extension(node: PbxNode, request: web.Request) -> Extension:
    """The extension that a call is about.

    Raises:
        Refused: 404, there is none of that number.
    """
    wanted = request.match_info["number"]
    found = node.extensions.get(wanted)
    if found is None:
        raise Refused(404, "not_found", f"there is no extension {wanted} on {node.role}")
    return found


def _shown(node: PbxNode, extension: Extension) -> ExtensionShown:
    binding = node.binding(extension.number)
    return ExtensionShown(
        number=extension.number,
        name=extension.name,
        type="SIP phone" if extension.device_type is DeviceType.SIP_PHONE else "SIP hot desk",
        auth_name=extension.auth_name,
        weak_password=extension.has_weak_password,
        registered=binding is not None,
        contact="" if binding is None else binding.contact,
        transport="" if binding is None else binding.transport,
    )


def _credentials(extension: Extension) -> Credentials:
    return Credentials(
        number=extension.number,
        auth_name=extension.auth_name,
        auth_password=extension.auth_password,
    )


def pbx_extension_routes(pbx: Pbx) -> list[Route]:
    """List, add, change, renew, remove, check-sync."""
    calls = _Extensions(pbx)
    base, one = "/nodes/{node}/extensions", "/nodes/{node}/extensions/{number}"
    shown = (Answer(200, "as it is now", ExtensionShown),)
    return [
        Route(
            "GET", base, "List extensions with their registrations", calls.list_extensions,
            (Answer(200, "all", ExtensionsShown),),
        ),
        Route(
            "POST", base, "Add an extension", calls.add_extension,
            (Answer(201, "added", Credentials),),
        ),
        Route("GET", one, "See one extension", calls.read_extension, shown),
        Route("PATCH", one, "Rename it, or give another authorization name",
              calls.change_extension, shown),
        Route("DELETE", one, "Remove an extension", calls.remove_extension, (NOTHING,)),
        Route(
            "POST", f"{one}/credentials", "Renew an extension's credentials",
            calls.renew_credentials, (Answer(200, "renewed", Credentials),),
        ),
        Route("POST", f"{one}/check-sync", "Send check-sync to its phone", calls.check_sync,
              (NOTHING,)),
    ]  # fmt: skip
