"""Control of an estate as a whole: which roles there are, and the faults of each."""

from collections.abc import Callable, Sequence

from aiohttp import web
from pydantic import Field

from simulators.control.documents import NOTHING, done
from simulators.control.fault_routes import FaultKinds, FaultOn, Faults, FaultsOn
from simulators.control.role import Controlled
from simulators.http_api.refused import Refused
from simulators.http_api.routes import Answer, Document, Route


class RoleShown(Document):
    """A role: what plays it (`simulated`, `ours`, `external`), where, and its own control API.

    `control` is null where it has none: an MCS is controlled at its own API. `faults`: whether it
    can have faults.
    """

    role: str
    kind: str
    where: str
    control: str | None
    faults: bool


class RolesShown(Document):
    """All of them."""

    items: list[RoleShown]


class SwitchRoleFaultOn(Document):
    """A fault's name and, where they differ from the defaults, its parameters."""

    name: str = Field(min_length=1)
    parameters: dict[str, object] = Field(default_factory=dict)


class _Estate:
    def __init__(
        self, shown: Callable[[], list[RoleShown]], roles: Callable[[], Sequence[Controlled]]
    ) -> None:
        self._shown = shown
        self._roles = roles

    async def list_roles(self, request: web.Request) -> RolesShown:
        return RolesShown(items=self._shown())

    async def list_role_fault_kinds(self, request: web.Request) -> FaultKinds:
        return self._faults(request).kinds()

    async def list_role_faults(self, request: web.Request) -> FaultsOn:
        return self._faults(request).listed()

    async def switch_role_fault_on(
        self, request: web.Request, *, body: SwitchRoleFaultOn
    ) -> FaultOn:
        return self._faults(request).switch_on(body.name, body.parameters)

    async def switch_role_fault_off(self, request: web.Request) -> web.Response:
        self._faults(request).switch_off(request.match_info["number"])
        return done()

    async def switch_all_role_faults_off(self, request: web.Request) -> web.Response:
        self._faults(request).switch_all_off()
        return done()

    def _faults(self, request: web.Request) -> Faults:
        wanted = request.match_info["role"]
        for role in self._roles():
            if role.role == wanted:
                return Faults(role)
        known = ", ".join(role.role for role in self._roles())
        raise Refused(404, "not_found", f"no role {wanted} can have faults; these can: {known}")


def estate_routes(
    shown: Callable[[], list[RoleShown]], roles: Callable[[], Sequence[Controlled]]
) -> list[Route]:
    """Roles, and per role: catalogue, list, on, off, all off.

    Args:
        shown: all roles of the estate, as they are now.
        roles: those that can have faults.
    """
    calls = _Estate(shown, roles)
    return [
        Route(
            "GET", "/roles", "See which roles there are", calls.list_roles,
            (Answer(200, "all roles", RolesShown),),
        ),
        Route(
            "GET", "/roles/{role}/faults/catalogue", "See which faults a role can have",
            calls.list_role_fault_kinds, (Answer(200, "all faults", FaultKinds),),
        ),
        Route(
            "GET", "/roles/{role}/faults", "List a role's faults that were switched on",
            calls.list_role_faults, (Answer(200, "the oldest first", FaultsOn),),
        ),
        Route(
            "POST", "/roles/{role}/faults", "Switch a fault of a role on",
            calls.switch_role_fault_on, (Answer(201, "it is on", FaultOn),),
        ),
        Route(
            "DELETE", "/roles/{role}/faults", "Switch all faults of a role off",
            calls.switch_all_role_faults_off, (NOTHING,),
        ),
        Route(
            "DELETE", "/roles/{role}/faults/{number}", "Switch a fault of a role off",
            calls.switch_role_fault_off, (NOTHING,),
        ),
    ]  # fmt: skip
