"""The run's certificate authority (trustme), from which every TLS server of a run has its own."""

import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import trustme

from simulators.traffic import Traffic, client_context


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """A certificate chain and its private key as PEM files, for roles in processes of their own."""

    certificate: Path
    key: Path


class Authority:
    """One CA per run; its keys live in memory and end with the run."""

    def __init__(self) -> None:
        self._ca = trustme.CA(key_type=trustme.KeyType.ECDSA)

    def server_context(
        self, *names: str, not_before: datetime | None = None, not_after: datetime | None = None
    ) -> ssl.SSLContext:
        """A TLS server context for these host names and IP addresses, in force as long as the CA
        unless told otherwise.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(
            *names, not_before=not_before, not_after=not_after, key_type=trustme.KeyType.ECDSA
        ).configure_cert(context)
        return context

    def renew(self, context: ssl.SSLContext, *names: str) -> None:
        """Give a server context another certificate, for connections from now on."""
        leaf = self._ca.issue_cert(*names, key_type=trustme.KeyType.ECDSA)
        leaf.configure_cert(context)

    def client_context(self) -> ssl.SSLContext:
        """A client context that trusts this run's CA and nothing else."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._ca.configure_trust(context)
        return context

    def write(self, folder: Path, *names: str) -> CertificateFiles:
        """Issue a certificate and write it with its key (readable by the owner alone)."""
        leaf = self._ca.issue_cert(*names, key_type=trustme.KeyType.ECDSA)
        files = CertificateFiles(folder / f"{names[0]}.crt", folder / f"{names[0]}.key")
        files.certificate.write_bytes(b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
        files.key.touch(mode=0o600)
        files.key.write_bytes(leaf.private_key_pem.bytes())
        return files

    def write_ca(self, folder: Path) -> Path:
        """Write the CA's own certificate."""
        path = folder / "ca.crt"
        path.write_bytes(self._ca.cert_pem.bytes())
        return path


def accepting_any_certificate(traffic: Traffic | None = None) -> ssl.SSLContext:
    """A client context as of a phone with Cert Validation false: any certificate does (PHN-2).

    Args:
        traffic: counts its connections.
    """
    context = client_context(traffic)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
