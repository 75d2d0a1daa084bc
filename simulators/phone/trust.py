"""Which certificates a phone believes (domain reference 3.2, TLS checks).

With `https validate certificates` off any does. On, the chain has to end at an authority that the
phone knows or at one of its user certificates; the host's name and the dates are looked at as
`https validate hostname` and `https validate expires` say, each on its own. Dates are those of the
server's own certificate, by the phone's clock, which may be wrong.
"""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from simulators.phone.files.server import CertificateChecks
from simulators.tls import accepting_any_certificate
from simulators.traffic import MeteredContext, MeteredObject, Traffic

NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which knows the machine's clock alone."""
NOT_VALID_YET = 9
HAS_EXPIRED = 10
"""X509_V_ERR_... of OpenSSL."""


class Trust:
    """The TLS contexts of one phone.

    Args:
        authorities: what it was made with; None knows no private authority.
        checks: what the configuration wants looked at now.
        user_certificates: PEM, as `https user certificates` brought it.
        now: the phone's clock, epoch seconds.
        traffic: counts what goes over their connections.
    """

    def __init__(
        self,
        authorities: ssl.SSLContext | None,
        checks: Callable[[], CertificateChecks],
        user_certificates: Callable[[], bytes],
        now: Callable[[], float],
        traffic: Traffic | None = None,
    ) -> None:
        self.anything = _anything(traffic)
        self._traffic = traffic
        known = authorities.get_ca_certs(binary_form=True) if authorities is not None else []
        self._known = b"".join(known)
        self._checks = checks
        self._user_certificates = user_certificates
        self._now = now
        self._made: tuple[CertificateChecks, bytes, ssl.SSLContext] | None = None

    @property
    def checking(self) -> ssl.SSLContext:
        """A context that looks at what the configuration wants looked at now."""
        wanted = self._checks(), self._user_certificates()
        if self._made is None or self._made[:2] != wanted:
            self._made = (*wanted, self._context(*wanted))
        return self._made[2]

    def _context(self, checks: CertificateChecks, user_certificates: bytes) -> ssl.SSLContext:
        context = _Dated(ssl.PROTOCOL_TLS_CLIENT)
        context.traffic = self._traffic
        context.now = self._now if checks.expires else None
        context.check_hostname = checks.hostname
        # a user certificate may be the server's own: then the chain ends with it
        context.verify_flags |= ssl.VerifyFlags(NO_CHECK_TIME) | ssl.VERIFY_X509_PARTIAL_CHAIN
        if self._known:
            context.load_verify_locations(cadata=self._known)
        for certificate in _certificates(user_certificates):
            context.load_verify_locations(cadata=certificate)
        return context


@cache
def _anything(traffic: Traffic | None) -> ssl.SSLContext:
    """One for all phones: it believes everybody, holds nothing, and costs a millisecond to make."""
    return accepting_any_certificate(traffic)


class _DatedObject(MeteredObject):
    """A TLS connection that is refused, at the end of its handshake, over its dates."""

    def do_handshake(self) -> None:
        super().do_handshake()
        context, certificate = self.context, self.getpeercert(True)
        if isinstance(context, _Dated) and context.now is not None and certificate is not None:
            check_dates(certificate, context.now())


class _Dated(MeteredContext):
    """A context with a clock of its own; None doesn't look at dates."""

    now: Callable[[], float] | None = None
    sslobject_class = _DatedObject


def check_dates(certificate: bytes, now: float) -> None:
    """Check that a certificate (DER) is in force at epoch time `now`.

    Raises:
        ssl.SSLCertVerificationError: it isn't yet, or not any more.
    """
    found = x509.load_der_x509_certificate(certificate)
    moment = datetime.fromtimestamp(now, UTC)
    if moment < found.not_valid_before_utc:
        raise _refusal(NOT_VALID_YET, "certificate is not yet valid")
    if moment > found.not_valid_after_utc:
        raise _refusal(HAS_EXPIRED, "certificate has expired")


def _refusal(code: int, message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, f"certificate verify failed: {message}")
    error.verify_code, error.verify_message = code, message
    error.reason = "CERTIFICATE_VERIFY_FAILED"
    return error


def _certificates(pem: bytes) -> list[bytes]:
    """Each certificate of a PEM file as DER; none where it can't be read."""
    try:
        found = x509.load_pem_x509_certificates(pem) if pem else []
    except ValueError:
        return []
    return [certificate.public_bytes(Encoding.DER) for certificate in found]
