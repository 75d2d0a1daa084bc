"""An MBG's web services and its tokens (TOK-1, TOK-4 to TOK-8)."""

from dataclasses import replace
from typing import Any

from features.defects.changes import answering, ignoring
from features.defects.defect import Defect
from simulators.mbg.services.tokens import EXPIRING_S, Final, Temporary

WEB_SERVICES = "simulators.mbg.services.web_services"
RECORDS = "simulators.mbg.services.token_records:TokenRecords"
FINAL_TOKEN = "simulators.mbg.services.tokens:FinalToken"


def _running_from_the_start(original: Any) -> Any:
    def begin(self: Any, *args: Any) -> None:
        original(self, *args)
        self.running = True

    return begin


def _taken_unapproved(refusals: dict[Temporary, Any]) -> dict[Temporary, Any]:
    return {state: why for state, why in refusals.items() if state is not Temporary.PENDING}


def _without_a_code(original: Any) -> Any:
    return lambda code, message: original(
        "unauthorized" if code == "consumer_unknown" else code, "the request was not accepted"
    )


def _ends_a_month_early(original: Any) -> Any:
    return lambda self, now: original(self, now + EXPIRING_S)


def _renew_nothing(original: Any) -> Any:
    def renew(self: Any, token: str, now: float) -> Any:
        ends = self.final[token].expires_at if token in self.final else now
        final = original(self, token, now)
        final.expires_at = ends
        return final

    return renew


def _renew_for_a_month(original: Any) -> Any:
    def renew(self: Any, token: str, now: float) -> Any:
        final = original(self, token, now)
        final.expires_at = now + EXPIRING_S
        return final

    return renew


def _renew_living_ones_alone(original: Any) -> Any:
    def renew(self: Any, token: str, now: float) -> Any:
        final = self.living_final(token, now)
        return final if final.state is Final.EXPIRED else original(self, token, now)

    return renew


DEFECTS = (
    Defect(
        "tok-1-stop-ignored", "MBG", ("TOK-1", "TOK-6"),
        "Stop on the page Web services stops nothing: the REST API goes on answering.",
        f"{WEB_SERVICES}:WebServices.stop",
        ignoring,
    ),
    Defect(
        "tok-1-answers-as-delivered", "MBG", ("TOK-1",),
        "The REST API of a new MBG answers before anybody has pressed Start.",
        f"{WEB_SERVICES}:WebServices.__init__",
        _running_from_the_start,
    ),
    Defect(
        "tok-4-approval-not-needed", "MBG", ("TOK-4", "TOK-6"),
        "A temporary token that nobody has approved is looked at like an approved one.",
        f"{WEB_SERVICES}:NOT_EXCHANGEABLE",
        _taken_unapproved,
    ),
    Defect(
        "tok-5-any-verifier", "MBG", ("TOK-5", "TOK-6"),
        "A final token is given for an approved temporary one, whatever the verifier.",
        f"{WEB_SERVICES}:_check_verifier",
        ignoring,
    ),
    Defect(
        "tok-6-old-request-exchanged", "MBG", ("TOK-6",),
        "A temporary token is exchanged long after its hour.",
        "simulators.mbg.services.tokens:TemporaryToken.age",
        ignoring,
    ),
    Defect(
        "tok-6-unknown-without-a-code", "MBG", ("TOK-6",),
        "Who has an unknown ConsumerID is refused without a word about the reason.",
        "simulators.mbg.services.signatures:unauthorized",
        _without_a_code,
    ),
    Defect(
        "tok-6-debugger-knows-one-secret", "MBG", ("TOK-6",),
        "The signature debugger does not see that a shared secret is another consumer's.",
        f"{WEB_SERVICES}:WebServices._secrets",
        answering(lambda secrets: replace(secrets, of_consumers={})),
    ),
    Defect(
        "tok-7-never-ends", "MBG", ("TOK-7",),
        "A final token is taken for ever, though the page shows its end.",
        f"{FINAL_TOKEN}.age",
        ignoring,
    ),
    Defect(
        "tok-7-ends-a-month-early", "MBG", ("TOK-7",),
        "A final token is refused as expired a month before the end that is shown.",
        f"{FINAL_TOKEN}.age",
        _ends_a_month_early,
    ),
    Defect(
        "tok-8-renew-ignored", "MBG", ("TOK-8",),
        "Renew says that it has renewed a final token, and its end stays where it was.",
        f"{RECORDS}.renew",
        _renew_nothing,
    ),
    Defect(
        "tok-8-renewed-for-a-month", "MBG", ("TOK-8",),
        "Renew prolongs a final token by a month instead of twelve.",
        f"{RECORDS}.renew",
        _renew_for_a_month,
    ),
    Defect(
        "tok-8-expired-stays-expired", "MBG", ("TOK-8",),
        "Renew does nothing at a final token whose 12 months are over.",
        f"{RECORDS}.renew",
        _renew_living_ones_alone,
    ),
)  # fmt: skip
