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


class Faults:
    """The faults of one role, as documents."""

    def __init__(self, role: Controlled) -> None:
        self._role = role

    def kinds(self) -> FaultKinds:
        """All that could be switched on."""
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

    def listed(self) -> FaultsOn:
        """All that were switched on, the oldest first."""
        return FaultsOn(items=[self._shown(s) for s in self._role.faults.listed()])

    def switch_on(self, name: str, parameters: dict[str, object]) -> FaultOn:
        """Switch one on.

        Raises:
            Refused: 422, with a reason for each field.
        """
        try:
            fault = made(name, parameters, self._role.faults.kinds)
        except WrongFault as error:
            raise invalid(error.fields) from error
        switched = self._role.faults.switch_on(fault)
        self._said("fault switched on", switched)
        return self._shown(switched)

    def switch_off(self, number: str) -> None:
        """Switch one off.

        Raises:
            Refused: 404, none of that number is listed.
        """
        numbers = {str(s.number): s.number for s in self._role.faults.listed()}
        if number not in numbers:
            raise Refused(404, "not_found", f"no fault {number} is listed")
        self._said("fault switched off", self._role.faults.switch_off(numbers[number]))

    def switch_all_off(self) -> None:
        """Switch all of this role off."""
        self._role.faults.calm()
        self._role.journal.happened(self._role.role, "all faults switched off")

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


class _Calls:
    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    async def list_fault_kinds(self, request: web.Request) -> FaultKinds:
        return self._faults.kinds()

    async def list_faults(self, request: web.Request) -> FaultsOn:
        return self._faults.listed()

    async def switch_fault_off(self, request: web.Request) -> web.Response:
        self._faults.switch_off(request.match_info["number"])
        return done()

    async def switch_all_faults_off(self, request: web.Request) -> web.Response:
        self._faults.switch_all_off()
        return done()


def fault_routes(role: Controlled) -> list[Route]:
    """Catalogue, list, on, off, all off."""
    faults = Faults(role)
    calls = _Calls(faults)
    known: list[JsonValue] = [*names(role.faults.kinds)]

    class SwitchOn(Document):
        """A fault's name and, where they differ from the defaults, its parameters."""

        name: str = Field(json_schema_extra={"enum": known})
        parameters: dict[str, object] = Field(default_factory=dict)

    async def switch_fault_on(request: web.Request, *, body: SwitchOn) -> FaultOn:
        return faults.switch_on(body.name, body.parameters)

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
