"""Stage 6: what a phone is handed, and what the Phones page shows of it."""

from typing import Any

from aiohttp.web import HTTPNotFound, Response

from features.defects.changes import answering, returning_later
from features.defects.defect import Defect


def _no_image_outside(original: Any) -> Any:
    async def image(self: Any, request: Any) -> Any:
        site = await self._gate._site.get()
        if request.remote == site.mbg_internal_address:
            raise HTTPNotFound
        return await original(self, request)

    return image


def _firmware_of_first_contact(original: Any) -> Any:
    def contact(self: Any, contact: Any) -> None:
        phone = self.phones[contact.identity.mac]
        firmware = phone.firmware
        original(self, contact)
        phone.firmware = firmware or phone.firmware

    return contact


def _offered_to_everybody(original: Any) -> Any:
    def own_softkeys(who: str, *, base: str | None, setup: str | None, logged_in: bool) -> Any:
        setup = setup or f"{base}/phones/setup?{who}"
        return original(who, base=base, setup=setup, logged_in=logged_in)

    return own_softkeys


def _never_a_first_line(original: Any) -> Any:
    async def news(self: Any, caller: Any, at_phone: str) -> Any:
        if "sip line" not in (caller.dossier.phone.held_names or ""):
            return Response()
        return await original(self, caller, at_phone)

    return news


def _registration_not_noted(original: Any) -> Any:
    async def action(self: Any, request: Any, **facts: Any) -> Any:
        return await original(self, request, **(facts | {"registered": None}))

    return action


DEFECTS = (
    Defect(
        "phn-3-no-firmware-outside", "MCS", ("PHN-3", "FWD-1"),
        "Firmware is served in the office alone.",
        "system.phones.files:Files.image",
        _no_image_outside,
    ),
    Defect(
        "phn-3-old-firmware-shown", "MCS", ("PHN-3",),
        "A phone counts for ever as running the firmware that it came with, and once updated it is "
        "not believed what it says of its registration.",
        "system.phones.book:_Writer._contact",
        _firmware_of_first_contact,
    ),
    Defect(
        "phn-4-mac-not-shown", "MCS", ("PHN-4",),
        "The Phones page shows a phone without its MAC address.",
        "system.api.phones:_document",
        answering(lambda phone: phone.model_copy(update={"mac": ""})),
    ),
    Defect(
        "phn-4-model-not-shown", "MCS", ("PHN-4",),
        "The Phones page does not show which model a phone is.",
        "system.api.phones:_document",
        answering(lambda phone: phone.model_copy(update={"model": None})),
    ),
    Defect(
        "phn-5-no-line-2", "MCS", ("PHN-5",),
        "A phone has a key for Line 1, and none for Line 2.",
        "system.domain.keymap:LINE_KEYS",
        lambda keys: keys[:1],
    ),
    Defect(
        "phn-6-setup-for-everybody", "MCS", ("PHN-6",),
        "A teleworker's phone is handed a Setup key.",
        "system.phones.dossier:own_softkeys",
        _offered_to_everybody,
    ),
    Defect(
        "phn-6-assignment-not-told", "MCS", ("PHN-6",),
        "An extension assigned to a phone that is connected already never reaches it.",
        "system.phones.actions:Actions._news",
        _never_a_first_line,
    ),
    Defect(
        "phn-6-not-pushed", "MCS", ("PHN-6",),
        "A phone in the office hears of its extension only when it asks by itself.",
        "system.phones.push:Push._pass",
        returning_later(frozenset()),
    ),
    Defect(
        "phn-7-never-shown-as-registered", "MCS", ("PHN-7",),
        "The Phones page never shows a phone as registered.",
        "system.phones.actions:Actions._action",
        _registration_not_noted,
    ),
)  # fmt: skip
