"""The tokens of one MBG, and what a person does with them on its Web services page, pure.

Times are calendar time in epoch seconds. Life and states of a token are `tokens`.
"""

from simulators.core import Entropy
from simulators.mbg.refusals import Refused, not_found, unauthorized
from simulators.mbg.services.consumers import new_secret
from simulators.mbg.services.tokens import (
    Final,
    FinalEvent,
    FinalToken,
    Temporary,
    TemporaryEvent,
    TemporaryToken,
)


class TokenRecords:
    """All tokens, by what consumers sign with (`token`).

    Args:
        temporary_life_s, final_life_s: how long a token serves, seconds.
    """

    def __init__(self, entropy: Entropy, temporary_life_s: float, final_life_s: float) -> None:
        self.temporary: dict[str, TemporaryToken] = {}
        self.final: dict[str, FinalToken] = {}
        self._entropy = entropy
        self._temporary_life_s = temporary_life_s
        self._final_life_s = final_life_s

    def approve(self, token: str, now: float) -> str:
        """Press approve at a temporary token; returns the Verifier.

        Raises:
            Refused: the token is not pending any more.
        """
        temporary = self.living_temporary(token, now)
        if temporary.state is not Temporary.PENDING:
            raise _not_pending(temporary)
        temporary.move(TemporaryEvent.APPROVE)
        temporary.verifier = f"{int.from_bytes(self._entropy(8), 'big') % 1_000_000:06d}"
        return temporary.verifier

    def reject(self, token: str, now: float) -> None:
        """Press reject at a temporary token, pending or approved.

        Raises:
            Refused: nothing can become of the token any more.
        """
        temporary = self.living_temporary(token, now)
        if not temporary.living:
            raise _not_pending(temporary)
        temporary.move(TemporaryEvent.REJECT)

    def renew(self, token: str, now: float) -> FinalToken:
        """Press Renew at a final token: 12 months from now (TOK-8).

        Raises:
            Refused: there is no such token, or it was revoked.
        """
        final = self._unrevoked(token)
        final.move(FinalEvent.RENEW)
        final.expires_at = now + self._final_life_s
        return final

    def revoke(self, token: str) -> None:
        """Press revoke at a final token.

        Raises:
            Refused: there is no such token, or it was revoked before.
        """
        self._unrevoked(token).move(FinalEvent.REVOKE)

    def pending(self, now: float) -> list[TemporaryToken]:
        """The list Temporary tokens: pending and approved ones."""
        self.age(now)
        return [token for token in self.temporary.values() if token.living]

    def age(self, now: float) -> None:
        """Let expire what is past its time, so that every state read is the present one."""
        for temporary in self.temporary.values():
            temporary.age(now)
        for final in self.final.values():
            final.age(now)

    def issue_temporary(self, consumer_id: str, now: float) -> TemporaryToken:
        """A new temporary token; it takes the place of the consumer's one before."""
        for other in self.temporary.values():
            if other.consumer_id == consumer_id and other.living:
                other.move(TemporaryEvent.REPLACE)
        expires_at = now + self._temporary_life_s
        made = TemporaryToken(
            new_secret(self._entropy), new_secret(self._entropy), consumer_id, expires_at
        )
        self.temporary[made.token] = made
        return made

    def issue_final(self, temporary: TemporaryToken, now: float) -> FinalToken:
        """The final token in exchange for an approved temporary one."""
        temporary.move(TemporaryEvent.EXCHANGE)
        made = FinalToken(
            new_secret(self._entropy),
            new_secret(self._entropy),
            temporary.consumer_id,
            now,
            now + self._final_life_s,
        )
        self.final[made.token] = made
        return made

    def forget_tokens_of(self, consumer_id: str) -> None:
        """Remove every token of a consumer."""
        self.temporary = {
            token: kept for token, kept in self.temporary.items() if kept.consumer_id != consumer_id
        }
        self.final = {
            token: kept for token, kept in self.final.items() if kept.consumer_id != consumer_id
        }

    def living_temporary(self, token: str, now: float) -> TemporaryToken:
        """A temporary token in its present state.

        Raises:
            Refused: it was never issued.
        """
        temporary = self.temporary.get(token)
        if temporary is None:
            raise unauthorized("token_unknown", "this MBG issued no such temporary token")
        temporary.age(now)
        return temporary

    def living_final(self, token: str, now: float) -> FinalToken:
        """A final token in its present state.

        Raises:
            Refused: it was never issued.
        """
        final = self.final.get(token)
        if final is None:
            raise unauthorized("token_unknown", "this MBG issued no such final token")
        final.age(now)
        return final

    def _unrevoked(self, token: str) -> FinalToken:
        final = self.final.get(token)
        if final is None:
            raise not_found("such final token")
        if final.state is Final.REVOKED:
            raise Refused(409, "token_revoked", "the final token was revoked")
        return final


def _not_pending(token: TemporaryToken) -> Refused:
    return Refused(409, "token_not_pending", f"this token is {token.state.value}")
