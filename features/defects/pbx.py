"""What a PBX node may do wrong."""

from typing import Any

from features.defects.changes import returning
from features.defects.defect import Defect
from simulators.pbx.release import FIRST_WITH_CREDENTIALS

HOT_DESK = "simulators.pbx.hot_desk:HotDesk"


def _compared_as_text(_original: Any) -> Any:
    return lambda self: str(self.release) >= str(FIRST_WITH_CREDENTIALS)


def _any_passcode(original: Any) -> Any:
    def matches(self: Any, hot_desk: str, _passcode: str) -> bool:
        found = self._extensions.get(hot_desk)
        return found is not None and original(self, hot_desk, found.passcode)

    return matches


def _at_the_base_alone(_original: Any) -> Any:
    return lambda self, number: self.hot_desk.places.get(number, "") or number


DEFECTS = (
    Defect(
        "pre-3-releases-compared-as-text", "PBX", ("PRE-3",),
        "A PBX of 6.10 makes no random credentials: it takes itself for older than 6.3 SP1.",
        "simulators.pbx.database:Database._makes_passwords",
        _compared_as_text,
    ),
    Defect(
        "ext-7-any-passcode", "PBX", ("EXT-7",),
        "A hot desk is logged in with any passcode.",
        f"{HOT_DESK}.matches",
        _any_passcode,
    ),
    Defect(
        "ext-7-feature-code-unknown", "PBX", ("EXT-7",),
        "The hot desk's feature code is dialled like a number that nobody has.",
        "simulators.pbx.feature_codes:FeatureCodes.means",
        returning(False),
    ),
    Defect(
        "ext-7-calls-go-to-the-base", "PBX", ("EXT-7",),
        "A call for a hot desk is sent to the extension whose phone it uses, which is not there.",
        "simulators.pbx.exchange:Exchange.phone_of",
        _at_the_base_alone,
    ),
)  # fmt: skip
