"""All faults there are: what the control API, the README and the tests know them by."""

from collections.abc import Mapping

from pydantic import ValidationError

from simulators.errors import ConfigurationError
from simulators.faults.busy import Busy
from simulators.faults.delay import Delay
from simulators.faults.expired_certificate import ExpiredCertificate
from simulators.faults.fault import Fault
from simulators.faults.licence_server_away import LicenceServerAway
from simulators.faults.lost_answer import LoseAnswer
from simulators.faults.nat_binding_lost import NatBindingLost
from simulators.faults.oai_change_in_list import OaiChangeInList
from simulators.faults.oai_cut import OaiCut
from simulators.faults.oai_delay import OaiDelay
from simulators.faults.oai_missing_fields import OaiMissingFields
from simulators.faults.oai_not_ascii import OaiNotAscii
from simulators.faults.oai_silence import OaiSilence
from simulators.faults.oai_trickle import OaiTrickle
from simulators.faults.oai_unknown_event import OaiUnknownEvent
from simulators.faults.oai_wrong_length import OaiWrongLength
from simulators.faults.oai_wrong_sequence import OaiWrongSequence
from simulators.faults.phone_cable_flaps import PhoneCableFlaps
from simulators.faults.phone_clock_wrong import PhoneClockWrong
from simulators.faults.phone_drops_download import PhoneDropsDownload
from simulators.faults.phone_forgets import PhoneForgets
from simulators.faults.phone_ignores_check_sync import PhoneIgnoresCheckSync
from simulators.faults.phone_never_refreshes import PhoneNeverRefreshes
from simulators.faults.phone_power_failure import PhonePowerFailure
from simulators.faults.phone_slow_boot import PhoneSlowBoot
from simulators.faults.phone_slow_flash import PhoneSlowFlash
from simulators.faults.refuse_nonce import RefuseNonce
from simulators.faults.reset_mid_body import ResetMidBody
from simulators.faults.restart import Restart
from simulators.faults.sip_corrupt import SipCorrupt
from simulators.faults.sip_duplicate import SipDuplicate
from simulators.faults.sip_loss import SipLoss
from simulators.faults.sip_reorder import SipReorder
from simulators.faults.slow_trickle import SlowTrickle
from simulators.faults.truncate import Truncate
from simulators.faults.wrong_content_type import WrongContentType
from simulators.faults.wrong_name_certificate import WrongNameCertificate
from simulators.http_api.application import reason

CATALOGUE: Mapping[str, type[Fault]] = {
    kind.name: kind
    for kind in (
        RefuseNonce,
        Delay,
        Busy,
        WrongContentType,
        Truncate,
        ResetMidBody,
        LoseAnswer,
        SlowTrickle,
        Restart,
        ExpiredCertificate,
        WrongNameCertificate,
        SipLoss,
        SipDuplicate,
        SipReorder,
        SipCorrupt,
        NatBindingLost,
        LicenceServerAway,
        OaiDelay,
        OaiTrickle,
        OaiSilence,
        OaiCut,
        OaiWrongLength,
        OaiNotAscii,
        OaiMissingFields,
        OaiUnknownEvent,
        OaiWrongSequence,
        OaiChangeInList,
        PhoneClockWrong,
        PhoneSlowBoot,
        PhoneSlowFlash,
        PhoneDropsDownload,
        PhonePowerFailure,
        PhoneCableFlaps,
        PhoneIgnoresCheckSync,
        PhoneNeverRefreshes,
        PhoneForgets,
    )
}
"""Faults by name."""

COMMON = tuple(Fault.model_fields)
"""Parameters that every fault takes."""


class WrongFault(ConfigurationError):
    """A fault that can't be made as asked; `fields` has a reason for each of its parameters."""

    def __init__(self, message: str, fields: Mapping[str, str]) -> None:
        super().__init__(message)
        self.fields = dict(fields)


def names(kinds: tuple[type[Fault], ...] = (Fault,)) -> list[str]:
    """The names of the faults of these kinds."""
    return [name for name, kind in CATALOGUE.items() if issubclass(kind, kinds)]


def made(
    name: str, parameters: Mapping[str, object], kinds: tuple[type[Fault], ...] = (Fault,)
) -> Fault:
    """The fault of this name, told by these parameters.

    Args:
        kinds: of the faults that the role can have.

    Raises:
        WrongFault: no such fault, or a parameter that it does not take so.
    """
    if name not in (known := names(kinds)):
        wrong = f"there is no fault {name}; there are {', '.join(known)}"
        raise WrongFault(wrong, {"name": wrong})
    kind = CATALOGUE[name]
    try:
        return kind.model_validate(parameters)
    except ValidationError as error:
        fields = {
            ".".join(("parameters", *(str(part) for part in found["loc"]))): reason(found)
            for found in error.errors(include_url=False)
        }
        reasons = "; ".join(f"{field}: {reason}" for field, reason in fields.items())
        raise WrongFault(
            f"the fault {name} can't be as asked: {reasons}; its parameters are "
            f"{', '.join(kind.model_fields)}",
            fields,
        ) from error
