"""What this run offers beside the product's business: time to move, faults, records, pages, log.

Who plays a role decides it, and the applicability file. What is not offered makes a scenario not
applicable, with the reason, at the step that needs it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from features.verdicts.applicability import Applicability, Capability
from simulators.errors import NotOffered
from simulators.estate.estate import Estate


@dataclass(frozen=True, slots=True)
class Offered:
    """Capabilities that this run lacks, each with its reason."""

    lacking: Mapping[Capability, str]

    def needs(self, *capabilities: Capability) -> None:
        """Go on only with these.

        Raises:
            NotOffered: one of them is lacking; the reason.
        """
        for capability in capabilities:
            if capability in self.lacking:
                raise NotOffered(f"it needs {capability.value}: {self.lacking[capability]}")


def offered_by(estate: Estate, applicability: Applicability) -> Offered:
    """What a run on this estate offers; the estate keeps to it from now on."""
    lacking: dict[Capability, str] = {}
    mcs = estate.mcs
    if mcs is not None and not mcs.on_run_clock:
        lacking[Capability.CLOCK] = "the MCS keeps its own time"
        lacking[Capability.LOG] = "the MCS's log is not this process's"
    if mcs is not None and mcs.kind == "external":
        lacking[Capability.PAGES] = "the MCS is an external one, with pages of its own"
    if not estate.mbgs:
        external = "the MBG is an external one"
        lacking |= {
            Capability.CLOCK: f"{external}, and keeps its own time",
            Capability.FAULTS: f"{external}, which nobody makes misbehave",
            Capability.RECORDS: f"{external}, which nobody looks into",
            Capability.PAGES: f"{external}, with pages of its own",
        }
    lacking |= applicability.lacking
    if reason := lacking.get(Capability.CLOCK):
        estate.clock.stays_real(reason)
    if reason := lacking.get(Capability.RECORDS):
        estate.sealed = reason
    return Offered(lacking)
