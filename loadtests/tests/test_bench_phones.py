"""The pairs about phones, small: their processes start, register, and give figures."""

import shutil

import pytest

from loadtests.bench import hold as hold_module
from loadtests.bench import kamailio, sipp
from loadtests.bench.estate import estate
from loadtests.bench.generator import generator
from loadtests.bench.hold import hold
from loadtests.bench.life import life
from loadtests.bench.rounds import Size

SMALL = Size(rounds=1, phones=5)


def _has_kamailio() -> bool:
    try:
        kamailio.modules()
    except kamailio.Unavailable:
        return False
    return True


async def test_a_missing_sipp_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        return None

    monkeypatch.setattr(shutil, "which", missing)
    figures = await generator(SMALL, lambda _: None)
    assert [figure.refused for figure in figures] == [
        "SIPp is not installed: apt-get install sip-tester, and run again"
    ] * 2
    with pytest.raises(sipp.Unavailable):
        sipp.check()


@pytest.mark.skipif(
    shutil.which("sipp") is None or not _has_kamailio(),
    reason="sipp or kamailio, peers, are not installed: apt-get install sip-tester kamailio",
)
async def test_both_generators_register_all_at_both_registrars() -> None:
    for figure in await generator(SMALL, lambda _: None):
        assert not figure.failed
        ((ours, peer),) = figure.rounds
        assert (ours.count, peer.count, ours.failed, peer.failed) == (50, 50, 0, 0)
        assert ours.server_cpu_s > 0


@pytest.mark.skipif(
    not _has_kamailio(), reason="kamailio, a peer, is not installed: apt-get install kamailio"
)
async def test_held_phones_refresh_and_none_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hold_module, "EXPIRES_S", 60)
    monkeypatch.setattr(hold_module, "WATCH_S", 0.2)
    (figure,) = await hold(SMALL, lambda _: None)
    assert figure.facts["registered"] == 250
    assert figure.facts["registrations lost"] == figure.facts["refused or unanswered"] == 0
    assert (figure.value is not None, figure.lost, figure.failed) == (True, 0, False)
    assert figure.document("x")["ours"] == float(f"{figure.value:.6g}")


async def test_the_whole_estate_starts_and_so_does_a_bare_process() -> None:
    (figure,) = await estate(SMALL, lambda _: None)
    assert not figure.failed
    assert figure.ours is not None and figure.peers is not None
    assert figure.ours > figure.peers > 0
    assert (figure.measured_in, figure.held) in {("s", True), ("s", False)}


async def test_lives_and_their_parts_are_lived_to_the_end() -> None:
    (figure,) = await life(SMALL, lambda _: None)
    assert not figure.failed
    ((ours, peer),) = figure.rounds
    assert (ours.count, peer.count, ours.failed, peer.failed) == (1, 1, 0, 0)
