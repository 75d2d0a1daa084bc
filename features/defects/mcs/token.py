"""Stage 4: the token exchange, the token's end, and what the MBG refuses."""

from dataclasses import replace
from typing import Any

from features.defects.changes import answering, ignoring_later, returning_later
from features.defects.defect import Defect


def _not_asked_whether_enabled(original: Any) -> Any:
    return lambda settings: settings.internal_address or original(settings)


def _end_not_read(original: Any) -> Any:
    async def retrieve_token(self: Any, verifier: str) -> None:
        self.look = returning_later(None)(original)
        try:
            await original(self, verifier)
        finally:
            del self.look

    return retrieve_token


def _working_token_dropped(original: Any) -> Any:
    async def request_token(self: Any, name: str, consumer_id: str, shared_secret: str) -> None:
        # the row that it stores the temporary token in is the one with the working token
        await original(self, name, consumer_id, shared_secret)
        async with self._database.write() as session:
            settings = await original.__globals__["load_settings"](session)
            settings.token = settings.token_secret = None

    return request_token


def _like_unknown(texts: Any) -> Any:
    return {**texts, "consumer_inactive": texts["consumer_unknown"]}


def _unexplained_verifier(by_phase: Any) -> Any:
    return {
        phase: {code: text for code, text in texts.items() if code != "verifier_invalid"}
        for phase, texts in by_phase.items()
    }


def _never_expiring(view: Any) -> Any:
    return replace(view, state="valid", message=None) if view.state == "expiring" else view


def _needs_a_person(original: Any) -> Any:
    def event_for(error: Any) -> Any:
        event = original(error)
        return type(event).NEEDS_A_PERSON if error.code == "token_expired" else event

    return event_for


def _not_after_its_end(original: Any) -> Any:
    async def checked_client(self: Any) -> Any:
        settings = await self._settings()
        if self._is_overdue(settings):
            view = self.view(settings)
            raise original.__globals__["NotReady"]("token_expired", view.message)
        return await original(self)

    return checked_client


def _permission_unnamed(error: Any) -> Any:
    if error.requirement == "TOK-9":
        error.message = "The consumer lacks a permission."
    return error


DEFECTS = (
    Defect(
        "tok-3-requested-without-rest-api", "MCS", ("TOK-3",),
        "A token is requested though Enable Rest API is not checked.",
        "system.mbg.access:usable_address",
        _not_asked_whether_enabled,
    ),
    Defect(
        "tok-5-end-not-read", "MCS", ("TOK-5",),
        "After Retrieve Final Access Token nobody is told how long the token serves.",
        "system.mbg.access:MbgAccess.retrieve_token",
        _end_not_read,
    ),
    Defect(
        "tok-6-working-token-dropped", "MCS", ("TOK-6",),
        "Save & Test API Credentials throws the working token away before there is a new one.",
        "system.mbg.access:MbgAccess.request_token",
        _working_token_dropped,
    ),
    Defect(
        "tok-6-inactive-told-as-unknown", "MCS", ("TOK-6",),
        "For a consumer that is not active MCS says that the Consumer ID is not known.",
        "system.mbg.refusals:_CONSUMER",
        _like_unknown,
    ),
    Defect(
        "tok-6-verifier-not-explained", "MCS", ("TOK-6",),
        "For a wrong verifier MCS shows the MBG's error code and nothing else.",
        "system.mbg.refusals:_BY_PHASE",
        _unexplained_verifier,
    ),
    Defect(
        "tok-7-no-warning", "MCS", ("TOK-7",),
        "A token shows as valid until the very day of its end.",
        "system.mbg.access:MbgAccess.view",
        answering(_never_expiring),
    ),
    Defect(
        "tok-7-waiting-told-as-failed", "MCS", ("TOK-7",),
        "Past the token's 12 months extensions show as failed, and do not wait for it.",
        "system.provisioning.outcomes:event_for",
        _needs_a_person,
    ),
    Defect(
        "tok-8-renewal-not-noticed", "MCS", ("TOK-8",),
        "After Renew the page goes on saying that the MBG refuses the token.",
        "system.mbg.access:MbgAccess.note_success",
        ignoring_later,
    ),
    Defect(
        "tok-8-expired-never-tried-again", "MCS", ("TOK-8",),
        "A token that has expired once is never tried again, so that Renew changes nothing.",
        "system.mbg.access:MbgAccess.checked_client",
        _not_after_its_end,
    ),
    Defect(
        "tok-9-permission-not-named", "MCS", ("TOK-9",),
        "For a missing permission the error does not say which one.",
        "system.mbg.client:refusal",
        answering(_permission_unnamed),
    ),
)  # fmt: skip
