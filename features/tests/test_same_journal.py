"""The same seed gives the same journal, but for ports, times and the order of who spoke to whom."""

from types import SimpleNamespace

import pytest

from features.actors.installer import Installer
from features.actors.mcs_site import McsSite
from features.actors.speakers import at_mbg
from features.actors.teleworker import Teleworker
from features.conftest import START
from features.mcs_in_process import launch
from features.tests.journals import Conversations, conversations, differences
from simulators.estate.config import EstateConfig
from simulators.estate.estate import Estate
from simulators.phone.people import invent


async def played(seed: int) -> Conversations:
    """Stages 1 to 6 for two people, and two minutes in service."""
    tables = {"run": {"seed": seed}, "addresses": {"block": "private"}}
    config = EstateConfig.model_validate(tables)
    async with Estate(config, launch, clock_start=START) as estate:
        people = invent(estate.seed, 2)
        for person in people:
            estate.node.add_extension(person.extension, person.name)
        assert estate.mcs is not None
        seat = estate.claim.plan.administrator
        async with McsSite(estate.mcs, seat, estate.journal) as mcs:
            await mcs.log_in()
            installer = Installer(estate, mcs, at_mbg(estate))
            await installer.prepares_site()
            await installer.completes_token_exchange()
            for person in people:
                await deployed(installer, Teleworker(estate, person, estate.handset(person)))
            await estate.clock.advance(minutes=2)
        return conversations(estate.journal, estate.claim.plan)


async def deployed(installer: Installer, teleworker: Teleworker) -> None:
    await installer.uploads_firmware(teleworker.person.model, "5.1.0.6044")
    await installer.provisions_and_assigns(teleworker.person)
    await teleworker.plugs_in()
    assert await teleworker.points_phone_at_mcs()
    await teleworker.waits_for_registration()


async def test_two_runs_of_one_seed_have_the_same_journal_and_another_seed_has_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # only advances move the clock, so that a slow machine brings no timer forward
    monkeypatch.setattr("simulators.clock.time", SimpleNamespace(monotonic=lambda: 0.0))
    first, second, other = await played(7), await played(7), await played(8)
    assert differences(first, second) == []
    assert sum(len(entries) for entries in first.values()) > 150, "too little to compare"
    assert differences(first, other), "the seed decides nothing"


@pytest.mark.parametrize("what", ["summary", "detail", "order", "missing"])
def test_what_differs_is_found(what: str) -> None:
    key = ("MCS", "MBG", "REST")
    said = [("GET icps", "Host: LAN.0.10"), ("200", '{"items": []}')]
    changed = {
        "summary": [("GET devices", said[0][1]), said[1]],
        "detail": [said[0], ("200", '{"items": [1]}')],
        "order": said[::-1],
        "missing": said[:1],
    }[what]
    assert differences({key: said}, {key: list(said)}) == []
    (found,) = differences({key: said}, {key: changed})
    assert str(key) in found


def test_a_conversation_that_one_run_has_not_is_found() -> None:
    key = ("MCS", "MBG", "REST")
    (found,) = differences({key: []}, {})
    assert "only one run" in found
