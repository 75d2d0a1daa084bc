"""Who is it, and may it? The node's look at the credentials of REGISTER and INVITE, pure.

Both are challenged with 401, as a registrar and a UAS do (RFC 3261 section 22.2): a node ends calls
and begins others, it is no proxy. Credentials are an extension's own (EXT-6).
"""

from simulators.core import Entropy
from simulators.pbx import refusals
from simulators.pbx.extensions import Extension, Extensions
from simulators.pbx.refusals import Refusal
from simulators.pbx.settings import NodeSettings
from simulators.sip.authenticator import PASSED, Authenticator, Verdict
from simulators.sip.digest import Credentials
from simulators.sip.message import Request

STALE = (Verdict.STALE_NONCE, Verdict.UNKNOWN_NONCE, Verdict.REPLAYED)
"""RFC 2617 section 3.2.1: "same password, new nonce"; a wrong password gets no such hint."""

HONEST = (Verdict.NO_CREDENTIALS, *STALE)
"""What any honest phone meets: that is no refusal yet."""


class Authentication:
    """Digest over the node's extensions.

    Args:
        realm: the node's name.
        extensions: read at each request.
        host: how the node names itself in `Warning`.
    """

    def __init__(
        self,
        realm: str,
        extensions: Extensions,
        entropy: Entropy,
        settings: NodeSettings,
        host: str,
    ) -> None:
        self._extensions = extensions
        self._host = host
        self.authenticator = Authenticator(
            realm,
            entropy,
            extensions.password_of,
            nonce_life_s=settings.nonce_life_s,
            algorithms=settings.algorithms,
        )

    def registers(
        self, authorization: Credentials | str | None, extension: str, now: float
    ) -> Refusal | None:
        """Why a REGISTER with this Authorization, if any, may not change the extension's bindings.

        Section 10.3, steps 3 to 5.
        """
        check = self.authenticator.check_value(authorization, "REGISTER", now)
        known = extension in self._extensions
        verdict = check.verdict
        if verdict is PASSED:
            if known and check.username == extension:
                return None
            # EXT-6: an MBG registers with the authorization name as AOR too, so the AOR alone
            # says nothing; whose name it is does.
            owner = self._extensions.owner_of(check.username)
            meant = extension if known or owner is None else owner.number
            if check.username != meant:
                return refusals.wrong_name(self._host, check.username, meant)
        if not known and verdict is not Verdict.NO_CREDENTIALS:
            # Also for a name that nobody has: an extension that was removed shall not look like a
            # typing error.
            return refusals.unknown_extension(self._host, extension)
        return self._challenge(verdict, now)

    def caller(self, request: Request, now: float) -> Extension | Refusal:
        """Whose phone sends this INVITE: its credentials say so; From may say anything."""
        check = self.authenticator.check(request, now)
        owner = self._extensions.owner_of(check.username) if check.passed else None
        if owner is None:
            return self._challenge(check.verdict, now)
        if check.username != owner.number:
            return refusals.wrong_name(self._host, check.username, owner.number)
        return owner

    def _challenge(self, verdict: Verdict, now: float) -> Refusal:
        stale = verdict in STALE
        challenges = self.authenticator.challenges(now, stale=stale)
        headers = tuple([("WWW-Authenticate", challenge) for challenge in challenges])
        return Refusal(401, "" if verdict in HONEST else verdict.value, headers)
