"""How the MBG's REST API says no: one constructor per kind (docs/wire.md section 1)."""

from simulators.http_api.refused import Refused, invalid

__all__ = [
    "Refused",
    "duplicate",
    "invalid",
    "malformed",
    "not_found",
    "permission_denied",
    "precondition_failed",
    "stopped",
    "unauthorized",
]


def malformed(code: str, message: str) -> Refused:
    """400: the request is not OAuth 1.0a as the MBG speaks it."""
    return Refused(400, code, message)


def unauthorized(code: str, message: str) -> Refused:
    """401: consumer, signature, time stamp, nonce, token or verifier won't do."""
    refused = Refused(401, code, message)
    refused.headers["WWW-Authenticate"] = 'OAuth realm="MBG"'
    return refused


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


def duplicate(field: str, other: str) -> Refused:
    """409: another device has that name."""
    return Refused(409, "duplicate", f"{field} is in use by device {other}", id=other, field=field)


def precondition_failed(current: str) -> Refused:
    """412: the resource changed since it was read; `current` is its ETag now."""
    return Refused(
        412,
        "precondition_failed",
        f"the resource changed since it was read, its ETag is now {current}: read it again",
        etag=current,
    )
