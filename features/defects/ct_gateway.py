"""What a CT Gateway may do wrong."""

from typing import Any

from features.defects.changes import ignoring, returning
from features.defects.defect import Defect
from simulators.pbx.oai_messages import Outcome
from simulators.pbx.release import FIRST_GATEWAY_WITH_CREDENTIALS, FIRST_WITH_CREDENTIALS


def _own_release_as_text(_original: Any) -> Any:
    return lambda self: str(self._release()) >= str(FIRST_GATEWAY_WITH_CREDENTIALS)


def _nodes_release_as_text(_original: Any) -> Any:
    return lambda self: self.is_up and str(self.node.release) >= str(FIRST_WITH_CREDENTIALS)


def _no_such_device(original: Any) -> Any:
    def check(good: bool, outcome: Outcome = Outcome.BAD_ARGUMENTS) -> None:
        original(good, Outcome.NO_SUCH_DEVICE if outcome is Outcome.NO_MATCH else outcome)

    return check


def _whatever_it_is(original: Any) -> Any:
    def check(good: bool, outcome: Outcome = Outcome.BAD_ARGUMENTS) -> None:
        original(good or outcome is Outcome.NO_MATCH, outcome)

    return check


DEFECTS = (
    Defect(
        "pre-4-own-release-compared-as-text", "CT Gateway", ("PRE-4",),
        "A CT Gateway of 5.0.100 hands out no credentials: it takes itself for older than 5.0.64.",
        "simulators.pbx.oai_commands:Commands.has_ours",
        _own_release_as_text,
    ),
    Defect(
        "pre-3-nodes-release-compared-as-text", "CT Gateway", ("PRE-3",),
        "Credentials of a PBX of 6.10 are held back, as if it were older than 6.3 SP1.",
        "simulators.pbx.oai_directory:Linked.hands_out_credentials",
        _nodes_release_as_text,
    ),
    Defect(
        "api-1-change-not-told", "CT Gateway", ("API-1",),
        "MCS does not hear that an extension has got other credentials.",
        "simulators.pbx.oai_monitors:Monitors.credentials_changed",
        returning(()),
    ),
    Defect(
        "ext-7-wrong-passcode-carried-out", "CT Gateway", ("EXT-7",),
        "A hot desk log-in that MCS asks for is carried out with a wrong passcode, too.",
        "simulators.pbx.oai_hot_desk:check",
        _whatever_it_is,
    ),
    Defect(
        "ext-7-no-such-device", "CT Gateway", ("EXT-7",),
        "A wrong passcode is answered as if there were no such hot desk.",
        "simulators.pbx.oai_hot_desk:check",
        _no_such_device,
    ),
    Defect(
        "ext-7-move-not-told", "CT Gateway", ("EXT-7",),
        "MCS does not hear that a hot desk was logged in at another phone.",
        "simulators.pbx.node_watch:NodeWatch._on_hot_desk",
        ignoring,
    ),
)  # fmt: skip
