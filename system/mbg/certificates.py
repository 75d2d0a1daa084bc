"""The MBG's certificate: checked by a CA, or pinned when it is seen first.

A pinned one is compared by its SHA-256 before anything is sent. Another one is refused, kept to be
shown beside the pinned one, and used from when a person has confirmed it by its fingerprint.
"""

import asyncio
import hashlib
import ssl
from dataclasses import dataclass

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from system.clock import iso_utc
from system.errors import InvalidInput, MbgUnreachable

PIN = "pin"
CA = "ca"
CHANGED = "mbg_certificate_changed"
PAGE = "the page MiVoice Border Gateway"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a person compares; ``not_before`` and ``not_after`` are ISO 8601."""

    sha256: str
    subject: str
    issuer: str
    not_before: str | None
    not_after: str | None

    def document(self) -> dict[str, str | None]:
        """As the API shows it."""
        return {name: getattr(self, name) for name in self.__slots__}


def describe(pem: str) -> Seen:
    """Read one PEM certificate.

    Raises:
        ValueError: it is none.
    """
    certificate = x509.load_pem_x509_certificate(pem.encode())
    return Seen(
        sha256=fingerprint(pem),
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        not_before=iso_utc(certificate.not_valid_before_utc.timestamp()),
        not_after=iso_utc(certificate.not_valid_after_utc.timestamp()),
    )


def fingerprint(pem: str) -> str:
    """SHA-256 of the certificate, as colon-separated upper-case pairs."""
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.strip() + "\n")).hexdigest().upper()
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))


def pin_of(pem: str) -> aiohttp.Fingerprint:
    """What aiohttp compares right after the handshake, before it sends anything."""
    return aiohttp.Fingerprint(
        hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.strip() + "\n")).digest()
    )


def ca_context(pem: str) -> ssl.SSLContext:
    """The TLS context for a CA that was entered on the MBG page.

    Raises:
        InvalidInput: it is no certificate.
    """
    try:
        x509.load_pem_x509_certificates(pem.encode())
        return ssl.create_default_context(cadata=pem)
    except (ValueError, ssl.SSLError):
        raise InvalidInput(
            "invalid", "It has to be a CA certificate in PEM.", field="ca_certificate"
        ) from None


async def fetch(address: str, port: int, source: str | None, timeout_s: float) -> str:
    """The certificate that is presented now, in PEM; nothing is sent but the handshake.

    Raises:
        MbgUnreachable: no connection, or no TLS there.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(
                address, port, ssl=context, local_addr=(source, 0) if source else None
            )
    except (OSError, TimeoutError) as error:
        raise MbgUnreachable(
            "mbg_unreachable",
            f"The MBG at {address}:{port} cannot be asked for its certificate: "
            f"{type(error).__name__}. Check its address on {PAGE}.",
            requirement="ADR-3",
        ) from error
    try:
        content = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.transport.abort()
    return x509.load_der_x509_certificate(content).public_bytes(Encoding.PEM).decode()
