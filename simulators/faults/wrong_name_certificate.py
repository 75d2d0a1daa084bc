"""Fault: the certificate is somebody else's."""

import ssl
from typing import ClassVar

from pydantic import Field

from simulators.faults.tls_faults import TlsFault
from simulators.tls import Authority


class WrongNameCertificate(TlsFault):
    """The MBG shows a certificate for another host: right CA, in force, wrong name."""

    name: ClassVar[str] = "wrong-name-certificate"

    host: str = Field(
        default="another.example.test",
        pattern=r"^[a-z0-9.-]+$",
        max_length=200,
        description="The host that the certificate is for.",
    )

    def context(self, authority: Authority, names: tuple[str, ...]) -> ssl.SSLContext:
        return authority.server_context(self.host)
