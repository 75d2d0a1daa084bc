"""Control of a node's habits: what the README's table calls NodeSettings, but for licences.

A change counts from the node's next start on, as with "SIP UDP Listening Port".
"""

from dataclasses import fields
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from simulators.control.documents import WHOLE
from simulators.control.pbx_node_routes import named_node
from simulators.http_api.routes import Answer, Document, Route
from simulators.pbx.node import PbxNode
from simulators.pbx.pbx import Pbx
from simulators.pbx.settings import NodeSettings

LONGEST_S = 10 * 366 * 86_400
HABITS = [field.name for field in fields(NodeSettings) if field.name != "licences"]

WholeSeconds = Annotated[int, Field(ge=1, le=LONGEST_S), WHOLE]
Seconds = Annotated[float, Field(gt=0, le=LONGEST_S)]
Algorithms = Annotated[list[Literal["MD5", "SHA-256"]], Field(min_length=1, max_length=2)]


class HabitsShown(Document):
    """How a node is set; `reboot_needed` while it still works by what it was set to before."""

    min_expires_s: int
    default_expires_s: int
    max_expires_s: int
    contacts_per_extension: int
    nonce_life_s: float
    algorithms: list[str]
    ring_limit_s: float
    hot_desk_code: str
    reboot_needed: bool


class HabitsChange(Document):
    """What shall be otherwise; what is left out stays."""

    min_expires_s: WholeSeconds = 1
    default_expires_s: WholeSeconds = 1
    max_expires_s: WholeSeconds = 1
    contacts_per_extension: Annotated[int, Field(ge=1, le=100), WHOLE] = 1
    nonce_life_s: Seconds = 1.0
    algorithms: Algorithms = ["MD5"]  # noqa: RUF012 pydantic copies it
    ring_limit_s: Seconds = 1.0
    hot_desk_code: Annotated[str, Field(pattern="^[0-9]{1,10}$")] = "348"


class _Habits:
    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    async def read_habits(self, request: web.Request) -> HabitsShown:
        return _shown(named_node(self._pbx, request))

    async def change_habits(self, request: web.Request, *, body: HabitsChange) -> HabitsShown:
        node = named_node(self._pbx, request)
        changes = body.model_dump(include=body.model_fields_set)
        if "algorithms" in changes:
            changes["algorithms"] = tuple(dict.fromkeys(body.algorithms))
        node.change_habits(**changes)
        return _shown(node)


def _shown(node: PbxNode) -> HabitsShown:
    values = {name: getattr(node.settings, name) for name in HABITS}
    values["algorithms"] = list(node.settings.algorithms)
    return HabitsShown(**values, reboot_needed=node.reboot_needed)


def pbx_habit_routes(pbx: Pbx) -> list[Route]:
    """Read and change."""
    calls = _Habits(pbx)
    shown = (Answer(200, "as they are set now", HabitsShown),)
    return [
        Route("GET", "/nodes/{node}/habits", "See how a node is set", calls.read_habits, shown),
        Route(
            "PATCH", "/nodes/{node}/habits", "Change a node's habits from its next reboot on",
            calls.change_habits, shown,
        ),
    ]  # fmt: skip
