"""Every error code of docs/wire.md section 1, as an administrator reads it."""

import re
from pathlib import Path

import pytest

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
from system.mbg.refusals import Phase, refusal

WIRE = Path(__file__).parents[2] / "docs" / "wire.md"

REFUSALS: list[tuple[int, str, Phase, type[MbgError], str]] = [
    # status, code, phase, class, what the message says to do or names
    (401, "consumer_unknown", Phase.INITIATE, AccessRefused, "Consumer ID"),
    (401, "consumer_inactive", Phase.INITIATE, AccessRefused, "Set Active to Yes"),
    (401, "signature_invalid", Phase.INITIATE, AccessRefused, "Shared Secret is wrong"),
    (401, "signature_invalid", Phase.EXCHANGE, AccessRefused, "Shared Secret was changed"),
    (401, "signature_invalid", Phase.CALL, AccessRefused, "Request Access Token"),
    (401, "timestamp_refused", Phase.CALL, AccessRefused, "clocks of MCS and MBG differ"),
    (401, "nonce_used", Phase.CALL, AccessRefused, "new nonce"),
    (401, "unsigned", Phase.CALL, AccessRefused, "came unsigned"),
    (401, "token_not_approved", Phase.EXCHANGE, AccessRefused, "Press approve"),
    (401, "verifier_invalid", Phase.EXCHANGE, AccessRefused, "verifier is wrong"),
    (401, "token_used", Phase.EXCHANGE, AccessRefused, "used already"),
    (401, "token_expired", Phase.EXCHANGE, AccessRefused, "temporary token has expired"),
    (401, "token_void", Phase.EXCHANGE, AccessRefused, "too many wrong verifiers"),
    (401, "token_rejected", Phase.EXCHANGE, AccessRefused, "rejected"),
    (401, "token_revoked", Phase.EXCHANGE, AccessRefused, "revoked"),
    (401, "token_unknown", Phase.EXCHANGE, AccessRefused, "does not know"),
    (401, "token_expired", Phase.CALL, AccessRefused, "Press Renew"),
    (401, "token_revoked", Phase.CALL, AccessRefused, "was revoked"),
    (401, "token_rejected", Phase.CALL, AccessRefused, "was rejected"),
    (401, "token_void", Phase.CALL, AccessRefused, "is void"),
    (401, "token_used", Phase.CALL, AccessRefused, "used up"),
    (401, "token_not_approved", Phase.CALL, AccessRefused, "not approved"),
    (401, "token_unknown", Phase.CALL, AccessRefused, "Request Access Token"),
    (400, "parameter_absent", Phase.INITIATE, MbgRefused, "as it is sent"),
    (400, "parameter_rejected", Phase.INITIATE, MbgRefused, "as it is sent"),
    (400, "signature_method_rejected", Phase.INITIATE, MbgRefused, "HMAC-SHA1"),
    (400, "version_rejected", Phase.INITIATE, MbgRefused, "as it is sent"),
    (403, "permission_denied", Phase.CALL, PermissionMissing, "MBG/v1/devices = write"),
    (404, "not_found", Phase.CALL, MbgRefused, "not_found"),
    (405, "method_not_allowed", Phase.CALL, MbgRefused, "method_not_allowed"),
    (409, "duplicate", Phase.CALL, MbgRefused, "SIP device 9 has the same set_username"),
    (412, "precondition_failed", Phase.CALL, MbgRefused, "precondition_failed"),
    (413, "too_large", Phase.CALL, MbgRefused, "too_large"),
    (422, "invalid", Phase.CALL, MbgRefused, "it refuses set_password"),
    (429, "too_many_requests", Phase.CALL, MbgBusy, "by itself"),
    (500, "internal_error", Phase.CALL, MbgRefused, "internal_error"),
    (503, "busy", Phase.CALL, MbgBusy, "by itself"),
    (503, "web_services_stopped", Phase.INITIATE, ServicesStopped, "Press Start"),
    (503, "state_not_kept", Phase.CALL, MbgBusy, "by itself"),
]
DETAIL = {
    "permission": "MBG/v1/devices",
    "needed": "write",
    "id": "9",
    "field": "set_username",
    "fields": {"set_password": "weak: Secret-1"},
}


@pytest.mark.parametrize(
    ("status", "code", "phase", "kind", "says"),
    REFUSALS,
    ids=[f"{row[1]} {row[2].name.lower()}" for row in REFUSALS],
)
def test_each_code_reads_clearly(
    status: int, code: str, phase: Phase, kind: type[MbgError], says: str
) -> None:
    document = {"code": code, "message": "The MBG's own words.", "detail": DETAIL}
    error = refusal(phase, status, document)
    assert type(error) is kind
    assert error.code == code
    assert says in error.message
    assert "Secret-1" not in error.message
    assert "own words" not in error.message


def test_the_table_has_every_code_of_the_contract() -> None:
    section = WIRE.read_text(encoding="utf-8").split("## 2.")[0]
    table = section[section.index("| status | code | when |") :]
    lines = [line.split("|")[2] for line in table.splitlines()[2:] if line.startswith("|")]
    codes = {code for line in lines for code in re.findall(r"`([a-z_]+)`", line)}
    assert len(codes) > 25
    assert codes == {row[1] for row in REFUSALS}


def test_refusals_of_one_phase_read_differently() -> None:
    for phase in Phase:
        messages = [
            refusal(phase, status, {"code": code, "detail": DETAIL}).message
            for status, code, of, kind, _ in REFUSALS
            if of is phase and kind is AccessRefused
        ]
        assert len(set(messages)) == len(messages)


@pytest.mark.parametrize(
    ("skew_s", "says"),
    [
        (7500.0, "MCS's clock is 2 h 5 min ahead of the MBG's."),
        (-90061.0, "MCS's clock is 1 d 1 h 1 min behind the MBG's."),
        (10.0, None),
        (None, None),
    ],
)
def test_a_skewed_clock_is_told_by_how_much(skew_s: float | None, says: str | None) -> None:
    error = refusal(Phase.CALL, 401, {"code": "timestamp_refused"}, skew_s=skew_s)
    assert "Set both by NTP." in error.message
    if says is None:
        assert "MCS's clock is" not in error.message
    else:
        assert error.message.endswith(says)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404])
def test_an_answer_without_a_code_is_no_mbgs(status: int) -> None:
    error = refusal(Phase.INITIATE, status, {}, server="10.0.0.1:443, which calls itself nginx")
    assert isinstance(error, NotAnMbg)
    for part in ("nginx", str(status), "internal address"):
        assert part in error.message


def test_a_fault_without_a_code_may_be_a_proxys() -> None:
    assert isinstance(refusal(Phase.CALL, 503, {}), MbgBusy)
    assert type(refusal(Phase.CALL, 500, {})) is MbgAnswerUnusable
