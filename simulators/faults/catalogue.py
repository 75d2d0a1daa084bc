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
    )
}
"""Faults by name."""

COMMON = tuple(Fault.model_fields)
"""Parameters that every fault takes."""


def made(name: str, parameters: Mapping[str, object]) -> Fault:
    """The fault of this name, told by these parameters.

    Raises:
        ConfigurationError: no such fault, or a parameter that it does not take so.
    """
    kind = CATALOGUE.get(name)
    if kind is None:
        raise ConfigurationError(f"there is no fault {name}; there are {', '.join(CATALOGUE)}")
    try:
        return kind.model_validate(parameters)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        known = ", ".join(kind.model_fields)
        raise ConfigurationError(
            f"the fault {name} can't take {place!r}: {first['msg']}; its parameters are {known}"
        ) from error
