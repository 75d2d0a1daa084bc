"""The common shapes of a change: from the original to the defective one.

Each returns what a `Defect` takes as its change. A place that is awaited needs one of the `later`s.
"""

from collections.abc import Callable
from typing import Any

Change = Callable[[Any], Any]


def being(value: object) -> Change:
    """The place is a value, and is this one instead."""
    return lambda _original: value


def returning(value: object) -> Change:
    """The function does nothing and returns this."""
    return lambda _original: lambda *_args, **_kwargs: value


def returning_later(value: object) -> Change:
    """The coroutine function does nothing and returns this."""

    def change(_original: Any) -> Any:
        async def returned(*_args: Any, **_kwargs: Any) -> Any:
            return value

        return returned

    return change


ignoring = returning(None)
"""A call does nothing: a check that refuses nothing, an event that nobody takes."""

ignoring_later = returning_later(None)


def answering(spoil: Callable[[Any], Any]) -> Change:
    """The function works as it did, and what it returns is spoilt on its way out."""

    def change(original: Any) -> Any:
        def answered(*args: Any, **kwargs: Any) -> Any:
            return spoil(original(*args, **kwargs))

        return answered

    return change


def answering_later(spoil: Callable[[Any], Any]) -> Change:
    """The same of a coroutine function."""

    def change(original: Any) -> Any:
        async def answered(*args: Any, **kwargs: Any) -> Any:
            return spoil(await original(*args, **kwargs))

        return answered

    return change
