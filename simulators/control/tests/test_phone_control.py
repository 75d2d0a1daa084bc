"""The control API of the phones: each act by program, over a real socket."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from simulators.entropy import Seed
from simulators.estate.config import EstateConfig
from simulators.estate.estate import Estate
from simulators.phone.calls.line_table import Activity
from simulators.phone.life.states import State
from simulators.phone.people import invent
from simulators.tests.phones_bench import PhonesBench, phones_bench

PASSWORDS = ("auth_password", "password")


@pytest.fixture
async def bench() -> AsyncIterator[PhonesBench]:
    async with phones_bench() as bench:
        yield bench


async def test_phones_are_listed_with_their_states(bench: PhonesBench) -> None:
    page = await bench.ask("GET", "/phones")
    assert page["total"] == 2
    first = page["items"][0]
    assert (first["state"], first["registered"], first["model"]) == ("off", False, "6930")
    await bench.ask("PUT", f"{bench.first}/power", {"on": True})
    await bench.handsets[0].until(State.REGISTERED)
    (only,) = (await bench.ask("GET", "/phones?state=registered"))["items"]
    assert (only["mac"], only["extensions"]) == (first["mac"], ["2101"])
    assert (await bench.ask("GET", "/phones?skip=1&limit=1"))["items"][0]["state"] == "off"


async def test_a_phone_shows_screen_keys_lines_and_no_password(bench: PhonesBench) -> None:
    await bench.registered()
    shown = await bench.ask("GET", bench.first)
    assert shown["screen"]["title"] == "2101"
    assert [key["label"] for key in shown["keys"]] == ["Line 1"]
    (line,) = shown["lines"]
    assert (line["registration"], line["lamp"], line["activity"]) == ("REGISTERED", "off", "idle")
    secret = bench.handsets[0].accounts[1].password
    assert len(secret) > 10 and secret not in str(shown)
    dashed = bench.handsets[0].identity.dashed.lower()
    assert (await bench.ask("GET", f"/phones/{dashed}"))["mac"] == shown["mac"]
    assert await bench.ask("GET", "/phones/1400E9000000") == (404, "not_found")
    assert await bench.ask("GET", "/phones/none") == (404, "not_found")


async def test_a_time_line_says_what_happened_and_when(bench: PhonesBench) -> None:
    await bench.registered()
    await bench.ask("POST", "/clock/advance", {"seconds": 20})
    await bench.ask("PUT", f"{bench.first}/power", {"on": False})
    items = (await bench.ask("GET", f"{bench.first}/time-line"))["items"]
    said = [item["what"] for item in items]
    assert (said[:2], said[-3:]) == (["booting", "network"], ["registering", "registered", "off"])
    assert items[0]["after_ms"] == 0
    assert items[-1]["after_ms"] >= 20_000
    assert items[0]["time"] < items[-1]["time"]


async def test_the_power_of_all_fails_and_returns(bench: PhonesBench) -> None:
    await bench.registered()
    await bench.ask("PUT", "/power", {"on": False})
    states = [item["state"] for item in (await bench.ask("GET", "/phones"))["items"]]
    assert states == ["off", "off"]
    await bench.ask("PUT", "/power", {"on": True})
    for phone in bench.handsets:
        await phone.until(State.REGISTERED)


async def test_keys_and_text_get_into_the_menu(bench: PhonesBench) -> None:
    await bench.registered()
    await bench.ask("POST", f"{bench.first}/keys", {"keys": ["Settings", "Advanced"]})
    await bench.ask("POST", f"{bench.first}/text", {"text": "22222"})
    opened = await bench.ask("POST", f"{bench.first}/keys", {"keys": ["Enter"]})
    assert "Configuration Server" in opened["screen"]["lines"]
    form = await bench.ask("POST", f"{bench.first}/choice", {"line": "Configuration Server"})
    assert any(line.startswith("Download Protocol") for line in form["screen"]["lines"])
    nothing = {"line": "Coffee"}
    assert await bench.ask("POST", f"{bench.first}/choice", nothing) == (409, "not_possible")
    assert await bench.ask("POST", f"{bench.first}/keys", {"keys": []}) == (422, "invalid")


async def test_keys_by_place_touch_and_the_cable(bench: PhonesBench) -> None:
    await bench.registered()
    place = {"kind": "topsoftkey", "number": 1}
    assert (await bench.ask("POST", f"{bench.first}/places", place))["screen"]["title"] == "Dial"
    wrong = {"kind": "shelf", "number": 1}
    assert await bench.ask("POST", f"{bench.first}/places", wrong) == (422, "invalid")
    assert await bench.ask("POST", f"{bench.first}/touch", {"line": 0}) == (409, "not_possible")
    for plugged_in in (False, False, True):
        await bench.ask("PUT", f"{bench.first}/cable", {"plugged_in": plugged_in})
        assert bench.handsets[0].cable_in is plugged_in


async def test_a_configuration_server_is_entered_with_the_right_password(
    bench: PhonesBench,
) -> None:
    await bench.registered()
    server = {"host": "127.0.0.1", "port": 9, "password": "11111"}
    path = f"{bench.first}/configuration-server"
    assert await bench.ask("PUT", path, server) == (409, "password_refused")
    assert "https server" not in bench.handsets[0].local_configuration
    await bench.ask("PUT", path, {"host": "127.0.0.1", "port": 9})
    assert bench.handsets[0].local_configuration["https server"] == "127.0.0.1"
    assert await bench.ask("PUT", path, {"host": "no host"}) == (422, "invalid")


async def test_one_phone_calls_another(bench: PhonesBench) -> None:
    await bench.registered()
    other = f"/phones/{bench.handsets[1].identity.mac}"
    assert await bench.ask("POST", f"{other}/answer") == (409, "not_possible")
    calling = await bench.ask("POST", f"{bench.first}/dial", {"number": "2102"})
    assert calling["lines"][0]["activity"] != "idle"
    await bench.handsets[1].until_call(Activity.INCOMING)
    ringing = await bench.ask("GET", other)
    assert ringing["lines"][0]["lamp"] == "fastflash"
    await bench.ask("POST", f"{other}/answer")
    for phone in bench.handsets:
        await phone.until_call(Activity.CONNECTED)
    held = await bench.ask("POST", f"{bench.first}/hold")
    assert held["lines"][0]["activity"] == Activity.HELD.value
    await bench.ask("POST", f"{bench.first}/hang-up")
    await bench.handsets[1].until_call(Activity.IDLE)
    await bench.ask("POST", f"{bench.first}/dial", {"number": "2102"})
    await bench.handsets[1].until_call(Activity.INCOMING)
    await bench.ask("POST", f"{other}/refuse")
    await bench.handsets[0].until_call(Activity.IDLE)


async def test_a_phone_is_carried_only_when_switched_off(bench: PhonesBench) -> None:
    await bench.registered()
    there = bench.pbx.plan.local_phone(77)
    move = {"address": there}
    assert await bench.ask("PUT", f"{bench.first}/address", move) == (409, "not_possible")
    await bench.ask("PUT", f"{bench.first}/power", {"on": False})
    await bench.ask("PUT", f"{bench.first}/address", move)
    await bench.ask("PUT", f"{bench.first}/power", {"on": True})
    await bench.handsets[0].until(State.REGISTERED)
    assert bench.handsets[0].contact[0] == there
    wrong = {"address": "somewhere"}
    assert await bench.ask("PUT", f"{bench.first}/address", wrong) == (422, "invalid")


async def test_a_fault_strikes_what_phones_say(bench: PhonesBench) -> None:
    names = [kind["name"] for kind in (await bench.ask("GET", "/faults/catalogue"))["items"]]
    assert "sip-loss" in names and "oai-cut" not in names
    lost = {"name": "sip-loss", "parameters": {"way": "out", "times": 2, "username": "2101"}}
    await bench.ask("POST", "/faults", lost)
    await bench.phones.power(on=True)
    await bench.handsets[1].until(State.REGISTERED)
    await bench.phones.clock.advance(2)
    await bench.handsets[0].until(State.REGISTERED)
    (fault,) = (await bench.ask("GET", "/faults"))["items"]
    assert (fault["struck"], fault["state"]) == (2, "used up")
    await bench.ask("POST", "/reset")
    assert (await bench.ask("GET", "/faults"))["items"] == []
    assert {phone.state for phone in bench.handsets} == {State.OFF}


async def test_a_fault_of_the_phone_strikes_the_one_that_is_named(bench: PhonesBench) -> None:
    one, other = bench.handsets
    names = [kind["name"] for kind in (await bench.ask("GET", "/faults/catalogue"))["items"]]
    assert len([name for name in names if name.startswith("phone-")]) >= 9
    parameters = {"mac": one.identity.mac, "at": "registered", "off_s": 30, "times": 1}
    fails = {"name": "phone-power-failure", "parameters": parameters}
    await bench.ask("POST", "/faults", fails)
    await bench.ask("PUT", "/power", {"on": True})
    await one.until(State.OFF)
    await other.until(State.REGISTERED)
    (fault,) = (await bench.ask("GET", "/faults"))["items"]
    assert (fault["struck"], fault["state"]) == (1, "used up")
    await bench.ask("POST", "/clock/advance", {"seconds": 31})
    await one.until(State.REGISTERED)  # the power is back
    wrong = {"name": "phone-power-failure", "parameters": {"at": "lunch"}}
    assert (await bench.ask("POST", "/faults", wrong))[0] == 422


async def test_an_estate_has_one_for_all_of_its_phones() -> None:
    config = EstateConfig.model_validate({"addresses": {"block": "private"}})
    async with Estate(config, None) as estate, aiohttp.ClientSession() as session:
        plan = estate.claim.plan
        assert estate.phone_control.address == (plan.control_of_phones, 8190)
        (person,) = invent(Seed(1), 1)
        estate.handset(person)
        async with session.get(f"{estate.phone_control.url}/phones") as answer:
            (phone,) = (await answer.json())["items"]
        assert (phone["mac"], phone["address"]) == (person.mac, plan.home(0))
