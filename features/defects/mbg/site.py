"""An MBG's release and mode, its list of ICPs, and port forwarding (PRE, ICP-1, FWD)."""

from dataclasses import replace
from typing import Any

from features.defects.changes import answering, answering_later, ignoring_later
from features.defects.defect import Defect
from simulators.mbg.forwarding.forward_rule import PHONES_PORT, ForwardRule
from simulators.mbg.settings import GATEWAY

READ_SYSTEM = "simulators.mbg.api.rest_tokens:TokenCalls.read_system"
ADMINISTRATION = "simulators.mbg.administration:Administration"
WARNINGS = "simulators.mbg.forwarding.forward_rule:ForwardRule.warnings"
LDAP_PORT = 8205


def _first_two_numbers(document: Any) -> Any:
    short = ".".join(document.release.split(".")[:2])
    return document.model_copy(update={"release": short})


def _in_any_mode(original: Any) -> Any:
    async def add(self: Any, rule: Any) -> Any:
        before = self.settings
        self.settings = replace(before, mode=GATEWAY)
        try:
            return await original(self, rule)
        finally:
            self.settings = before

    return add


def _first_hundred(original: Any) -> Any:
    def find(self: Any, **asked: Any) -> Any:
        return [icp for icp in original(self, **asked) if int(icp.id) <= 100]

    return find


def _with_its_neighbour(original: Any) -> Any:
    async def add(self: Any, rule: Any) -> Any:
        forward = await original(self, rule)
        if rule.outside_port == PHONES_PORT:
            await original(self, ForwardRule(LDAP_PORT, (rule.destination[0], LDAP_PORT)))
        return forward

    return add


def _tcp_alone(original: Any) -> Any:
    return lambda self: original(self) if self.protocol == "TCP" else ()


def _without(id_: str) -> Any:
    return answering(lambda found: tuple(each for each in found if not each.startswith(id_)))


def _inner_address(original: Any) -> Any:
    return lambda self, _peer: self._inside


DEFECTS = (
    Defect(
        "pre-1-release-cut", "MBG", ("PRE-1",),
        "Asked for its release, the MBG tells the first two numbers alone.",
        READ_SYSTEM,
        answering_later(_first_two_numbers),
    ),
    Defect(
        "pre-2-mode-not-told", "MBG", ("PRE-2",),
        "Asked for its mode, the MBG says gateway also where it runs as a server only.",
        READ_SYSTEM,
        answering_later(lambda document: document.model_copy(update={"mode": GATEWAY})),
    ),
    Defect(
        "pre-2-forwards-in-any-mode", "MBG", ("PRE-2",),
        "An MBG that is not in Gateway mode takes port forwarding rules.",
        f"{ADMINISTRATION}._add_forward",
        _in_any_mode,
    ),
    Defect(
        "icp-1-first-hundred", "MBG", ("ICP-1",),
        "Asked for an address, the list of ICPs looks at the first hundred alone.",
        "simulators.mbg.records.devices:DeviceStore.find_icps",
        _first_hundred,
    ),
    Defect(
        "fwd-1-gone-with-a-restart", "MBG", ("FWD-1",),
        "After a restart of the MBG its port forwarding rules are listed, but their ports shut.",
        f"{ADMINISTRATION}.start_forwards",
        ignoring_later,
    ),
    Defect(
        "fwd-2-neighbouring-port-open", "MBG", ("FWD-2",),
        "A rule for the phones' port opens the LDAP port as well.",
        f"{ADMINISTRATION}._add_forward",
        _with_its_neighbour,
    ),
    Defect(
        "fwd-2-udp-not-looked-at", "MBG", ("FWD-2",),
        "The page Port Forwarding warns of TCP rules alone: TFTP and syslog go unnoticed.",
        WARNINGS,
        _tcp_alone,
    ),
    Defect(
        "fwd-3-snat-always", "MBG", ("FWD-3",),
        "A rule with SNAT off rewrites the source all the same.",
        "simulators.mbg.forwarding.forward_gate:Gate.source_for",
        _inner_address,
    ),
    Defect(
        "fwd-3-snat-not-warned-of", "MBG", ("FWD-3",),
        "The page Port Forwarding does not warn of a rule with SNAT off.",
        WARNINGS,
        _without("FWD-3"),
    ),
)  # fmt: skip
