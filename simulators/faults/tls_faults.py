"""Faults of certificates: a server context that shows another certificate to new connections.

The context that servers hold stays the same; when a client says hello, the faults are asked and
the handshake may go on with another context. Connections that stand notice nothing.
"""

import ssl

from simulators.errors import ConfigurationError
from simulators.faults.fault import Fault
from simulators.faults.table import FaultTable
from simulators.tls import Authority


class TlsFault(Fault):
    """A fault of the certificate that TLS clients are shown, by REST and SIP alike."""

    def context(self, authority: Authority, names: tuple[str, ...]) -> ssl.SSLContext:
        """A server context in which the certificate for `names` is wrong."""
        raise NotImplementedError


class TlsFaults:
    """Lets certificate faults strike.

    Args:
        authority: issues the wrong certificates; None can't have such faults.
        names: what the right certificate is for.
    """

    def __init__(self, authority: Authority | None, names: tuple[str, ...]) -> None:
        self._authority = authority
        self._names = names
        self._made: dict[TlsFault, ssl.SSLContext] = {}

    def prepare(self, fault: Fault) -> None:
        """Make ready what a fault needs, before it is switched on.

        Raises:
            ConfigurationError: it needs a CA, and there is none.
        """
        if not isinstance(fault, TlsFault):
            return
        if self._authority is None:
            raise ConfigurationError(
                f"the fault {fault.name} needs a certificate of this bench's own CA: "
                "start the MBG without a certificate given"
            )
        self._made.setdefault(fault, fault.context(self._authority, self._names))

    def watch(self, context: ssl.SSLContext, table: FaultTable) -> None:
        """Look from now on into each handshake that servers with this context do."""

        def hello(connection: ssl.SSLObject, name: str | None, own: ssl.SSLContext) -> None:
            for strike in table.strikes(TlsFault, None, "TLS handshake"):
                connection.context = self._made[strike.fault]

        context.sni_callback = hello
