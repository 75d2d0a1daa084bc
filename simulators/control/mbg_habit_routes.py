"""Control of an MBG's habits: what the README's table calls Settings and BorderSettings.

Names, types and what fits together are those of the two dataclasses. Web services take a change
over at once, the border with its next restart (`POST /restart`). What else may be changed is
`/system`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any, TypeVar

from aiohttp import web
from pydantic import Field, TypeAdapter, ValidationError

from simulators.errors import ConfigurationError
from simulators.http_api.application import reason
from simulators.http_api.refused import invalid
from simulators.http_api.routes import Answer, Document, Route
from simulators.mbg.mbg import Mbg
from simulators.mbg.services.web_services import Settings
from simulators.mbg.sip_border.border_terms import BorderSettings

BORDER = TypeAdapter(BorderSettings)
WEB_SERVICES = TypeAdapter(Settings)
T = TypeVar("T")
LONGEST_S = 10 * 366 * 86_400
"""About ten years: what ends so late still has a date."""


def _schema(of: TypeAdapter[Any]) -> dict[str, Any]:
    return {"properties": of.json_schema()["properties"], "additionalProperties": False}


class Habits(Document):
    """How the MBG is set; the border may still work by what it was set to before."""

    border: BorderSettings
    web_services: Settings


class HabitsChange(Document):
    """What shall be otherwise; what is left out stays.

    `web_services.timestamp_window_s` may be null: any time stamp is taken.
    """

    border: dict[str, object] = Field(default_factory=dict, json_schema_extra=_schema(BORDER))
    web_services: dict[str, object] = Field(
        default_factory=dict, json_schema_extra=_schema(WEB_SERVICES)
    )


class _Habits:
    def __init__(self, mbg: Mbg) -> None:
        self._mbg = mbg

    async def read_habits(self, request: web.Request) -> Habits:
        settings = self._mbg.settings
        return Habits(border=settings.border, web_services=settings.web_services)

    async def change_habits(self, request: web.Request, *, body: HabitsChange) -> Habits:
        now = self._mbg.settings
        border = _changed("border", BORDER, now.border, body.border)
        services = _changed("web_services", WEB_SERVICES, now.web_services, body.web_services)
        self._mbg.change_habits(border, services)
        return await self.read_habits(request)


def _changed(part: str, of: TypeAdapter[T], now: Any, changes: Mapping[str, object]) -> T:
    """The settings with these changes.

    Raises:
        Refused: 422 with a reason per field.
    """
    known = asdict(now)
    wrong = {name: _wrong(name, value) for name, value in changes.items()}
    wrong |= {name: "is unknown" for name in changes if name not in known}
    fields = {f"{part}.{name}": text for name, text in wrong.items() if text}
    if fields:
        raise invalid(fields)
    try:
        return of.validate_json(json.dumps({**known, **changes}), strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise invalid({f"{part}.{each['loc'][0]}": reason(each) for each in found}) from error
    except ConfigurationError as error:
        raise invalid({part: str(error)}) from error


def _wrong(name: str, value: object) -> str:
    """Why it can be no habit, as far as its kind tells; "" where it may be."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        most = 65_535 if name.endswith("_port") else LONGEST_S
        within = isfinite(value) and 0 < value <= most
        return "" if within else f"must be more than 0 and at most {most}"
    if isinstance(value, str):
        fits = 0 < len(value) <= 100 and value.isascii() and value.isprintable()
        fits = fits and not set(value) & set('"\\')
        return "" if fits else 'must be 1 to 100 printable ASCII characters, none of them " or \\'
    return ""


def mbg_habit_routes(mbg: Mbg) -> list[Route]:
    """Read and change."""
    calls = _Habits(mbg)
    shown = (Answer(200, "as they are set now", Habits),)
    return [
        Route("GET", "/habits", "See how the MBG is set", calls.read_habits, shown),
        Route(
            "PATCH", "/habits",
            "Change habits: web services' at once, the border's with its next restart",
            calls.change_habits, shown,
        ),
    ]  # fmt: skip
