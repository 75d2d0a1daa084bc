"""What kind of thing an exception is: a product's failure, a limit of this run, or our own bug."""

from features.verdicts.core import Cause
from simulators.errors import ConfigurationError, NotOffered, RemoteProtocolError

KINDS: tuple[tuple[type[BaseException], Cause], ...] = (
    (NotOffered, Cause.NOT_OFFERED),
    (ConfigurationError, Cause.SURROUNDINGS),
    (RemoteProtocolError, Cause.UNMET),
    (AssertionError, Cause.UNMET),
)
"""The first that fits counts; what fits none is a bug."""


def cause_of(error: BaseException) -> Cause:
    """The kind of thing that ended a step."""
    return next((cause for kind, cause in KINDS if isinstance(error, kind)), Cause.BUG)
