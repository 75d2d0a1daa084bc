"""Fault: the certificate is past its end."""

import ssl
from datetime import UTC, datetime
from typing import ClassVar

from simulators.faults.tls_faults import TlsFault
from simulators.tls import Authority

BEGIN = datetime(2000, 1, 1, tzinfo=UTC)
END = datetime(2001, 1, 1, tzinfo=UTC)


class ExpiredCertificate(TlsFault):
    """The MBG's certificate has expired: right names, right CA, valid until 2001."""

    name: ClassVar[str] = "expired-certificate"

    def context(self, authority: Authority, names: tuple[str, ...]) -> ssl.SSLContext:
        return authority.server_context(*names, not_before=BEGIN, not_after=END)
