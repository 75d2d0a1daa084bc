"""Who speaks to the MCS and to the MBG in a run, by what its estate file says."""

from contextlib import AbstractAsyncContextManager

from features.actors.mbg_site import MbgByControl, MbgHere, MbgSite
from features.actors.mcs_site import McsSite
from simulators.estate.estate import Estate


def at_mbg(estate: Estate) -> MbgSite:
    """Who is at the site of the first MBG."""
    table = estate.config.mbg
    if table.role == "simulated":
        return MbgHere(estate.mbgs[0])
    return MbgByControl(table.control_url)


def at_mcs(estate: Estate) -> AbstractAsyncContextManager[McsSite]:
    """Who is at the site of the MCS."""
    assert estate.mcs is not None
    return McsSite(estate.mcs, estate.claim.plan.administrator, estate.journal)
