"""Every error that the MCS raises on purpose.

::

    McsError                     code, message, field, requirement
    +-- StartError               the MCS cannot start as configured (exit status 2)
    |   +-- DatabaseUnusable     file damaged, from a newer MCS, or without its key
    +-- InvalidInput             422, names the field
    |   +-- MalformedBody        400, no JSON object at all
    +-- NotLoggedIn              401
    +-- Forbidden                403, the account's role does not allow it
    +-- TooManyAttempts          429, log-ins have failed too often; says when to come again
    +-- NotFound                 404
    +-- Conflict                 409, the request does not fit the present state
    +-- NotReady                 409, something has to be configured first
    +-- GateClosed               409, a release or mode that rules out provisioning (PRE-1..4)
    +-- IcpNotFound              409, no ICP has the node's address (ICP-2)
    +-- StaleTag                 412, somebody else has changed it meanwhile
    +-- GatewayError             502, the CT Gateway
    |   +-- GatewayUnreachable   no connection, or it broke
    |   +-- GatewayGarbled       it sent what is no OAI; the next connection may do better
    |   +-- GatewayRefused       log-in or command refused
    +-- MbgError                 502, the MBG
        +-- MbgUnreachable       no connection, no trusted certificate, or no answer
        +-- MbgAnswerUnusable    an answer that is not what docs/wire.md says
        |   +-- NotAnMbg         something else answers at that address
        +-- MbgRefused           an error answer with its wire code
            +-- AccessRefused    401: consumer, signature or token, so every call is refused
            +-- PermissionMissing  403, names the permission (TOK-9)
            +-- ServicesStopped  503, web services were not started (TOK-1)
            +-- MbgBusy          429 or 503, and perhaps when to come again

``message`` is written for the administrator: what was found, what is needed, on which page to act.
It never holds a credential.
"""

import math
from typing import Any, ClassVar


class McsError(Exception):
    """Base of all: ``code`` for programs, ``message`` for people.

    Args:
        code: short lower-case identifier, stable.
        message: one or two sentences.
        field: the input field that is wrong, if one is.
        requirement: id in the mission, such as ``TOK-6``.
    """

    status: ClassVar[int] = 500

    def __init__(
        self,
        code: str,
        message: str,
        *,
        field: str | None = None,
        requirement: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.requirement = requirement

    def document(self) -> dict[str, str]:
        """The error as the JSON API answers it."""
        body = {"code": self.code, "message": self.message}
        if self.field is not None:
            body["field"] = self.field
        if self.requirement is not None:
            body["requirement"] = self.requirement
        return body


class StartError(McsError):
    """The MCS cannot start as it is configured."""


class DatabaseUnusable(StartError):
    """The database cannot be used; nothing in it was changed."""


class InvalidInput(McsError):
    """A value was refused; ``field`` says which."""

    status = 422


class MalformedBody(InvalidInput):
    """The body is not a JSON object."""

    status = 400


class NotLoggedIn(McsError):
    """No valid log-in."""

    status = 401


class Forbidden(McsError):
    """The account's role does not allow it, or a browser's call came without its CSRF token."""

    status = 403


class TooManyAttempts(McsError):
    """Log-ins have failed too often for the password to be looked at now."""

    status = 429

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(
            "too_many_attempts",
            f"Too many log-ins have failed. Try again in {math.ceil(retry_after_s)} seconds.",
        )
        self.retry_after_s = math.ceil(retry_after_s)


class NotFound(McsError):
    """No such resource."""

    status = 404


class Conflict(McsError):
    """The request does not fit the present state."""

    status = 409


class StaleTag(McsError):
    """If-Match names another state than the present one, whose tag is ``etag``."""

    status = 412

    def __init__(self, etag: str | None) -> None:
        super().__init__(
            "precondition_failed",
            "It has been changed since it was read. Read it again, then change it."
            if etag is not None
            else "It is not there (any more).",
        )
        self.etag = etag

    def document(self) -> dict[str, str]:
        """With the present tag, if there is one."""
        return super().document() | ({"etag": self.etag} if self.etag is not None else {})


class NotReady(Conflict):
    """Something has to be configured first; the message says what, and where."""


class GateClosed(Conflict):
    """A release or a mode rules out automatic provisioning (PRE-1 to PRE-4)."""


class IcpNotFound(Conflict):
    """The MBG has no ICP with the node's address (ICP-2)."""


class GatewayError(McsError):
    """The CT Gateway does not do what the MCS needs."""

    status = 502


class GatewayUnreachable(GatewayError):
    """No connection to the CT Gateway, or it broke."""


class GatewayGarbled(GatewayError):
    """What came is not OAI as documented: nothing of it is taken over."""


class GatewayRefused(GatewayError):
    """The CT Gateway refused the log-in or a command; ``outcome`` is its number, if it gave one."""

    def __init__(self, code: str, message: str, *, outcome: int | None = None) -> None:
        super().__init__(code, message)
        self.outcome = outcome


class MbgError(McsError):
    """The MBG does not do what the MCS needs."""

    status = 502


class MbgUnreachable(MbgError):
    """No connection, no trusted certificate, or no answer in time: what was asked may be done."""


class MbgAnswerUnusable(MbgError):
    """The MBG answered something that is not in the contract."""


class NotAnMbg(MbgAnswerUnusable):
    """What answers at the MBG's address is something else."""


class MbgRefused(MbgError):
    """The MBG's error answer: ``code`` is its wire code, ``detail`` its detail object."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        http_status: int,
        detail: dict[str, Any] | None = None,
        field: str | None = None,
        requirement: str | None = None,
    ) -> None:
        super().__init__(code, message, field=field, requirement=requirement)
        self.http_status = http_status
        self.detail = detail or {}


class AccessRefused(MbgRefused):
    """Consumer, signature or token is refused: no call works until someone acts."""


class PermissionMissing(MbgRefused):
    """The consumer lacks a permission, which the message names (TOK-9)."""


class ServicesStopped(MbgRefused):
    """Web services are not started on the MBG (TOK-1)."""


class MbgBusy(MbgRefused):
    """The MBG does not take the call now; ``retry_after_s`` is its own word on when (0: none)."""

    def __init__(self, code: str, message: str, *, http_status: int, retry_after_s: float) -> None:
        super().__init__(code, message, http_status=http_status)
        self.retry_after_s = retry_after_s
