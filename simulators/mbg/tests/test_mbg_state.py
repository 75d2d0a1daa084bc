"""The state file: what outlives a process, what does not, and what is left alone."""

import json
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs

import aiohttp
import pytest
from oauthlib.oauth1 import Client as OauthlibClient

from simulators.addresses import AddressPlan, claim_private
from simulators.clock import Clock
from simulators.entropy import Seed
from simulators.errors import ConfigurationError
from simulators.journal import Journal
from simulators.mbg.forwarding.forward_rule import ForwardRule
from simulators.mbg.mbg import Mbg
from simulators.mbg.records.devices import DeviceStatus
from simulators.mbg.services.tokens import FinalToken
from simulators.mbg.settings import MbgSettings
from simulators.mbg.state import StateFile, state_of
from simulators.network import Network
from simulators.tls import Authority


@pytest.fixture
def plan() -> Iterator[AddressPlan]:
    held = claim_private()
    yield held.plan
    held.release()


def make(
    plan: AddressPlan, file: Path | None, stream: str = "mbg", authority: Authority | None = None
) -> Mbg:
    clock = Clock()
    journal = Journal(clock.now)
    return Mbg(
        plan.mbg_outside,
        plan.mbg_inside,
        tls=(authority or Authority()).server_context(plan.mbg_inside),
        clock=clock,
        network=Network(plan, journal, clock),
        journal=journal,
        entropy=Seed(1).stream(stream).randbytes,
        settings=MbgSettings(rest_port=0, sip_port=0, sip_tls_port=0, state_file=file),
    )


@asynccontextmanager
async def running(
    plan: AddressPlan, file: Path | None, stream: str = "mbg", authority: Authority | None = None
) -> AsyncIterator[Mbg]:
    mbg = make(plan, file, stream, authority)
    await mbg.start()
    try:
        yield mbg
    finally:
        await mbg.stop()


async def furnish(mbg: Mbg) -> None:
    """One of everything."""
    mbg.start_web_services()
    mbg.add_consumer("MiVoice Office Application Suite", "MiVOAppSuite")
    mbg.add_consumer("Another", "Other", {"MBG/v1/icps": "read"}, active=False)
    icp = mbg.add_icp("Head Office", "127.10.0.21")
    mbg.add_device(icp_id=icp.id, set_username="tw1", set_password="abcdefg1")
    gone = mbg.add_device(icp_id=icp.id, set_username="tw2", set_password="abcdefg1")
    mbg.remove_device(gone.id)
    await mbg.add_forward(
        ForwardRule(0, ("127.10.0.5", 8202), snat=False, sources=("127.0.0.0/8",))
    )
    mbg.change_licences(7)
    mbg.change_release("12.0")
    mbg.permit_weak_passwords(True)


async def test_everything_outlives_the_process(plan: AddressPlan, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    async with running(plan, file) as first:
        await furnish(first)
        before = state_of(first)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file], "no temporary file is left"
    async with running(plan, file, "mbg again") as second:
        assert state_of(second) == before
        assert second.licences.size == 7
        secret = before.consumers[0].shared_secret
        assert secret not in second.journal.masker.view(f"x {secret}")
        third = second.add_device(icp_id="1", set_username="tw3", set_password="weak")
        assert third.id == "3", "ids are never given again"
        (forward,) = second.forwards.values()
        assert (forward.port, forward.rule.snat) == (before.forwards[0].outside_port, False)


async def test_without_a_file_nothing_outlives_it(plan: AddressPlan) -> None:
    async with running(plan, None) as first:
        await furnish(first)
    async with running(plan, None) as second:
        assert (second.store.devices, second.web_services.consumers) == ({}, {})


async def test_tokens_outlive_it_and_who_was_registered_does_not(
    plan: AddressPlan, tmp_path: Path
) -> None:
    file = tmp_path / "state.json"
    async with running(plan, file) as first:
        await furnish(first)
        first.store.note("1", DeviceStatus.REGISTERED, licensed=True)
        now = first.clock.now()
        token = FinalToken("a-token", "a-secret", "MiVOAppSuite", now, now + 86_400)
        first.web_services.final[token.token] = token
    async with running(plan, file) as second:
        assert list(second.web_services.final.values()) == [token]
        device = second.store.get("1")
        assert (device.status, device.licensed) == (DeviceStatus.UNREGISTERED, False)


async def test_each_change_is_kept_at_once_and_an_unchanged_state_is_not_written(
    plan: AddressPlan, tmp_path: Path
) -> None:
    file = tmp_path / "state.json"
    async with running(plan, file) as mbg:
        assert not file.exists()
        mbg.add_icp("Head Office", "127.10.0.21")
        assert json.loads(file.read_text())["icps"][0]["name"] == "Head Office"
        inode = file.stat().st_ino
        mbg.kept()
        assert file.stat().st_ino == inode
        mbg.add_icp("Branch", "127.10.0.22")
        assert file.stat().st_ino != inode, "written anew and moved into its place"


@pytest.mark.parametrize(("keep", "left"), [(True, 1), (False, 0)])
async def test_a_restart_with_state_kept_has_it_all_and_with_state_lost_nothing(
    plan: AddressPlan, tmp_path: Path, keep: bool, left: int
) -> None:
    file = tmp_path / "state.json"
    async with running(plan, file) as mbg:
        await furnish(mbg)
        await mbg.restart(keep_state=keep)
        assert len(mbg.store.devices) == len(mbg.forwards) == left
        assert mbg.settings.release == ("12.0" if keep else MbgSettings().release)
        assert len(json.loads(file.read_text())["devices"]) == left


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda text: text[: len(text) // 2], "damaged"),
        (lambda text: "{}", "damaged"),
        (lambda text: text.replace('"version": 1', '"version": 2'), "version"),
        (lambda text: text.replace('"127.10.0.5"', '"a host"'), "IPv4 address"),
        (lambda text: text.replace('"devices"', '"devises"'), "devices"),
    ],
)
async def test_a_damaged_or_newer_file_is_one_error_and_is_left_as_it_is(
    plan: AddressPlan, tmp_path: Path, damage: object, words: str
) -> None:
    file = tmp_path / "state.json"
    async with running(plan, file) as mbg:
        await furnish(mbg)
    damaged = damage(file.read_text())  # type: ignore[operator]
    assert damaged != file.read_text()
    file.write_text(damaged)
    with pytest.raises(ConfigurationError, match=words) as refused:
        make(plan, file)
    assert str(file) in str(refused.value)
    assert "abcdefg1" not in str(refused.value)
    assert file.read_text() == damaged


async def test_a_file_that_can_not_be_written_is_named_and_keeps_what_it_had(
    plan: AddressPlan, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="can't read the MBG's state file"):
        make(plan, tmp_path)
    mbg = make(plan, None)
    with pytest.raises(ConfigurationError, match="can't write the MBG's state file"):
        StateFile(tmp_path / "none" / "state.json").write(state_of(mbg))


async def test_what_a_call_changed_is_kept_before_it_is_answered(
    plan: AddressPlan, tmp_path: Path
) -> None:
    file = tmp_path / "state.json"
    authority = Authority()
    async with running(plan, file, authority=authority) as mbg, aiohttp.ClientSession() as session:
        mbg.start_web_services()
        consumer = mbg.add_consumer("MiVoice Office Application Suite", "MiVOAppSuite")
        url = f"https://{mbg.inside}:{mbg.rest_address[1]}/mslrest/initiate"
        signer = OauthlibClient(
            "MiVOAppSuite", client_secret=consumer.shared_secret, callback_uri="oob"
        )
        uri, headers, _ = signer.sign(url, "POST")
        trust = authority.client_context()
        async with session.post(uri, headers=headers, ssl=trust) as answer:
            (token,) = parse_qs(await answer.text())["oauth_token"]
        assert [t["token"] for t in json.loads(file.read_text())["temporary_tokens"]] == [token]
