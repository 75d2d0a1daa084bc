"""Certificates: the listeners' own (self-signed where none is given) and the CA for the MBG."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from system.clock import Clock
from system.config import McsConfig
from system.domain.credentials import Entropy
from system.errors import StartError
from system.storage.secrets import write_private_file

VALIDITY = timedelta(days=3650)
_UNSPECIFIED = ("0.0.0.0", "::")


def listener_context(config: McsConfig, clock: Clock, entropy: Entropy) -> ssl.SSLContext:
    """The TLS context of all listeners.

    Raises:
        StartError: certificate or key cannot be used.
    """
    certificate, key = config.certificate, config.key
    if certificate is None or key is None:
        certificate, key = config.data_dir / "tls.crt", config.data_dir / "tls.key"
        if not (certificate.exists() and key.exists()):
            try:
                _make_self_signed(certificate, key, config.listen_address, clock, entropy)
            except OSError as error:
                raise StartError(
                    "certificate_unusable",
                    f"A certificate {certificate} cannot be written: {error.strerror}.",
                    field="certificate",
                ) from error
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise StartError(
            "certificate_unusable",
            f"Certificate {certificate} with key {key} cannot be used: {error}.",
            field="certificate",
        ) from error
    return context


def phones_context(config: McsConfig, clock: Clock, entropy: Entropy) -> ssl.SSLContext:
    """The TLS context of the phones' HTTPS port: it may ask for device certificates (0021).

    Raises:
        StartError: certificate, key or CA cannot be used.
    """
    context = listener_context(config, clock, entropy)
    if config.device_ca is None:
        return context
    try:
        context.load_verify_locations(config.device_ca)
    except (OSError, ssl.SSLError) as error:
        raise StartError(
            "device_ca_unusable",
            f"CA file {config.device_ca} cannot be used: {error}.",
            field="device_ca",
        ) from error
    required = config.device_certificate_required
    context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
    return context


def mbg_context(trusted_ca: Path | None) -> ssl.SSLContext:
    """The TLS context for calls to the MBG; its certificate and name are always checked.

    Raises:
        StartError: the CA file cannot be used.
    """
    try:
        return ssl.create_default_context(cafile=trusted_ca)
    except (OSError, ssl.SSLError) as error:
        raise StartError(
            "trusted_ca_unusable",
            f"CA file {trusted_ca} cannot be used: {error}.",
            field="trusted_ca",
        ) from error


def _make_self_signed(
    certificate: Path, key: Path, address: str, clock: Clock, entropy: Entropy
) -> None:
    """An ECDSA P-256 certificate for this machine, its own issuer, ten years long."""
    private_key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "MCS")])
    now = datetime.fromtimestamp(int(clock.now()), UTC)
    alternatives: list[x509.GeneralName] = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    if address not in (*_UNSPECIFIED, "127.0.0.1"):
        alternatives.append(x509.IPAddress(ipaddress.ip_address(address)))
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(int.from_bytes(entropy(16), "big") | 1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private_key, hashes.SHA256())
    )
    write_private_file(
        key,
        private_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
