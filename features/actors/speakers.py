"""Who speaks to the MCS and to the MBG in a run, by what its estate file says."""

from contextlib import AbstractAsyncContextManager

from features.actors.answers import AtMcs
from features.actors.desk import Desk, Form, Terminal
from features.actors.mbg_person import MbgByPerson
from features.actors.mbg_site import MbgByControl, MbgHere, MbgSite
from features.actors.mcs_person import McsByPerson
from features.actors.mcs_site import McsSite
from simulators.errors import ConfigurationError
from simulators.estate.config import EstateConfig
from simulators.estate.estate import Estate

EXTERNAL, PERSON = "external", "person"


def needs_person(config: EstateConfig) -> bool:
    """Whether somebody has to be asked in this run."""
    return any(
        (table.role, table.speaks) == (EXTERNAL, PERSON) for table in (config.mcs, config.mbg)
    )


async def desk_for(config: EstateConfig) -> Desk | None:
    """Where a person is asked, ready; None where nobody has to be."""
    if not needs_person(config):
        return None
    if config.person.asked == "terminal":
        return Terminal()
    form = Form((config.person.address, config.person.port))
    await form.start()
    return form


def at_mbg(estate: Estate, desk: Desk | None = None) -> MbgSite:
    """Who is at the site of the first MBG."""
    table = estate.config.mbg
    if table.role == "simulated":
        return MbgHere(estate.mbgs[0])
    if table.speaks == PERSON:
        return MbgByPerson(_asking(desk), estate.config.person.patience_s)
    return MbgByControl(table.control_url)


def at_mcs(estate: Estate, desk: Desk | None = None) -> AbstractAsyncContextManager[AtMcs]:
    """Who is at the site of the MCS."""
    assert estate.mcs is not None
    if estate.mcs.speaks == PERSON:
        return McsByPerson(_asking(desk), estate.config.person.patience_s)
    return McsSite(estate.mcs, estate.claim.plan.administrator, estate.journal)


def _asking(desk: Desk | None) -> Desk:
    if desk is None:
        raise ConfigurationError(
            "nobody can be asked here: a person speaks for a role in `features check` alone"
        )
    return desk
