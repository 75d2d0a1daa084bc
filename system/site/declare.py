"""Pages as declarations: what a page shows, what its buttons do, and which API routes those are.

Who may open a page, and who is offered a button, follows from the route of the API that it stands
for: ``Permission`` is written down nowhere else than there.

``V`` is the visit that the functions of a page get: ``system.site.visit`` has it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from system.api.app import ROUTES
from system.api.declare import Access
from system.domain.roles import Permission

V = TypeVar("V")

_NEEDS = {f"{route.method} {route.path}": route.needs for route in ROUTES}

Values = Mapping[str, Any]
"""What a template shows, by name."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a page asks before it does something that can't be taken back, or does a lot."""

    title: str
    question: str
    consequence: str
    button: str
    destroys: bool = True
    """The button then looks like it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act(Generic[V]):
    """What one button of a page does.

    Args:
        name: value of the button; forms are told apart by it.
        do: calls the API with what was typed, and ends in ``visit.done``.
        calls: the API's route that it needs, such as ``PUT /client-locations/remote``.
        question: asked first, on a page of its own; forms with secrets or files can't have one.
        largest_file: of a file that its form may carry, in octets; 0 is none.
    """

    name: str
    do: Callable[[V], Awaitable[None]]
    calls: str
    question: Callable[[V], Awaitable[Question]] | None = None
    largest_file: int = 0

    def __post_init__(self) -> None:
        needs_of(self.calls)

    @property
    def needs(self) -> Permission | Access:
        """What the API asks for."""
        return needs_of(self.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[V]):
    """One page: ``GET`` shows it, ``POST`` to the same address does one of its acts.

    Args:
        path: as aiohttp matches it.
        title: heading of pages that don't make their own.
        template: its name in ``templates/``, without ``.html.j2``.
        show: what the template needs; called for the page and for its live parts.
        reads: the API's route that it shows, such as ``GET /notices``.
        live: parts of it change by themselves: the template's blocks ``live_*``.
    """

    path: str
    title: str
    template: str
    show: Callable[[V], Awaitable[Values]]
    reads: str
    acts: tuple[Act[V], ...] = ()
    live: bool = False

    def __post_init__(self) -> None:
        needs_of(self.reads)

    @property
    def needs(self) -> Permission | Access:
        """What the API asks for."""
        return needs_of(self.reads)

    def act(self, name: str) -> Act[V] | None:
        """The act of that name."""
        return next((act for act in self.acts if act.name == name), None)


def needs_of(route: str) -> Permission | Access:
    """What a route of the API, ``METHOD /path``, asks for.

    Raises:
        LookupError: the API has none such.
    """
    if route not in _NEEDS:
        raise LookupError(f"the API has no route {route!r}")
    return _NEEDS[route]
