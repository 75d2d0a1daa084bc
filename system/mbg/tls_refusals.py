"""What is wrong with a TLS connection to the MBG, and what to do (the page is named)."""

import aiohttp

from system.errors import MbgUnreachable, NotAnMbg

PAGE = "the page MiVoice Border Gateway"

_CERT_NOT_YET_VALID = 9
_CERT_HAS_EXPIRED = 10
_UNKNOWN_CA = frozenset({2, 18, 19, 20, 21})
_WRONG_NAME = frozenset({62, 63, 64})
"""Verify codes of OpenSSL, x509_vfy.h."""
_OLD_TLS = frozenset({"TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL"})
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"})


def certificate_refusal(shown: str, error: aiohttp.ClientConnectorCertificateError) -> Exception:
    """For a certificate that the CA check refuses."""
    cause = error.certificate_error
    code = getattr(cause, "verify_code", None)
    if code in _UNKNOWN_CA:
        return _refused(
            "mbg_certificate_unknown_ca",
            shown,
            f"its certificate is from a CA that MCS does not trust. Enter that CA on {PAGE} or "
            "name it with --trusted-ca, or let the certificate be pinned there",
        )
    if code in _WRONG_NAME:
        return _refused(
            "mbg_certificate_wrong_name",
            shown,
            "its certificate is for another name or address. Check the MBG's internal address on "
            f"{PAGE}, or give the MBG a certificate for it, or let it be pinned there",
        )
    if code == _CERT_HAS_EXPIRED:
        return _refused(
            "mbg_certificate_expired",
            shown,
            "its certificate has expired. Renew it on the MBG, or check the clock of MCS",
        )
    if code == _CERT_NOT_YET_VALID:
        return _refused(
            "mbg_certificate_not_yet_valid",
            shown,
            "its certificate is not valid yet. Check the clocks of MCS and MBG",
        )
    text = getattr(cause, "verify_message", None) or type(cause).__name__
    return _refused(
        "mbg_certificate_refused", shown, f"its certificate is refused ({text}). See {PAGE}"
    )


def handshake_failure(shown: str, error: aiohttp.ClientConnectorSSLError) -> Exception:
    """For a handshake that did not come about for another reason than the certificate."""
    reason = getattr(error.os_error, "reason", None) or ""
    if reason in _NO_TLS:
        return NotAnMbg(
            "not_an_mbg",
            f"What answers at {shown} does not speak TLS, so it is no MBG's REST API. Check the "
            f"MBG's internal address and port on {PAGE}.",
            requirement="ADR-3",
        )
    if reason in _OLD_TLS:
        return MbgUnreachable(
            "mbg_tls_too_old",
            f"The MBG at {shown} speaks no TLS from 1.2 on, and MCS nothing older. Update the MBG, "
            f"or check its internal address and port on {PAGE}.",
            requirement="ADR-3",
        )
    return _refused(
        "mbg_tls_failed", shown, f"the TLS handshake failed ({reason or 'no reason'}). See {PAGE}"
    )


def changed(shown: str, pinned: str, presented: str) -> MbgUnreachable:
    """For another certificate than the pinned one; both are SHA-256 fingerprints."""
    return MbgUnreachable(
        "mbg_certificate_changed",
        f"The MBG at {shown} presents another certificate than before, so MCS has sent it nothing. "
        f"Before: {pinned}; now: {presented}. If the MBG was given a new certificate, confirm it "
        f"on {PAGE}; else somebody may be between MCS and MBG.",
        requirement="ADR-3",
    )


def _refused(code: str, shown: str, why: str) -> MbgUnreachable:
    return MbgUnreachable(code, f"The MBG at {shown} is not trusted: {why}.", requirement="ADR-3")
