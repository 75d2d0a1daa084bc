"""What every fault has: a name, words for people, a scope, a count, a chance and an end. Pure.

A fault is a frozen pydantic model in a small file of its own. Its docstring says what a person
sees, its fields say how it can be told to strike: registry, control API and README are made of
both.
"""

import inspect
from abc import ABC
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

LONGEST_S = 10 * 366 * 86_400
"""A fault's longest time, about ten years: its end still is a date."""


class Fault(BaseModel, ABC):
    """A misbehaviour that can be switched on."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: ClassVar[str]
    """Stable, lower case with hyphens; programs switch the fault on by it."""

    times: int | None = Field(
        default=None, ge=1, le=1_000_000, description="Strike so often and then no more."
    )
    probability: float = Field(
        default=1.0, ge=0, le=1, description="Chance to strike, by the run's seed."
    )
    for_s: float | None = Field(
        default=None,
        gt=0,
        le=LONGEST_S,
        description="End after so many seconds of the bench's clock.",
    )

    @property
    def description(self) -> str:
        """What a person sees: the docstring, a line for each paragraph."""
        paragraphs = inspect.cleandoc(type(self).__doc__ or "").split("\n\n")
        return "\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)

    def concerns(self, event: object) -> bool:
        """Whether what goes on is in this fault's scope; everything of its kind, by default."""
        return True
