"""What the documents of the control API share."""

from datetime import UTC, datetime
from typing import Annotated

from aiohttp import web
from pydantic import BeforeValidator, Field

from simulators.http_api.routes import Answer

NOTHING = Answer(204, "done")


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""Last in an `Annotated[int, ...]`: a whole number of JSON, in which 7.0 is 7 (JSON Schema)."""

Port = Annotated[int, Field(ge=0, le=65_535), WHOLE]
"""A port; 0 means any."""


def done() -> web.Response:
    """204."""
    return web.Response(status=204)


def iso(epoch_s: float) -> str:
    """Calendar time as people and programs read it, to the millisecond."""
    moment = datetime.fromtimestamp(epoch_s, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_or_none(epoch_s: float | None) -> str | None:
    """The same of a time that may not be."""
    return None if epoch_s is None else iso(epoch_s)
