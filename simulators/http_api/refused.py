"""How an HTTP API of the bench says no: `{"code", "message", "detail"}` with a status, pure."""

from dataclasses import dataclass

from simulators.errors import BenchError


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal that a route may answer with, for its description: status, code, and when."""

    status: int
    code: str
    when: str


class Refused(BenchError):
    """A refused call: HTTP status, code, one sentence, and details for programs.

    `headers` go out with the answer.
    """

    def __init__(self, status: int, code: str, message: str, **detail: object) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
        self.headers: dict[str, str] = {}

    def document(self) -> dict[str, object]:
        """The JSON body."""
        return {"code": self.code, "message": self.message, "detail": self.detail}


def invalid(fields: dict[str, str]) -> Refused:
    """422: fields of body or query with the reason for each."""
    reasons = "; ".join(f"{name}: {reason}" for name, reason in fields.items())
    return Refused(422, "invalid", reasons, fields=fields)
