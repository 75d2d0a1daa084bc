"""What an MBG may do wrong."""

from features.defects.mbg import border, devices, licences, permissions, site, tokens

DEFECTS = (
    *tokens.DEFECTS,
    *permissions.DEFECTS,
    *site.DEFECTS,
    *devices.DEFECTS,
    *licences.DEFECTS,
    *border.DEFECTS,
)
