"""Whether a phone is in use, beside its life: a restart that can wait, waits for the end of a call.

`TRANSITIONS` is the table; `Use.changed` takes an event and says whether a waiting restart is due.
"""

from enum import Enum


class Usage(Enum):
    """What its lines do."""

    FREE = "free"
    IN_CALL = "in call"
    RESTART_WAITS = "in call, a restart waits"


class UseEvent(Enum):
    """What moves it."""

    CALL_BEGAN = "a line is taken"
    CALLS_ENDED = "the last line is free"
    RESTART_CAN_WAIT = "restart when idle"


TRANSITIONS: dict[Usage, dict[UseEvent, Usage]] = {
    Usage.FREE: {UseEvent.CALL_BEGAN: Usage.IN_CALL, UseEvent.CALLS_ENDED: Usage.FREE},
    Usage.IN_CALL: {
        UseEvent.CALL_BEGAN: Usage.IN_CALL,
        UseEvent.CALLS_ENDED: Usage.FREE,
        UseEvent.RESTART_CAN_WAIT: Usage.RESTART_WAITS,
    },
    Usage.RESTART_WAITS: {
        UseEvent.CALL_BEGAN: Usage.RESTART_WAITS,
        UseEvent.CALLS_ENDED: Usage.FREE,
        UseEvent.RESTART_CAN_WAIT: Usage.RESTART_WAITS,
    },
}
