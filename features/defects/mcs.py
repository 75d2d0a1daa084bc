"""What an MCS may do wrong."""

from features.defects.defect import Defect

DEFECTS = (
    Defect(
        "pre-3-release-not-checked", "MCS", ("PRE-3",),
        "A PBX of any release is provisioned, though it has no random credentials.",
        "system.domain.gates:PBX_NEEDS",
        lambda needed: type(needed)((0,)),
    ),
    Defect(
        "ext-6-not-warned-of", "MCS", ("EXT-6",),
        "An authorization name that is not the extension number is taken without a word.",
        "system.api.extensions:extension_warnings",
        lambda original: lambda *_args, **_kwargs: [],
    ),
)  # fmt: skip
