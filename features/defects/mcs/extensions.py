"""Stage 5: the SIP Authorization form, what is removed from the MBG, and hot desks."""

from dataclasses import replace
from typing import Any

from features.defects.changes import answering, being, ignoring, returning
from features.defects.defect import Defect


def _made_anew(original: Any) -> Any:
    async def use_remote(session: Any, extension: Any, wish: Any, entropy: Any) -> None:
        extension.remote_name = extension.remote_password = None
        await original(session, extension, wish, entropy)

    return use_remote


def _nothing_deleted(original: Any) -> Any:
    async def remove(self: Any, step: Any) -> Any:
        if not step.device_ids:
            return await original(self, step)
        return replace(await original(self, replace(step, device_ids=())), message=None)

    return remove


def _whatever_is_the_extensions(_original: Any) -> Any:
    async def own_devices(self: Any, job: Any) -> list[str]:
        return [device.id for device in await self._client.devices(icp_username=job.extension)]

    return own_devices


def _only_when_checked(original: Any) -> Any:
    def warnings(*args: Any, use_remote: bool, on_pbx: bool) -> Any:
        return original(*args, use_remote=use_remote, on_pbx=on_pbx) if use_remote else []

    return warnings


def _logged_in_without(account: Any) -> Any:
    return replace(account, line=account.line or "none")


DEFECTS = (
    Defect(
        "ext-1-saving-again-makes-new-ones", "MCS", ("EXT-1",),
        "Each time the form is saved the extension gets another remote name and password.",
        "system.provisioning.authorization:_use_remote",
        _made_anew,
    ),
    Defect(
        "ext-2-weak-password-taken", "MCS", ("EXT-2",),
        "A remote password that the MBG refuses as weak is taken.",
        "system.provisioning.authorization:password_problem",
        ignoring,
    ),
    Defect(
        "ext-2-one-password-for-all", "MCS", ("EXT-2",),
        "All extensions get the same remote password.",
        "system.provisioning.authorization:random_password",
        returning("Welcome-to-the-office-1"),
    ),
    Defect(
        "ext-3-sip-user-stays", "MCS", ("EXT-3",),
        "MCS says that it has removed a SIP user, and the MBG has it still.",
        "system.provisioning.executor:Executor._remove",
        _nothing_deleted,
    ),
    Defect(
        "ext-4-hand-made-one-removed", "MCS", ("EXT-4",),
        "Unchecking the box also removes a SIP user that was made by hand.",
        "system.provisioning.executor:Executor._own_devices",
        _whatever_is_the_extensions,
    ),
    Defect(
        "ext-4-left-alone-without-a-word", "MCS", ("EXT-4",),
        "A SIP user that was made by hand stays, and nobody is told.",
        "system.provisioning.authorization:NOTHING_REMOVED",
        being(None),
    ),
    Defect(
        "ext-5-id-shown-after-removal", "MCS", ("EXT-5",),
        "The form shows the MBG's id of a SIP user that has been removed.",
        "system.provisioning.outcomes:_forget_device",
        ignoring,
    ),
    Defect(
        "ext-6-not-warned-of", "MCS", ("EXT-6",),
        "An authorization name that is not the extension number is taken without a word.",
        "system.api.extensions:extension_warnings",
        returning([]),
    ),
    Defect(
        "ext-6-warned-of-too-late", "MCS", ("EXT-6",),
        "The authorization name is warned of only once the box is checked.",
        "system.api.extensions:extension_warnings",
        _only_when_checked,
    ),
    Defect(
        "ext-7-logged-in-without-credentials", "MCS", ("EXT-7",),
        "A hot desk without remote credentials logs in, and the phone loses its extension.",
        "system.phones.hot_desk:account_of",
        answering(_logged_in_without),
    ),
    Defect(
        "ext-7-feature-code-not-heard-of", "MCS", ("EXT-7",),
        "MCS does not hear of hot desks that log in by feature code at another phone.",
        "system.phones.hot_desk_events:HotDeskEvents.heard",
        ignoring,
    ),
)  # fmt: skip
