"""Warnings on an extension's SIP Authorization form: allowed, but it will not work (EXT-6)."""

SIP_PHONE = 38
SIP_HOT_DESK = 48
SIP_DEVICE_TYPES = frozenset({SIP_PHONE, SIP_HOT_DESK})
"""OAI device types that get SIP credentials (``docs/wire.md`` section 2)."""


def extension_warnings(
    extension: str, internal_auth_name: str | None, *, use_remote: bool, on_pbx: bool
) -> list[str]:
    """Texts for the administrator, the most important first; empty when all is well."""
    warnings = []
    if internal_auth_name is not None and internal_auth_name != extension:
        warnings.append(
            f"The internal authorization name {internal_auth_name} is not the extension number "
            f"{extension}: through an MBG the PBX will refuse the registration (EXT-6). Change the "
            "name on the PBX, then synchronize."
        )
    if use_remote and internal_auth_name is None:
        warnings.append(
            f"The PBX has not handed over SIP credentials for extension {extension}: it cannot be "
            "provisioned yet. Synchronize the phone system."
        )
    if not on_pbx:
        warnings.append(
            f"Extension {extension} was not in the PBX's list at the last synchronization."
        )
    return warnings
