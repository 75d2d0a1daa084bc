"""How the MBG's REST API says no: one class, one constructor per kind (docs/wire.md section 1)."""

from simulators.errors import BenchError


class Refused(BenchError):
    """A refused call: HTTP status, code, one sentence, and details for programs."""

    def __init__(self, status: int, code: str, message: str, **detail: object) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail

    def document(self) -> dict[str, object]:
        """The JSON body."""
        return {"code": self.code, "message": self.message, "detail": self.detail}


def malformed(code: str, message: str) -> Refused:
    """400: the request is not OAuth 1.0a as the MBG speaks it."""
    return Refused(400, code, message)


def unauthorized(code: str, message: str) -> Refused:
    """401: consumer, signature, time stamp, nonce, token or verifier won't do."""
    return Refused(401, code, message)


def permission_denied(permission: str, needed: str) -> Refused:
    """403: the consumer lacks a permission (TOK-9)."""
    return Refused(
        403,
        "permission_denied",
        f"this consumer has no {needed} permission for {permission}",
        permission=permission,
        needed=needed,
    )


def stopped() -> Refused:
    """503: web services were not started (TOK-1)."""
    return Refused(
        503,
        "web_services_stopped",
        "web services are stopped: press Start on Administration -> Web services",
    )


def not_found(what: str) -> Refused:
    """404."""
    return Refused(404, "not_found", f"there is no {what}")


def invalid(fields: dict[str, str]) -> Refused:
    """422: fields with the reason for each."""
    reasons = "; ".join(f"{name}: {reason}" for name, reason in fields.items())
    return Refused(422, "invalid", reasons, fields=fields)


def duplicate(field: str, other: str) -> Refused:
    """409: another device has that name."""
    return Refused(409, "duplicate", f"{field} is in use by device {other}", id=other, field=field)
