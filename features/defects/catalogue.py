"""All planted defects, by name."""

from features.defects import ct_gateway, mbg, mcs, pbx, phone
from features.defects.defect import Defect

LISTS = (mcs.DEFECTS, mbg.DEFECTS, pbx.DEFECTS, ct_gateway.DEFECTS, phone.DEFECTS)


def by_name() -> dict[str, Defect]:
    """Every defect.

    Raises:
        ValueError: two have the same name.
    """
    defects: dict[str, Defect] = {}
    for defect in (each for listed in LISTS for each in listed):
        if defect.name in defects:
            raise ValueError(f"there are two defects {defect.name!r}: give one another name")
        defects[defect.name] = defect
    return defects
