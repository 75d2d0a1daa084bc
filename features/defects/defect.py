"""One planted defect: a named place in one of the roles, and what is wrong there.

Places are named as text, `module:attribute`, since a defect reaches below the front door of a role
on purpose (decision 0042). They are replaced in this process alone, and put back.
"""

import functools
import importlib
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

ROLES = ("MCS", "MBG", "PBX", "CT Gateway", "phone")


@dataclass(frozen=True, slots=True)
class Defect:
    """Something that a product does wrong.

    Args:
        name: id of the first requirement in lower case, a hyphen, what is wrong:
            `tok-8-renew-ignored`.
        role: whose it is, one of `ROLES`.
        ids: the requirements that must notice: each turns a scenario red, and no other does.
        sentence: what the product does, as a tester would report it.
        place: what is replaced, `package.module:function` or `package.module:Class.method`.
        change: given the original (a plain function, or a value), returns the defective one.
    """

    name: str
    role: str
    ids: tuple[str, ...]
    sentence: str
    place: str
    change: Callable[[Any], Any]

    def __post_init__(self) -> None:
        named = bool(self.ids) and self.name.startswith(f"{self.ids[0].lower()}-")
        if self.role not in ROLES or not named:
            raise ValueError(
                f"defect {self.name!r} of {self.role!r}: expected one of {', '.join(ROLES)}, and "
                f"a name that begins with the first of the ids {self.ids}"
            )

    def gone(self) -> str:
        """Why it can't be planted: its place is not there any more; "" where it is."""
        try:
            found(self.place)
        except LookupError as error:
            return str(error.args[0])
        return ""


def found(place: str) -> tuple[Any, str, Any]:
    """What owns the place, its attribute, and the raw original (a `staticmethod` as such).

    Raises:
        LookupError: nothing is there; the code has moved on, and the defect must follow.
    """
    module, colon, path = place.partition(":")
    *owners, name = path.split(".")
    try:
        owner: Any = importlib.import_module(module)
        for each in owners:
            owner = getattr(owner, each)
        # of the class itself: what it only inherits would be put back in the wrong place
        raw = inspect.getattr_static(owner, name) if colon and name in vars(owner) else None
    except (ImportError, AttributeError) as error:
        raise LookupError(f"no place {place!r}: {error}") from None
    if raw is None:
        raise LookupError(f"no place {place!r}: {owner!r} has no {name!r} of its own")
    return owner, name, raw


@contextmanager
def planted(place: str, change: Callable[[Any], Any]) -> Iterator[None]:
    """Have the place changed while the block runs.

    Raises:
        LookupError: there is no such place.
    """
    owner, name, raw = found(place)
    setattr(owner, name, _changed(raw, change))
    try:
        yield
    finally:
        setattr(owner, name, raw)


def _changed(raw: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(raw, staticmethod | classmethod):
        return type(raw)(change(raw.__func__))
    if isinstance(raw, property):
        return property(change(raw.fget), raw.fset, raw.fdel)
    changed = change(raw)
    if inspect.isfunction(raw) and inspect.isfunction(changed) and changed is not raw:
        # a route reads what it takes from its handler's annotations
        functools.update_wrapper(changed, raw)
    return changed


def watching(told: Callable[[], None]) -> Callable[[Any], Any]:
    """A change that changes nothing, and tells when a function is called.

    A value has no calls to tell of: it counts as reached at once.
    """

    def change(original: Any) -> Any:
        if not inspect.isfunction(original):
            told()
            return original

        def watched(*args: Any, **kwargs: Any) -> Any:
            told()
            return original(*args, **kwargs)

        if inspect.iscoroutinefunction(original):
            # whoever asks whether it is one must hear the same
            async def awaited(*args: Any, **kwargs: Any) -> Any:
                told()
                return await original(*args, **kwargs)

            return awaited
        return watched

    return change
