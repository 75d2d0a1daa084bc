"""What an MBG may do wrong."""

from typing import Any

from features.defects.defect import Defect


def _renew_nothing(original: Any) -> Any:
    def renew(self: Any, token: str, now: float) -> Any:
        ends = self.final[token].expires_at if token in self.final else now
        final = original(self, token, now)
        final.expires_at = ends
        return final

    return renew


DEFECTS = (
    Defect(
        "tok-8-renew-ignored", "MBG", ("TOK-8",),
        "Renew says that it has renewed a final token, and its end stays where it was.",
        "simulators.mbg.services.token_records:TokenRecords.renew",
        _renew_nothing,
    ),
)  # fmt: skip
