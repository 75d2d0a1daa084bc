"""What has to be true before anything is provisioned (PRE-1 to PRE-4).

Each gate returns ``None`` when open, else a ``GateClosed`` that says what was found and needed. It
is returned and not raised, because a closed gate is also shown where nothing has failed yet.
"""

from system.domain.versions import UnreadableVersion, Version
from system.errors import GateClosed

MBG_NEEDS = Version.parse("10")
PBX_NEEDS = Version.parse("6.3 SP1")
CT_GATEWAY_NEEDS = Version.parse("5.0.64")
MBG_MODE_NEEDED = "gateway"


def mbg_gate(release: str | None, mode: str | None) -> GateClosed | None:
    """PRE-1 and PRE-2: release 10 or later, deployed in Gateway mode."""
    closed = _release_gate(
        "mbg_release_too_old", "PRE-1", "The MBG", release, MBG_NEEDS, "MCS does not use it"
    )
    if closed is not None:
        return closed
    if mode != MBG_MODE_NEEDED:
        return GateClosed(
            "mbg_mode_unsuitable",
            f"The MBG is deployed in {mode or 'an unknown'} mode and has no port forwarding; "
            "MCS needs an MBG in Gateway mode.",
            requirement="PRE-2",
        )
    return None


def pbx_gate(node_name: str, release: str | None) -> GateClosed | None:
    """PRE-3: the node makes random SIP credentials from 6.3 SP1 on."""
    return _release_gate(
        "pbx_release_too_old",
        "PRE-3",
        f"PBX node {node_name}",
        release,
        PBX_NEEDS,
        "it has no random SIP credentials to pass on, so there is no automatic provisioning",
    )


def ct_gateway_gate(release: str | None) -> GateClosed | None:
    """PRE-4: the CT Gateway hands credentials on from 5.0.64 on."""
    return _release_gate(
        "ct_gateway_release_too_old",
        "PRE-4",
        "The CT Gateway",
        release,
        CT_GATEWAY_NEEDS,
        "it cannot hand the SIP credentials to MCS, so there is no automatic provisioning",
    )


def _release_gate(
    code: str, requirement: str, who: str, release: str | None, needed: Version, why: str
) -> GateClosed | None:
    found = f"runs release {release}" if release else "did not say its release"
    try:
        if release and Version.parse(release) >= needed:
            return None
    except UnreadableVersion:
        found = f"runs release {release[:64]!r}, which cannot be read" if release else found
    return GateClosed(
        code,
        f"{who} {found}; at least {needed} is needed: {why}.",
        requirement=requirement,
    )
