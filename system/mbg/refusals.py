"""The MBG's error answers as errors an administrator can act on (TOK-6, TOK-7, TOK-9).

One table: wire code -> what it means, and what to do on which page. A code that ends a temporary
token reads differently from the same code on a call with the final token.
"""

from enum import Enum
from typing import Any

from system.errors import (
    AccessRefused,
    MbgAnswerUnusable,
    MbgBusy,
    MbgError,
    MbgRefused,
    NotAnMbg,
    PermissionMissing,
    ServicesStopped,
)

WEB_SERVICES = "the MBG's page Administration -> Web services"
NEW_REQUEST = 'press "Save & Test API Credentials" to request a new one'


class Phase(Enum):
    """What the refused call was for."""

    INITIATE = "requesting a temporary token"
    EXCHANGE = "retrieving the final access token"
    CALL = "a call with the final access token"


_CONSUMER = {
    "consumer_unknown": f"The MBG does not know this Consumer ID. Compare it with the consumer on "
    f"{WEB_SERVICES}.",
    "consumer_inactive": f"The consumer is not active on the MBG. Set Active to Yes on "
    f"{WEB_SERVICES}.",
    "timestamp_refused": "The MBG refuses the time stamp: the clocks of MCS and MBG differ too "
    "much. Set both by NTP.",
    "nonce_used": "The MBG has seen this request before; it is sent again with a new nonce.",
    "unsigned": "The request came unsigned to the MBG: something on the way takes the header "
    "Authorization off. Let MCS reach the MBG without a proxy.",
}

_NOT_OAUTH = {
    "signature_method_rejected": "The MBG does not take signatures by HMAC-SHA1, which MCS makes.",
    **dict.fromkeys(
        ("parameter_absent", "parameter_rejected", "version_rejected"),
        "The MBG does not take the signed request as it is sent. Look whether a proxy between MCS "
        "and MBG changes requests.",
    ),
}

_INITIATE = {
    "signature_invalid": f"The MBG refuses the signature: the Shared Secret is wrong. Copy it "
    f"again from the consumer on {WEB_SERVICES}.",
}

_EXCHANGE = {
    "signature_invalid": "The MBG refuses the signature: the Shared Secret was changed since the "
    f"request, so {NEW_REQUEST}.",
    "verifier_invalid": f"The verifier is wrong. Copy it again from Temporary tokens on "
    f"{WEB_SERVICES}.",
    "token_not_approved": "The temporary token is not approved yet. Press approve under Temporary "
    f"tokens on {WEB_SERVICES}, then enter the verifier that it shows.",
    "token_used": f"The temporary token was used already: {NEW_REQUEST}.",
    "token_expired": f"The temporary token has expired: {NEW_REQUEST}.",
    "token_void": f"The temporary token is void after too many wrong verifiers: {NEW_REQUEST}.",
    "token_rejected": f"The temporary token was rejected on the MBG: {NEW_REQUEST}.",
    "token_revoked": f"The temporary token was revoked on the MBG: {NEW_REQUEST}.",
    "token_unknown": f"The MBG does not know the temporary token any more: {NEW_REQUEST}.",
}

_NEW_TOKEN = 'Request a new one with "Request Access Token" on the page MiVoice Border Gateway.'

_CALL = {
    "signature_invalid": "The MBG refuses the signature of the access token: the Shared Secret was "
    f"changed on the MBG. {_NEW_TOKEN}",
    "token_expired": "The access token has expired after its 12 months. Press Renew against it "
    f"under Final tokens on {WEB_SERVICES}; no new token is needed and waiting work goes on by "
    "itself.",
    "token_revoked": f"The access token was revoked on the MBG. {_NEW_TOKEN}",
    "token_rejected": f"The access token was rejected on the MBG. {_NEW_TOKEN}",
    "token_void": f"The access token is void. {_NEW_TOKEN}",
    "token_used": f"The access token was used up. {_NEW_TOKEN}",
    "token_not_approved": f"The access token is not approved on {WEB_SERVICES}.",
    "token_unknown": f"The MBG does not know the access token. {_NEW_TOKEN}",
}

_BY_PHASE = {Phase.INITIATE: _INITIATE, Phase.EXCHANGE: _EXCHANGE, Phase.CALL: _CALL}

TEMPORARY_TOKEN_IS_OVER = frozenset(
    {
        "token_used",
        "token_expired",
        "token_void",
        "token_rejected",
        "token_revoked",
        "token_unknown",
    }
)
"""Codes after which a temporary token can never be exchanged."""


LONGEST_RETRY_AFTER_S = 86_400.0
"""More than a day is no time-out but a mistake; so is a date, which RFC 9110 allows here."""


def retry_after_s(header: str) -> float:
    """Seconds of a ``Retry-After`` header (RFC 9110 section 10.2.3); 0 where it says none."""
    text = header.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        return 0.0
    return min(float(text), LONGEST_RETRY_AFTER_S)


LONGEST_SKEW_S = 300.0
"""The MBG's window for time stamps; clocks that differ by less are not the reason."""


def refusal(
    phase: Phase,
    status: int,
    document: dict[str, Any],
    retry_after: str = "",
    *,
    skew_s: float | None = None,
    server: str = "the MBG's address",
) -> MbgError:
    """The error for an answer with a status of 300 or more.

    Args:
        phase: what the call was for.
        status: HTTP status.
        document: the JSON body, ``{"code", "message", "detail"}``; may be anything.
        retry_after: value of the header of that name, "" without one.
        skew_s: how far our clock is ahead of the answer's Date, if it has one.
        server: what answered, for a person.
    """
    if status == 429 or (status == 503 and document.get("code") != "web_services_stopped"):
        return _busy(status, document, retry_after_s(retry_after))
    code, detail = document.get("code"), document.get("detail")
    if not isinstance(code, str):
        if status < 500:
            return not_an_mbg(server, f"it answered {status} without the MBG's error code")
        return MbgAnswerUnusable(
            "mbg_answer_unusable", f"The MBG answered {status} without an error code."
        )
    detail = detail if isinstance(detail, dict) else {}
    if code == "web_services_stopped":
        return ServicesStopped(
            code,
            f"Web services are stopped on the MBG. Press Start on {WEB_SERVICES}.",
            http_status=status,
            detail=detail,
            requirement="TOK-1" if phase is Phase.CALL else "TOK-6",
        )
    if status == 403:
        permission = str(detail.get("permission", "unknown"))[:64]
        needed = str(detail.get("needed", "unknown"))[:16]
        return PermissionMissing(
            code,
            f"The consumer lacks the permission {permission} = {needed}. Grant it to the consumer "
            f"on {WEB_SERVICES}.",
            http_status=status,
            detail=detail,
            requirement="TOK-9",
        )
    if status == 401:
        # The MBG's own text is not shown: only ours is sure to say what to do.
        text = _BY_PHASE[phase].get(code) or _CONSUMER.get(code)
        if code == "timestamp_refused":
            text = f"{_CONSUMER[code]}{_skew_text(skew_s)}"
        return AccessRefused(
            code,
            text or f"The MBG refuses access with code {code[:64]}.",
            http_status=status,
            detail=detail,
            field=_field_of(phase, code),
            requirement="TOK-7" if phase is Phase.CALL else "TOK-6",
        )
    text = _NOT_OAUTH.get(code) if status == 400 else None
    return MbgRefused(
        code,
        text or f"The MBG answered {status} {code[:64]}{_reasons(status, detail)}.",
        http_status=status,
        detail=detail,
    )


def not_an_mbg(server: str, why: str) -> NotAnMbg:
    """For an answer that no MBG gives."""
    return NotAnMbg(
        "not_an_mbg",
        f"What answers at {server} is no MBG's REST API: {why}. Check the MBG's internal address "
        "and port on the page MiVoice Border Gateway.",
        requirement="ADR-3",
    )


def _skew_text(skew_s: float | None) -> str:
    if skew_s is None or abs(skew_s) < LONGEST_SKEW_S:
        return ""
    minutes = round(abs(skew_s) / 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = ((days, "d"), (hours, "h"), (minutes, "min"))
    amount = " ".join(f"{count} {unit}" for count, unit in parts if count)
    return f" MCS's clock is {amount} {'ahead of' if skew_s > 0 else 'behind'} the MBG's."


def _busy(status: int, document: dict[str, Any], wait_s: float) -> MbgBusy:
    """Also of a proxy in front of the MBG, whose answer has no code."""
    code = document.get("code")
    when = f" It asks to be called again in {wait_s:.0f} s." if wait_s else ""
    return MbgBusy(
        code[:64] if isinstance(code, str) else "busy",
        f"The MBG does not take calls now ({status}); MCS tries again by itself.{when} If it stays "
        f"so, look whether web services are started on {WEB_SERVICES}.",
        http_status=status,
        retry_after_s=wait_s,
    )


def _field_of(phase: Phase, code: str) -> str | None:
    """The input of MCS's form that the code speaks of."""
    if code == "verifier_invalid":
        return "verifier"
    if phase is Phase.INITIATE:
        return {"consumer_unknown": "consumer_id", "signature_invalid": "shared_secret"}.get(code)
    return None


def _reasons(status: int, detail: dict[str, Any]) -> str:
    if status == 409:
        field, other = str(detail.get("field", "?"))[:32], str(detail.get("id", "?"))[:64]
        return f": its SIP device {other} has the same {field} already"
    fields = detail.get("fields")
    if status == 422 and isinstance(fields, dict):
        # Names only: a reason may quote the value, and the value may be a password (API-1).
        return ": it refuses " + ", ".join(sorted(str(name)[:32] for name in fields))
    return ""
