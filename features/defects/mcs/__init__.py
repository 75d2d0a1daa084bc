"""What an MCS may do wrong, by the stage at which it shows."""

from features.defects.mcs import addresses, before, extensions, icps, phone, provisioning, token

DEFECTS = (
    *before.DEFECTS,
    *addresses.DEFECTS,
    *icps.DEFECTS,
    *token.DEFECTS,
    *provisioning.DEFECTS,
    *extensions.DEFECTS,
    *phone.DEFECTS,
)
