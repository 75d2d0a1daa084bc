"""What an MCS answered, read so that a member that is missing is its failure and not ours."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, Protocol

SHOWN = 300
"""Characters of an answer that a message quotes."""


class McsRefused(AssertionError):
    """The MCS refused a call: status, code, message and, if it is about one, the field."""

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(document.get("code", ""))
        self.message = str(document.get("message", ""))
        self.field = document.get("field")
        self.requirement = document.get("requirement")
        super().__init__(f"the MCS refused with {status} {self.code}: {self.message}")


class McsSilent(AssertionError):
    """The MCS could not be reached, or gave no answer in time."""


class McsUnclear(AssertionError):
    """The MCS answered what is no answer to the call."""


class AtMcs(Protocol):
    """A session of the MCS's administrator: at its API, or of a person at its pages.

    Paths and bodies are those of docs/wire.md section 5. A refusal is a `McsRefused`.
    """

    async def log_in(self) -> None:
        """Log in as the administrator."""

    async def get(self, path: str) -> Any:
        """Read a resource."""

    async def put(self, path: str, body: dict[str, Any]) -> Any:
        """Write a resource."""

    async def tag(self, path: str) -> str:
        """Which version of a resource is stored now."""

    async def put_as_of(self, tag: str, path: str, body: dict[str, Any]) -> Any:
        """Write a resource that was read in the version `tag`."""

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Do something."""

    async def delete(self, path: str) -> Any:
        """Take something away."""

    async def put_octets(self, path: str, octets: bytes) -> Any:
        """Upload a file."""

    async def until(self, path: str, wanted: Callable[[Any], bool], what: str) -> Any:
        """Read a resource until it is as wanted."""


class Members(dict[str, Any]):
    """A JSON object of an answer."""

    def __missing__(self, name: str) -> NoReturn:
        raise McsUnclear(f"the answer of the MCS has no {name!r}: {str(dict(self))[:SHOWN]}")


class Items(list[Any]):
    """A JSON array of an answer."""

    def __getitem__(self, index: Any) -> Any:
        try:
            return super().__getitem__(index)
        except IndexError:
            raise McsUnclear("a list in the answer of the MCS is too short") from None


def read_answer(call: str, status: int, body: bytes) -> Any:
    """The document of an answer; an empty one where there is none (204).

    Raises:
        McsUnclear: a success that is not JSON.
        McsRefused: a refusal, whatever its body is.
    """
    if status == 204:
        return Members()
    try:
        document = _wrapped(json.loads(body))
    except (ValueError, RecursionError):
        said = body.decode("utf-8", "replace")[:SHOWN] or "nothing"
        if status >= 400:
            raise McsRefused(status, {"message": f"{call}: {said}"}) from None
        raise McsUnclear(f"expected JSON in answer to {call}, got {status} with {said}") from None
    if status >= 400:
        raise McsRefused(status, document if isinstance(document, dict) else {})
    return document


def _wrapped(value: Any) -> Any:
    if isinstance(value, dict):
        return Members({name: _wrapped(each) for name, each in value.items()})
    if isinstance(value, list):
        return Items(_wrapped(each) for each in value)
    return value
