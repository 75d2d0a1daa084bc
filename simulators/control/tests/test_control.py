"""The control API of an MBG: each act by program, over a real socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import parse_qs, quote

import aiohttp
import pytest
from oauthlib.oauth1 import Client as OauthlibClient

from simulators.addresses import AddressPlan, claim_private
from simulators.clock import Clock
from simulators.control.mbg_control import mbg_control
from simulators.control.server import ControlServer
from simulators.entropy import Seed
from simulators.errors import ConfigurationError
from simulators.faults.catalogue import CATALOGUE
from simulators.journal import Journal
from simulators.mbg.mbg import FAULT_KINDS, Mbg
from simulators.mbg.settings import MbgSettings
from simulators.network import Network
from simulators.tls import Authority

PONG = '{"ping":"ok"}'
CONSUMER = {"name": "MiVoice Office Application Suite", "consumer_id": "MiVOAppSuite"}


class Controlled:
    """An MBG with its control API, and a client of it."""

    def __init__(self, plan: AddressPlan) -> None:
        clock = Clock()
        journal = Journal(clock.now)
        self.plan = plan
        self.authority = Authority()
        self.mbg = Mbg(
            plan.mbg_outside,
            plan.mbg_inside,
            tls=self.authority.server_context(plan.mbg_inside),
            authority=self.authority,
            clock=clock,
            network=Network(plan, journal, clock),
            journal=journal,
            entropy=Seed(1).stream("mbg").randbytes,
            settings=MbgSettings(rest_port=0, sip_port=0),
        )
        self.control = mbg_control(self.mbg, (plan.mbg_inside, 0))
        self.session: aiohttp.ClientSession

    async def ask(self, method: str, path: str, body: object = None, **query: str) -> Any:
        """The document of the answer; status and document where it is a refusal."""
        async with self.session.request(
            method, self.control.url + path, json=body, params=query
        ) as answer:
            document = await answer.json(content_type=None) if answer.status != 204 else None
            return document if answer.ok else (answer.status, document)

    async def call(self, path: str, token: tuple[str, str], secret: str, **more: str) -> str:
        """A signed call to the MBG's REST API, as text."""
        url = f"https://{self.plan.mbg_inside}:{self.mbg.rest_address[1]}/mslrest{path}"
        signer = OauthlibClient(
            CONSUMER["consumer_id"],
            client_secret=secret,
            resource_owner_key=token[0] or None,
            resource_owner_secret=token[1] or None,
            **{"timestamp": str(int(self.mbg.clock.now())), **more},
        )
        uri, headers, _ = signer.sign(url, "POST")
        trust = self.authority.client_context()
        async with self.session.post(uri, headers=headers, ssl=trust) as answer:
            return await answer.text()


@pytest.fixture
def plan() -> Iterator[AddressPlan]:
    held = claim_private()
    yield held.plan
    held.release()


@pytest.fixture
async def bench(plan: AddressPlan) -> AsyncIterator[Controlled]:
    bench = Controlled(plan)
    await bench.mbg.start()
    await bench.control.start()
    async with aiohttp.ClientSession() as session:
        bench.session = session
        yield bench
    await bench.control.stop()
    await bench.mbg.stop()


def pairs(text: str) -> tuple[str, str]:
    found = parse_qs(text)
    return found["oauth_token"][0], found["oauth_token_secret"][0]


async def with_token(bench: Controlled) -> tuple[tuple[str, str], str]:
    """The whole dance: the person's part through the control API."""
    await bench.ask("PUT", "/web-services", {"running": True})
    secret = (await bench.ask("POST", "/consumers", CONSUMER))["shared_secret"]
    temporary = pairs(await bench.call("/initiate", ("", ""), secret, callback_uri="oob"))
    verifier = (await bench.ask("POST", "/temporary-tokens/latest/approve"))["verifier"]
    return pairs(await bench.call("/token", temporary, secret, verifier=verifier)), secret


async def test_a_token_is_made_renewed_and_revoked_by_program(bench: Controlled) -> None:
    token, secret = await with_token(bench)
    assert await bench.call("/ping", token, secret) == PONG
    (shown,) = (await bench.ask("GET", "/final-tokens"))["items"]
    assert (shown["consumer_id"], shown["state"]) == ("MiVOAppSuite", "valid")
    assert token[0] not in json.dumps(shown)
    await bench.ask("POST", "/clock/advance", {"seconds": 340 * 86_400})
    assert (await bench.ask("GET", "/final-tokens"))["items"][0]["state"] == "expiring"
    renewed = await bench.ask("POST", f"/final-tokens/{shown['id']}/renew")
    assert (renewed["state"], renewed["expires_at"] > shown["expires_at"]) == ("valid", True)
    await bench.ask("POST", "/final-tokens/latest/revoke")
    assert "token_revoked" in await bench.call("/ping", token, secret)
    status, document = await bench.ask("POST", "/final-tokens/latest/renew")
    assert (status, document["code"]) == (409, "token_revoked")


async def test_a_rejected_token_can_not_be_approved(bench: Controlled) -> None:
    await bench.ask("PUT", "/web-services", {"running": True})
    secret = (await bench.ask("POST", "/consumers", CONSUMER))["shared_secret"]
    assert (await bench.ask("POST", "/temporary-tokens/latest/approve"))[0] == 404
    await bench.call("/initiate", ("", ""), secret, callback_uri="oob")
    await bench.ask("POST", "/temporary-tokens/latest/reject")
    (shown,) = (await bench.ask("GET", "/temporary-tokens"))["items"]
    assert (shown["state"], shown["verifier"]) == ("rejected", "")
    status, document = await bench.ask("POST", f"/temporary-tokens/{shown['id']}/approve")
    assert (status, document["code"]) == (409, "token_not_pending")


async def test_a_consumer_is_managed_and_its_secret_shown_once(bench: Controlled) -> None:
    token, secret = await with_token(bench)
    assert "shared_secret" not in json.dumps(await bench.ask("GET", "/consumers"))
    assert (await bench.ask("POST", "/consumers", CONSUMER))[0] == 409
    await bench.ask("PATCH", "/consumers/MiVOAppSuite", {"active": False})
    assert "consumer_inactive" in await bench.call("/ping", token, secret)
    await bench.ask("PATCH", "/consumers/MiVOAppSuite", {"active": True})
    assert await bench.call("/ping", token, secret) == PONG
    changed = await bench.ask(
        "PATCH", "/consumers/MiVOAppSuite", {"permissions": {"MBG/v1/icps": "read"}}
    )
    assert changed["permissions"]["MBG/v1/icps"] == "read"
    assert changed["permissions"]["MBG/v1/devices"] == "read/write", "what is left out stays"
    again = (await bench.ask("POST", "/consumers/MiVOAppSuite/secret"))["shared_secret"]
    assert "signature_invalid" in await bench.call("/ping", token, secret)
    assert await bench.call("/ping", token, again) == PONG
    await bench.ask("DELETE", "/consumers/MiVOAppSuite")
    assert (await bench.ask("GET", "/consumers"))["items"] == []
    assert (await bench.ask("DELETE", "/consumers/MiVOAppSuite"))[0] == 404


async def test_a_wrong_signature_is_explained_without_a_secret(bench: Controlled) -> None:
    token, secret = await with_token(bench)
    assert (await bench.ask("GET", "/refusals"))["items"] == []
    await bench.call("/ping", token, "guessed")
    (refused,) = (await bench.ask("GET", "/refusals"))["items"]
    assert (refused["code"], refused["consumer_id"]) == ("signature_invalid", "MiVOAppSuite")
    assert refused["base_string"].startswith("POST&https%3A%2F%2F")
    assert secret not in json.dumps(refused)
    assert token[0] not in json.dumps(refused)


async def test_icps_and_devices_by_hand(bench: Controlled) -> None:
    icp = await bench.ask("POST", "/icps", {"name": "Head Office", "address": "127.10.0.21"})
    wish = {"icp_id": icp["id"], "set_username": "tw1", "set_password": "abcdefg1"}
    device = await bench.ask("POST", "/devices", wish)
    assert (device["status"], device["icp_username"]) == ("never registered", "tw1")
    assert "abcdefg1" not in json.dumps(device)
    status, document = await bench.ask("POST", "/devices", wish)
    assert (status, document["code"], document["detail"]["id"]) == (409, "duplicate", device["id"])
    status, document = await bench.ask("POST", "/devices", wish | {"set_password": "x"})
    assert (status, list(document["detail"]["fields"])) == (422, ["set_password", "icp_password"])
    path = f"/devices/{device['id']}"
    assert (await bench.ask("PATCH", path, {"enabled": False}))["status"] == "disabled"
    assert bench.mbg.store.get(device["id"]).set_password == "abcdefg1"
    assert (await bench.ask("GET", "/devices"))["items"] == [await bench.ask("GET", path)]
    moved = await bench.ask("PATCH", f"/icps/{icp['id']}", {"address": "127.10.0.22"})
    assert (await bench.ask("GET", "/icps"))["items"] == [moved]
    await bench.ask("DELETE", path)
    assert (await bench.ask("GET", path))[0] == 404


async def test_forwards_are_added_counted_warned_of_and_removed(bench: Controlled) -> None:
    server = await asyncio.start_server(lambda r, w: w.close(), bench.plan.mcs, 0)
    port = server.sockets[0].getsockname()[1]
    rule = {"outside_port": 0, "destination_host": bench.plan.mcs, "destination_port": port}
    shown = await bench.ask("POST", "/forwards", rule | {"snat": False})
    assert [warning.partition(":")[0] for warning in shown["warnings"]] == ["FWD-2", "FWD-3"]
    reader, writer = await asyncio.open_connection(bench.plan.mbg_outside, shown["outside_port"])
    writer.close()
    await reader.read()
    (counted,) = (await bench.ask("GET", "/forwards"))["items"]
    assert counted["counters"]["accepted"] == 1
    await bench.ask("DELETE", f"/forwards/TCP/{shown['outside_port']}")
    assert (await bench.ask("GET", "/forwards"))["items"] == []
    await bench.ask("PATCH", "/system", {"mode": "server-only"})
    status, document = await bench.ask("POST", "/forwards", rule)
    assert (status, "gateway mode" in document["message"]) == (409, True)
    server.close()


async def test_release_mode_licences_and_password_rule(bench: Controlled) -> None:
    before = await bench.ask("GET", "/system")
    assert before["licences"] == {"size": 1000, "in_use": 0, "high_water": 0}
    bench.mbg.licences.take("1")
    wish = {"release": "9.1", "licences": 0, "permit_weak_passwords": True}
    after = await bench.ask("PATCH", "/system", wish)
    assert after["licences"] == {"size": 0, "in_use": 1, "high_water": 1}
    assert after == before | wish | {"licences": after["licences"]}
    icp = await bench.ask("POST", "/icps", {"name": "x", "address": "127.10.0.21"})
    weak = {"icp_id": icp["id"], "set_username": "tw1", "set_password": "x"}
    assert "id" in await bench.ask("POST", "/devices", weak)


@pytest.mark.parametrize(("state", "left"), [("kept", 1), ("lost", 0)])
async def test_a_restart_keeps_or_loses_everything(
    bench: Controlled, state: str, left: int
) -> None:
    await with_token(bench)
    await bench.ask("POST", "/icps", {"name": "Head Office", "address": "127.10.0.21"})
    before = await bench.ask("GET", "/system")
    after = await bench.ask("POST", "/restart", {"state": state})
    assert after == before | {"web_services_running": state == "kept"}
    for path in ("/consumers", "/final-tokens", "/icps"):
        assert len((await bench.ask("GET", path))["items"]) == left, path


async def test_reset_leaves_nothing_not_even_a_fault(bench: Controlled) -> None:
    await with_token(bench)
    await bench.ask("POST", "/faults", {"name": "delay"})
    await bench.ask("POST", "/reset")
    assert (await bench.ask("GET", "/faults"))["items"] == []
    assert (await bench.ask("GET", "/consumers"))["items"] == []
    assert await bench.ask("GET", "/health") == {"status": "ok", "role": "MBG"}


async def test_faults_are_switched_on_strike_and_are_switched_off(bench: Controlled) -> None:
    token, secret = await with_token(bench)
    kinds = (await bench.ask("GET", "/faults/catalogue"))["items"]
    own = [name for name, kind in CATALOGUE.items() if issubclass(kind, FAULT_KINDS)]
    assert [kind["name"] for kind in kinds] == own
    status, document = await bench.ask("POST", "/faults", {"name": "oai-delay"})
    assert (status, "there is no fault oai-delay" in document["detail"]["fields"]["name"]) == (
        422,
        True,
    )
    assert "oai-cut" not in document["message"], "what this role can't have is not offered"
    wish = {"name": "busy", "parameters": {"status": 429, "path": "/mslrest/ping"}}
    on = await bench.ask("POST", "/faults", wish)
    assert (on["state"], on["struck"], on["parameters"]["status"]) == ("on", 0, 429)
    assert "too_many_requests" in await bench.call("/ping", token, secret)
    assert (await bench.ask("GET", "/faults"))["items"] == [on | {"struck": 1}]
    await bench.ask("DELETE", f"/faults/{on['number']}")
    assert await bench.call("/ping", token, secret) == PONG
    assert (await bench.ask("DELETE", f"/faults/{on['number']}"))[0] == 404
    status, document = await bench.ask("POST", "/faults", {"name": "busy", "parameters": {"x": 1}})
    assert (status, document["detail"]["fields"]) == (
        422,
        {"parameters.x": "is unknown or can't be written"},
    )
    await bench.ask("POST", "/faults", wish)
    await bench.ask("DELETE", "/faults")
    assert (await bench.ask("GET", "/faults"))["items"] == []


async def test_the_journal_is_read_page_by_page_and_filtered(bench: Controlled) -> None:
    token, secret = await with_token(bench)
    await bench.call("/ping", token, secret)
    first = await bench.ask("GET", "/journal", limit="2")
    assert [entry["seq"] for entry in first["items"]] == [1, 2]
    second = await bench.ask("GET", "/journal", since=str(first["next"]), limit="1")
    assert second["items"][0]["seq"] == 3
    calls = await bench.ask("GET", "/journal", protocol="REST", contains="ping")
    assert [entry["summary"] for entry in calls["items"]] == ["POST ping", "200 (POST ping)"]
    assert calls["next"] == bench.mbg.journal.mark()
    everything = json.dumps(await bench.ask("GET", "/journal", limit="1000"))
    assert len(everything) > 1000
    for hidden in (secret, *token, *(quote(part, safe="") for part in token)):
        assert hidden not in everything
    raw = "".join(entry.detail for entry in bench.mbg.journal.entries)
    assert quote(token[1], safe="") in raw, "it was sent, and would be seen"
    guess = await bench.ask("GET", "/journal", contains=quote(token[1], safe=""))
    assert guess["items"] == [], "a secret can't be searched for either"


async def test_an_entry_is_waited_for(bench: Controlled) -> None:
    since = str(bench.mbg.journal.mark())
    waiting = asyncio.create_task(
        bench.ask("GET", "/journal/wait", since=since, contains="ICP added")
    )
    await bench.ask("POST", "/icps", {"name": "Head Office", "address": "127.10.0.21"})
    assert (await waiting)["detail"] == "icp: Head Office\naddress: 127.10.0.21"
    status, document = await bench.ask(
        "GET", "/journal/wait", since=since, contains="no such thing", within_s="0.01"
    )
    assert (status, document["code"]) == (408, "nothing_came")


async def test_the_clock_is_read_and_moved(bench: Controlled) -> None:
    before = await bench.ask("GET", "/clock")
    moved = await bench.ask("POST", "/clock/advance", {"seconds": 86_400})
    assert (moved["moved_s"], moved["skipped_s"]) == (86_400, 82_800)
    assert moved["now"] > before["now"]
    assert (await bench.ask("POST", "/clock/advance", {"seconds": -1}))[0] == 422


async def test_it_listens_on_loopback_alone(bench: Controlled) -> None:
    for host in ("0.0.0.0", "192.0.2.1", "::1", "host"):
        with pytest.raises(ConfigurationError, match="loopback alone"):
            ControlServer(bench.mbg, [], (host, 0))
    with pytest.raises(ConfigurationError, match="control API of MBG"):
        await mbg_control(bench.mbg, bench.control.address).start()
