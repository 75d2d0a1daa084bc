"""Control of a role's faults: what there is, what is on, on and off."""

from aiohttp import web
from pydantic import Field, JsonValue

from simulators.control.documents import NOTHING, done, iso, iso_or_none
from simulators.control.role import Controlled
from simulators.faults.catalogue import CATALOGUE, WrongFault, made, names
from simulators.faults.table import Switched
from simulators.http_api.refused import Refused, invalid
from simulators.http_api.routes import Answer, Document, Route


class FaultKind(Document):
    """A fault that could be switched on; `parameters` is a JSON schema for each."""

    name: str
    description: str
    parameters: dict[str, object]


class FaultKinds(Document):
    """All of them."""

    items: list[FaultKind]


class FaultOn(Document):
    """A fault that was switched on; state is `on`, `used up` or `expired`."""

    number: int
    name: str
    parameters: dict[str, object]
    state: str
    struck: int
    since: str
    until: str | None


class FaultsOn(Document):
    """All of them, the oldest first."""

    items: list[FaultOn]


class _Faults:
    def __init__(self, role: Controlled) -> None:
        self._role = role

    async def list_fault_kinds(self, request: web.Request) -> FaultKinds:
        return FaultKinds(
            items=[
                FaultKind(
                    name=name,
                    description=kind().description,
                    parameters=kind.model_json_schema()["properties"],
                )
                for name in names(self._role.faults.kinds)
                for kind in (CATALOGUE[name],)
            ]
        )

    async def list_faults(self, request: web.Request) -> FaultsOn:
        return FaultsOn(items=[self._shown(s) for s in self._role.faults.listed()])

    def switch_on(self, name: str, parameters: dict[str, object]) -> FaultOn:
        try:
            fault = made(name, parameters, self._role.faults.kinds)
        except WrongFault as error:
            raise invalid(error.fields) from error
        switched = self._role.faults.switch_on(fault)
        self._said("fault switched on", switched)
        return self._shown(switched)

    async def switch_fault_off(self, request: web.Request) -> web.Response:
        text = request.match_info["number"]
        numbers = {str(s.number): s.number for s in self._role.faults.listed()}
        if text not in numbers:
            raise Refused(404, "not_found", f"no fault {text} is listed")
        self._said("fault switched off", self._role.faults.switch_off(numbers[text]))
        return done()

    async def switch_all_faults_off(self, request: web.Request) -> web.Response:
        self._role.faults.calm()
        self._role.journal.happened(self._role.role, "all faults switched off")
        return done()

    def _shown(self, switched: Switched) -> FaultOn:
        return FaultOn(
            number=switched.number,
            name=switched.fault.name,
            parameters=switched.fault.model_dump(),
            state=switched.state(self._role.clock.now()),
            struck=switched.struck,
            since=iso(switched.since),
            until=iso_or_none(switched.until),
        )

    def _said(self, what: str, switched: Switched) -> None:
        self._role.journal.happened(
            self._role.role, what, fault=switched.fault.name, number=switched.number
        )


def fault_routes(role: Controlled) -> list[Route]:
    """Catalogue, list, on, off, all off."""
    calls = _Faults(role)
    known: list[JsonValue] = [*names(role.faults.kinds)]

    class SwitchOn(Document):
        """A fault's name and, where they differ from the defaults, its parameters."""

        name: str = Field(json_schema_extra={"enum": known})
        parameters: dict[str, object] = Field(default_factory=dict)

    async def switch_fault_on(request: web.Request, *, body: SwitchOn) -> FaultOn:
        return calls.switch_on(body.name, body.parameters)

    return [
        Route(
            "GET", "/faults/catalogue", "See which faults there are", calls.list_fault_kinds,
            (Answer(200, "all faults", FaultKinds),),
        ),
        Route(
            "GET", "/faults", "List the faults that were switched on", calls.list_faults,
            (Answer(200, "the oldest first", FaultsOn),),
        ),
        Route(
            "POST", "/faults", "Switch a fault on", switch_fault_on,
            (Answer(201, "it is on", FaultOn),),
        ),
        Route(
            "DELETE", "/faults", "Switch all faults off", calls.switch_all_faults_off, (NOTHING,)
        ),
        Route(
            "DELETE", "/faults/{number}", "Switch a fault off", calls.switch_fault_off, (NOTHING,)
        ),
    ]  # fmt: skip
