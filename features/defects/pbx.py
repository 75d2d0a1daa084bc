"""What a PBX node may do wrong."""

from typing import Any

from features.defects.changes import answering, returning
from features.defects.defect import Defect
from simulators.pbx import refusals
from simulators.pbx.refusals import Refusal
from simulators.pbx.registering import Registering
from simulators.pbx.release import FIRST_WITH_CREDENTIALS

REGISTRAR = "simulators.pbx.registrar:Registrar"
HOT_DESK = "simulators.pbx.hot_desk:HotDesk"


def _compared_as_text(_original: Any) -> Any:
    return lambda self: str(self.release) >= str(FIRST_WITH_CREDENTIALS)


def _any_name_taken(original: Any) -> Any:
    def register(self: Any, asked: Any, now: float) -> Any:
        answer = original(self, asked, now)
        if isinstance(answer, Refusal) and "is not the extension number" in answer.why:
            meant = answer.why.rpartition(" ")[2]
            taken = Registering(
                meant, asked.call_id, asked.cseq, asked.contacts, asked.expires, "", asked.peer,
                asked.transport,
            )  # fmt: skip
            return self._bind(taken, now)
        return answer

    return register


def _old_password_wanted(original: Any) -> Any:
    def password(self: Any, name: str) -> str | None:
        known: dict[str, str | None] = vars(self).setdefault("known_passwords", {})
        return known.setdefault(name, original(self, name))

    return password


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
        "ext-6-any-name-taken", "PBX", ("EXT-6",),
        "An authorization name that is not the extension number is taken if its password is right.",
        f"{REGISTRAR}.register",
        _any_name_taken,
    ),
    Defect(
        "ext-6-no-reason-given", "PBX", ("EXT-6",),
        "A wrong authorization name is refused with a bare 403 that tells nobody why.",
        "simulators.pbx.refusals:wrong_name",
        returning(Refusal(403, "forbidden")),
    ),
    Defect(
        "api-1-old-password-wanted", "PBX", ("API-1",),
        "The PBX hands out an extension's new password, and goes on asking for the old one.",
        "simulators.pbx.extensions:Extensions.password_of",
        _old_password_wanted,
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
    Defect(
        "phn-7-absent-is-busy", "PBX", ("PHN-7",),
        "Who calls an extension without a registered phone hears that it is busy.",
        "simulators.pbx.refusals:not_registered",
        lambda _original: refusals.own_number,
    ),
    Defect(
        "phn-7-answers-without-media", "PBX", ("PHN-7", "EXT-7"),
        "The answer of a called phone comes without its session description: nobody is heard.",
        "simulators.pbx.exchange_calls:ExchangeCalls.carried",
        answering(lambda _body: b""),
    ),
)  # fmt: skip
