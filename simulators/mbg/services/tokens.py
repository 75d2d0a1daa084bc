"""The life of the MBG's tokens, as two tables (TOK-3 to TOK-8).

The MBG's site calls RFC 5849's temporary credentials "temporary tokens" and its token credentials
"final tokens"; so do these names.
"""

from dataclasses import dataclass, field
from enum import Enum

from simulators.errors import LocalProtocolError

TEMPORARY_LIFE_S = 3600.0
FINAL_LIFE_MONTHS = 12
FINAL_LIFE_S = 365 * 86400.0
EXPIRING_S = 30 * 86400.0
MAX_WRONG_VERIFIERS = 5


class Temporary(Enum):
    """States of a temporary token."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    VOID = "void"
    REPLACED = "replaced"
    USED = "used"


class TemporaryEvent(Enum):
    """What happens to a temporary token."""

    APPROVE = "approve"
    REJECT = "reject"
    EXPIRE = "an hour passed"
    WRONG_VERIFIERS = "five wrong verifiers"
    REPLACE = "the consumer asked again"
    EXCHANGE = "right verifier"


TEMPORARY_TRANSITIONS: dict[Temporary, dict[TemporaryEvent, Temporary]] = {
    Temporary.PENDING: {
        TemporaryEvent.APPROVE: Temporary.APPROVED,
        TemporaryEvent.REJECT: Temporary.REJECTED,
        TemporaryEvent.EXPIRE: Temporary.EXPIRED,
        TemporaryEvent.REPLACE: Temporary.REPLACED,
    },
    Temporary.APPROVED: {
        TemporaryEvent.EXCHANGE: Temporary.USED,
        TemporaryEvent.REJECT: Temporary.REJECTED,
        TemporaryEvent.EXPIRE: Temporary.EXPIRED,
        TemporaryEvent.WRONG_VERIFIERS: Temporary.VOID,
        TemporaryEvent.REPLACE: Temporary.REPLACED,
    },
}


class Final(Enum):
    """States of a final token; `expiring` is valid with a warning."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


class FinalEvent(Enum):
    """What happens to a final token."""

    EXPIRE = "twelve months passed"
    RENEW = "Renew"
    REVOKE = "revoke"


FINAL_TRANSITIONS: dict[Final, dict[FinalEvent, Final]] = {
    Final.VALID: {
        FinalEvent.EXPIRE: Final.EXPIRED,
        FinalEvent.RENEW: Final.VALID,
        FinalEvent.REVOKE: Final.REVOKED,
    },
    Final.EXPIRED: {FinalEvent.RENEW: Final.VALID, FinalEvent.REVOKE: Final.REVOKED},
}


@dataclass(slots=True)
class TemporaryToken:
    """A temporary token; `expires_at` in epoch seconds. Secrets don't show in its repr."""

    token: str = field(repr=False)
    secret: str = field(repr=False)
    consumer_id: str
    expires_at: float
    state: Temporary = Temporary.PENDING
    verifier: str = field(default="", repr=False)
    wrong_verifiers: int = 0

    @property
    def living(self) -> bool:
        """Whether anything may still become of it."""
        return self.state in TEMPORARY_TRANSITIONS

    def age(self, now: float) -> None:
        """Expire, if its time is over."""
        if self.living and now >= self.expires_at:
            self.move(TemporaryEvent.EXPIRE)

    def move(self, event: TemporaryEvent) -> None:
        """Change state by the table."""
        try:
            self.state = TEMPORARY_TRANSITIONS[self.state][event]
        except KeyError:
            raise LocalProtocolError(
                f"a temporary token that is {self.state.value} can't take '{event.value}'"
            ) from None


@dataclass(slots=True)
class FinalToken:
    """A final token; times in epoch seconds. Secrets don't show in its repr."""

    token: str = field(repr=False)
    secret: str = field(repr=False)
    consumer_id: str
    issued_at: float
    expires_at: float
    state: Final = Final.VALID
    last_used_at: float | None = None

    def age(self, now: float) -> None:
        """Expire, if its time is over."""
        if self.state is Final.VALID and now >= self.expires_at:
            self.move(FinalEvent.EXPIRE)

    def move(self, event: FinalEvent) -> None:
        """Change state by the table."""
        try:
            self.state = FINAL_TRANSITIONS[self.state][event]
        except KeyError:
            raise LocalProtocolError(
                f"a final token that is {self.state.value} can't take '{event.value}'"
            ) from None

    def shown_state(self, now: float) -> str:
        """`valid`, `expiring`, `expired` or `revoked`, as managetoken tells it."""
        if self.state is Final.VALID and self.expires_at - now <= EXPIRING_S:
            return "expiring"
        return self.state.value
