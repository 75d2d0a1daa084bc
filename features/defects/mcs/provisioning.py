"""Stage 4: what reaches the MBG by itself, how often, and who gets to see it."""

import logging
from typing import Any

from features.defects.changes import answering, answering_later, ignoring_later, returning
from features.defects.defect import Defect, planted


def _logged(original: Any) -> Any:
    async def write(self: Any, step: Any) -> Any:
        logging.getLogger("mcs.provisioning").debug("SIP device: %s", step.device.wire())
        return await original(self, step)

    return write


def _in_a_warning(original: Any) -> Any:
    def document(extension: Any) -> Any:
        shown = original(extension)
        note = f"Remote password: {extension.remote_password}"
        return shown.model_copy(update={"warnings": [*shown.warnings, note]})

    return document


def _audited(original: Any) -> Any:
    return lambda extension: original(extension) | {"value": extension.remote_password}


def _without_earlier_ones(original: Any) -> Any:
    async def retrieve_token(self: Any, verifier: str) -> None:
        with planted("system.provisioning.queue:make_all_due", ignoring_later):
            await original(self, verifier)

    return retrieve_token


def _own_names_only(filters: Any) -> Any:
    return [wanted for wanted in filters if "set_username" in wanted]


def _at_any_icp(original: Any) -> Any:
    async def find_device(self: Any, job: Any, icp: Any) -> Any:
        found = await self._client.devices(icp_username=job.extension)
        return found[0] if found else await original(self, job, icp)

    return find_device


def _only_confirmed(original: Any) -> Any:
    def remote(extension: Any, *, rest_api_enabled: bool) -> Any:
        account = original(extension, rest_api_enabled=rest_api_enabled)
        if account.line is not None and extension.mbg_name is None:
            return type(account)(None, "Waiting until the extension is provisioned on the MBG")
        return account

    return remote


DEFECTS = (
    Defect(
        "api-1-passwords-in-the-log", "MCS", ("API-1",),
        "At the level DEBUG the log holds each SIP user with both passwords.",
        "system.provisioning.executor:Executor._write",
        _logged,
    ),
    Defect(
        "api-1-password-on-the-form", "MCS", ("API-1",),
        "The SIP Authorization form shows the remote password in clear.",
        "system.api.extensions:_document",
        _in_a_warning,
    ),
    Defect(
        "api-1-password-in-the-audit-log", "MCS", ("API-1",),
        "The audit log shows the remote password that somebody has saved.",
        "system.api.extensions:_audited",
        _audited,
    ),
    Defect(
        "prv-1-earlier-extensions-forgotten", "MCS", ("PRV-1",),
        "Extensions that were configured before the token came are not provisioned.",
        "system.mbg.access:MbgAccess.retrieve_token",
        _without_earlier_ones,
    ),
    Defect(
        "prv-1-busy-mbg-pressed", "MCS", ("PRV-1",),
        "A busy MBG is not given the time that it asks for.",
        "system.mbg.refusals:retry_after_s",
        returning(0.0),
    ),
    Defect(
        "prv-2-made-twice", "MCS", ("PRV-2",),
        "A SIP user that the MBG has for the extension already is not looked for.",
        "system.provisioning.plan:lookups",
        answering(_own_names_only),
    ),
    Defect(
        "prv-2-another-icps-user-overwritten", "MCS", ("PRV-2",),
        "A SIP user of the same name at another ICP is overwritten.",
        "system.provisioning.executor:Executor._find_device",
        _at_any_icp,
    ),
    Defect(
        "prv-3-refused-ones-not-counted", "MCS", ("PRV-3",),
        "The page Licences does not count who got no teleworker licence.",
        "system.api.licences:_teleworker",
        answering_later(lambda licences: licences.model_copy(update={"wanting": 0})),
    ),
    Defect(
        "prv-4-typed-credentials-not-handed", "MCS", ("PRV-4",),
        "Credentials that were typed on both sides never reach the phone.",
        "system.phones.accounts:_remote",
        _only_confirmed,
    ),
)  # fmt: skip
