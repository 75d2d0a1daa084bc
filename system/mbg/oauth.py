"""Signing calls to the MBG: OAuth 1.0a (RFC 5849), HMAC-SHA1, by oauthlib.

Only the consumer's side is here. Time stamp and nonce come from the MCS's own clock and entropy, so
that a run can be repeated; oauthlib does base string, key and header.
"""

import logging
from dataclasses import dataclass, field
from typing import Literal

from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, Client

from system.clock import Clock
from system.domain.credentials import Entropy

# At DEBUG it shows signed requests with what they are signed with (API-1).
logging.getLogger("oauthlib").setLevel(logging.WARNING)

Method = Literal["GET", "POST", "PUT", "DELETE"]
OUT_OF_BAND = "oob"
"""RFC 5849 section 2.1: the verifier is shown to a person and typed in."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Whom a call is signed as: the consumer, with a temporary or final token if it has one."""

    consumer_id: str
    shared_secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    token_secret: str | None = field(default=None, repr=False)


class Signer:
    """Makes ``Authorization`` headers."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy

    def authorization(
        self,
        method: Method,
        url: str,
        credentials: Credentials,
        *,
        callback: str | None = None,
        verifier: str | None = None,
    ) -> str:
        """The header's value for one request.

        ``url`` is exactly what goes on the wire, query included (RFC 5849 section 3.4.1.2). A JSON
        body is not part of the signature (section 3.4.1.3.1), so it is not asked for.
        """
        client = Client(
            credentials.consumer_id,
            client_secret=credentials.shared_secret,
            resource_owner_key=credentials.token,
            resource_owner_secret=credentials.token_secret,
            callback_uri=callback,
            verifier=verifier,
            signature_method=SIGNATURE_HMAC_SHA1,
            timestamp=str(int(self._clock.now())),
            nonce=self._entropy(16).hex(),
        )
        _, headers, _ = client.sign(url, http_method=method)
        return str(headers["Authorization"])
