"""The state file: what outlives a process, what does not, and what is left alone."""

import asyncio
import inspect
import json
import shutil
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
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
from simulators.mbg.refusals import Refused
from simulators.mbg.services.tokens import FinalToken
from simulators.mbg.settings import MbgSettings
from simulators.mbg.state import MbgState, StateFile, state_of
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
        (lambda text: text.replace('"icp_id": "1"', '"icp_id": "7"'), "ICP 7, which is absent"),
        (lambda text: text.replace('"mode": "gateway"', '"mode": "other"'), "system.mode"),
        (lambda text: text.replace('"licences": 7', '"licences": -7'), "system.licences"),
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


async def test_a_token_of_nobody_is_a_damaged_file(plan: AddressPlan, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    async with running(plan, file) as mbg:
        await furnish(mbg)
        now = mbg.clock.now()
        token = FinalToken("a-token", "a-secret", "MiVOAppSuite", now, now + 86_400)
        mbg.web_services.final[token.token] = token
    damaged = file.read_text().replace('"consumer_id": "MiVOAppSuite"', '"consumer_id": "x"', 1)
    file.write_text(damaged)
    with pytest.raises(ConfigurationError, match="consumer MiVOAppSuite, who is absent"):
        make(plan, file)


@asynccontextmanager
async def furnished(plan: AddressPlan, folder: Path) -> AsyncIterator[tuple[Mbg, MbgState]]:
    """An MBG with one of everything, whose state file can't be written any more."""
    folder.mkdir()
    async with running(plan, folder / "state.json") as mbg:
        await furnish(mbg)
        mbg.store.note("1", DeviceStatus.REGISTERED, licensed=True)
        mbg.kept()
        before = state_of(mbg).model_copy(deep=True)
        shutil.rmtree(folder)
        yield mbg, before


Act = Callable[[Mbg], Any]
ACTS: dict[str, Act] = {
    "stop web services": lambda mbg: mbg.stop_web_services(),
    "add a consumer": lambda mbg: mbg.add_consumer("New", "New"),
    "edit a consumer": lambda mbg: mbg.edit_consumer("Other", name="New"),
    "activate": lambda mbg: mbg.activate("Other"),
    "delete a consumer": lambda mbg: mbg.delete_consumer("Other"),
    "a new secret": lambda mbg: mbg.regenerate_secret("Other"),
    "add an ICP": lambda mbg: mbg.add_icp("Branch", "127.10.0.22"),
    "change an ICP": lambda mbg: mbg.change_icp("1", address="127.10.0.22"),
    "add a device": lambda mbg: mbg.add_device(icp_id="1", set_username="n", set_password="p"),
    "change a device": lambda mbg: mbg.change_device("1", description="x"),
    "remove a device": lambda mbg: mbg.remove_device("1"),
    "add a forward": lambda mbg: mbg.add_forward(ForwardRule(0, ("127.10.0.5", 8203))),
    "remove a forward": lambda mbg: mbg.remove_forward(next(iter(mbg.forwards))[1]),
    "licences": lambda mbg: mbg.change_licences(1),
    "release": lambda mbg: mbg.change_release("9"),
    "mode": lambda mbg: mbg.change_mode("server-only"),
    "weak passwords": lambda mbg: mbg.permit_weak_passwords(False),
    "lose all": lambda mbg: mbg.reset(),
}


@pytest.mark.parametrize("act", ACTS)
async def test_an_act_that_can_not_be_kept_is_refused_and_taken_back(
    plan: AddressPlan, tmp_path: Path, act: str
) -> None:
    async with furnished(plan, tmp_path / "folder") as (mbg, before):
        with pytest.raises(Refused, match="can't write the MBG's state file") as refused:
            waited = ACTS[act](mbg)
            if inspect.isawaitable(waited):
                await waited
        assert (refused.value.status, refused.value.code) == (503, "state_not_kept")
        if act == "lose all":  # it has restarted: nobody is registered
            mbg.store.note("1", DeviceStatus.REGISTERED, licensed=True)
        assert state_of(mbg) == before
        assert mbg.licences.size == 7
        assert mbg.store.permit_weak_passwords
        (forward,) = mbg.forwards.values()
        _, writer = await asyncio.open_connection(plan.mbg_outside, forward.port)
        writer.close()
        (tmp_path / "folder").mkdir()
        mbg.add_icp("Branch", "127.10.0.22")
        assert (tmp_path / "folder" / "state.json").exists(), "and it goes on"


async def test_a_restart_comes_up_although_its_state_can_not_be_kept(
    plan: AddressPlan, tmp_path: Path
) -> None:
    async with furnished(plan, tmp_path / "folder") as (mbg, _):
        mbg.store.note("1", DeviceStatus.UNREGISTERED, licensed=False)
        await mbg.restart()
        (forward,) = mbg.forwards.values()
        for place in (mbg.rest_address, mbg.sip_outside, (plan.mbg_outside, forward.port)):
            _, writer = await asyncio.open_connection(*place)
            writer.close()
        assert "state not kept" in [entry.summary for entry in mbg.journal.entries]


async def test_a_call_that_can_not_be_kept_is_a_document_and_is_taken_back(
    plan: AddressPlan, tmp_path: Path
) -> None:
    authority = Authority()
    folder = tmp_path / "folder"
    folder.mkdir()
    async with (
        running(plan, folder / "state.json", authority=authority) as mbg,
        aiohttp.ClientSession() as session,
    ):
        mbg.start_web_services()
        consumer = mbg.add_consumer("MiVoice Office Application Suite", "MiVOAppSuite")
        shutil.rmtree(folder)
        url = f"https://{mbg.inside}:{mbg.rest_address[1]}/mslrest/initiate"
        signer = OauthlibClient(
            "MiVOAppSuite", client_secret=consumer.shared_secret, callback_uri="oob"
        )
        uri, headers, _ = signer.sign(url, "POST")
        trust = authority.client_context()
        async with session.post(uri, headers=headers, ssl=trust) as answer:
            document = await answer.json()
        assert (answer.status, document["code"]) == (503, "state_not_kept")
        assert "can't write the MBG's state file" in document["message"]
        assert mbg.web_services.temporary == {}
