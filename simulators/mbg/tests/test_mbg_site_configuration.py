"""The MBG's site: port forwarding, ICPs and SIP devices, filled in right and wrong."""

import socket
from collections.abc import AsyncIterator

import pytest

from simulators.addresses import AddressPlan
from simulators.core import TCP
from simulators.mbg.forwarding.forward import ForwardRule
from simulators.mbg.mbg import Mbg
from simulators.mbg.records.devices import DeviceStatus
from simulators.mbg.tests.site_visitor import (
    HOSTILE,
    Visitor,
    administrator,
)

Opened = tuple[Mbg, Visitor, AddressPlan]


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    async with administrator() as made:
        yield made


async def test_a_rule_is_added_shown_and_removed(opened: Opened) -> None:
    mbg, visitor, plan = opened
    page = await visitor.press(
        "/port-forwarding/new", "Save", host=plan.mcs, sources="127.30.0.0/16, 127.31.0.0/16"
    )
    forward = mbg.forwards[TCP, 8202]
    assert forward.rule == ForwardRule(
        8202, (plan.mcs, 8202), sources=("127.30.0.0/16", "127.31.0.0/16")
    )
    assert "TCP 8202" in page.text and "Warning" not in page.text
    ask = await visitor.go(visitor.base + page.links["Remove TCP 8202"])
    assert mbg.forwards
    page = await visitor.submit(ask, ask.form("Remove"))
    assert "Nothing is forwarded" in page.text
    assert not mbg.forwards


async def test_a_rule_that_people_should_not_make_has_a_warning(opened: Opened) -> None:
    _, visitor, plan = opened
    page = await visitor.press(
        "/port-forwarding/new",
        "Save",
        port="8205",
        destination_port="8205",
        host=plan.mcs,
        snat=None,
    )
    assert "FWD-2: LDAP" in page.text and "FWD-3: SNAT is off" in page.text


async def test_a_wrong_rule_keeps_what_was_typed(opened: Opened) -> None:
    mbg, visitor, plan = opened
    wrong = {"protocol": "UDP", "port": "99999", "host": "mcs", "destination_port": "x"}
    page = await visitor.press("/port-forwarding/new", "Save", snat=None, **wrong)
    form = page.form("Save")
    assert (page.status, {name: form.values[name] for name in wrong}) == (422, wrong)
    assert "snat" not in form.values
    assert page.text.count("must be a port from 1 to 65535") == 4  # beside the field, and above
    page = await visitor.press("/port-forwarding/new", "Save", host=plan.mcs, sources="nonsense/99")
    assert (page.status, "Allowed sources expected networks" in page.text) == (422, True)
    await visitor.press("/port-forwarding/new", "Save", host=plan.mcs)
    page = await visitor.press("/port-forwarding/new", "Save", host=plan.mcs)
    assert (page.status, "is forwarded already" in page.text) == (422, True)
    assert len(mbg.forwards) == 1


async def test_no_rule_in_another_mode(opened: Opened) -> None:
    mbg, visitor, plan = opened
    await mbg.change_mode("server-only")
    page = await visitor.go("/port-forwarding")
    assert "server-only mode, which has none" in page.text
    assert "Add a rule" not in page.links
    page = await visitor.press("/port-forwarding/new", "Save", host=plan.mcs)
    assert (page.status, "deploy it in gateway mode" in page.text) == (422, True)
    assert not mbg.forwards


# ICPs and SIP devices


async def test_icps_are_added_changed_and_removed_if_unused(opened: Opened) -> None:
    mbg, visitor, plan = opened
    page = await visitor.press("/icps/new", "Save", name="Head Office", address=plan.node(1))
    assert plan.node(1) in page.text
    page = await visitor.press("/icps/new", "Save", name="Twin", address=plan.node(1))
    assert (page.status, "the address of the ICP Head Office" in page.text) == (422, True)
    assert page.form("Save").values["name"] == "Twin"
    for wrong in ("", "not a host", "127.0.0", "-x", "a..b"):
        page = await visitor.press("/icps/1", "Save", address=wrong)
        assert page.status == 422, wrong
    await visitor.press("/icps/1", "Save", address="localhost")
    assert (mbg.store.icps["1"].address, mbg.store.icps["1"].ip) == ("localhost", "127.0.0.1")
    device = mbg.add_device(icp_id="1", set_username="tw1", set_password="abcdefg1")
    page = await visitor.go("/icps/1/remove")
    assert (page.status, "1 SIP device" in page.text) == (409, True)
    mbg.remove_device(device.id)
    page = await visitor.press("/icps/1/remove", "Remove")
    assert "The ICP Head Office was removed" in page.text
    assert not mbg.store.icps


async def test_a_host_name_that_nobody_has_is_refused_beside_its_field(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    mbg, visitor, plan = opened

    def unknown(*_: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    mbg.add_icp("Head Office", plan.node(1))
    monkeypatch.setattr("simulators.sockets.names.socket.getaddrinfo", unknown)
    for path, fields in (("/icps/new", {"name": "Branch"}), ("/icps/1", {})):
        page = await visitor.press(path, "Save", address="nobody.example", **fields)
        assert (page.status, "check its spelling" in page.text) == (422, True)
        assert page.form("Save").values["address"] == "nobody.example"
    assert [icp.address for icp in mbg.store.icps.values()] == [plan.node(1)]


async def test_an_icp_that_came_into_use_stays(opened: Opened) -> None:
    mbg, visitor, plan = opened
    mbg.add_icp("Head Office", plan.node(1))
    ask = await visitor.go("/icps/1/remove")
    mbg.add_device(icp_id="1", set_username="tw1", set_password="abcdefg1")
    page = await visitor.submit(ask, ask.form("Remove"))
    assert (page.status, list(mbg.store.icps)) == (409, ["1"])


TYPED = {
    "description": HOSTILE,
    "set_username": "tw1",
    "set_password": "set secret 1",
    "set_confirm": "set secret 1",
    "icp_username": "2001",
    "icp_password": " icp-secret-1",
    "icp_confirm": " icp-secret-1",
}


async def test_a_device_is_added_edited_and_deleted(opened: Opened) -> None:
    mbg, visitor, plan = opened
    mbg.add_icp("Head Office", plan.node(1))
    page = await visitor.press("/sip-devices/new", "Save", **TYPED)
    device = mbg.store.get("1")
    assert (device.set_password, device.icp_password) == ("set secret 1", " icp-secret-1")
    assert (device.created_by, device.enabled, device.description) == (
        "administrator",
        True,
        HOSTILE,
    )
    page = await visitor.go(visitor.base + page.links["tw1"])
    form = page.form("Save")
    assert {form.values[name] for name in TYPED if "password" in name or "confirm" in name} == {""}
    await visitor.submit(page, form, set_username="tw2", enabled=None)
    device = mbg.store.get("1")
    assert (device.set_username, device.enabled) == ("tw2", False)
    assert (device.set_password, device.icp_password) == ("set secret 1", " icp-secret-1")
    assert "disabled" in (await visitor.go("/sip-devices")).text
    page = await visitor.press(
        "/sip-devices/1", "Save", set_password="newsecret1", set_confirm="newsecret1"
    )
    assert mbg.store.get("1").set_password == "newsecret1"
    page = await visitor.press("/sip-devices/1/delete", "Delete")
    assert "There is no SIP device yet" in page.text


async def test_wrong_devices_keep_what_was_typed_but_no_password(opened: Opened) -> None:
    mbg, visitor, plan = opened
    page = await visitor.press("/sip-devices/new", "Save", **TYPED)
    assert (page.status, "Configured ICP is needed" in page.text) == (422, True)
    mbg.add_icp("Head Office", plan.node(1))
    mbg.add_icp("Branch", plan.node(2))
    wrong: dict[str, str | None] = {**TYPED, "icp_id": "2", "set_confirm": "other", "enabled": None}
    page = await visitor.press("/sip-devices/new", "Save", **wrong)
    form = page.form("Save")
    assert "is not the same as Set-side password" in page.text
    kept = {"description": HOSTILE, "set_username": "tw1", "icp_username": "2001", "icp_id": "2"}
    assert {name: form.values[name] for name in kept} == kept
    assert "enabled" not in form.values
    assert "secret" not in page.source
    weak = {"set_password": "2222", "set_confirm": "2222"}
    page = await visitor.submit(page, form, **weak)
    assert "Set-side password is weak: shorter than 8" in page.text
    mbg.permit_weak_passwords(True)
    page = await visitor.submit(page, page.form("Save"), **weak)
    assert page.status == 200
    again = await visitor.press("/sip-devices/new", "Save", **TYPED, icp_id="1")
    assert (again.status, "is in use by device 1" in again.text) == (422, True)
    described = {a.get("aria-describedby", "") for _, a in again.tags if "aria-invalid" in a}
    assert [ids for ids in described if "set_username-problem" in ids]
    page = await visitor.press("/sip-devices/1", "Save", set_username="", availability="nowhere")
    assert "Set-side username is needed" in page.text and "Availability is needed" in page.text


async def test_long_lists_page_search_and_filter(opened: Opened) -> None:
    mbg, visitor, plan = opened
    icp = mbg.add_icp("Head Office", plan.node(1))
    for number in range(120):
        mbg.add_device(
            icp_id=icp.id,
            set_username=f"tw{number}",
            set_password="abcdefg1",
            description="Ada" if number == 77 else "",
        )
    mbg.store.note("9", DeviceStatus.REFUSED_BY_ICP, licensed=False)
    page = await visitor.go("/sip-devices")
    assert "1 to 50 of 120 SIP devices" in page.text and "tw49" in page.links
    page = await visitor.go(visitor.base + page.links["Next"])
    assert "51 to 100 of 120" in page.text and "tw49" not in page.links
    for odd in ("9999999999999", "0", "x", "-1", "٣"):
        assert (await visitor.go(f"/sip-devices?page={odd}")).status == 200
    assert "101 to 120 of 120" in (await visitor.go("/sip-devices?page=99")).text
    page = await visitor.go("/sip-devices?q=aDA")
    assert "tw77" in page.links and "1 to 1 of 1 SIP device, of 120 in all" in page.text
    page = await visitor.go("/sip-devices?status=refused by the ICP")
    assert "tw8" in page.links and "tw9" not in page.links
    assert "Nothing found among 120" in (await visitor.go("/sip-devices?q=<b>")).text


@pytest.mark.parametrize("status", DeviceStatus)
async def test_each_status_has_words_a_mark_and_its_detail(
    opened: Opened, status: DeviceStatus
) -> None:
    mbg, visitor, plan = opened
    mbg.add_icp("Head Office", plan.node(1))
    mbg.add_device(icp_id="1", set_username="tw1", set_password="abcdefg1")
    mbg.store.note("1", status, licensed=False, detail="because of <this>")
    for path in ("/sip-devices", "/sip-devices/1"):
        page = await visitor.go(path)
        assert any(mark + " " + status.value in page.text for mark in "●○▲■–")
        assert "because of <this>" in page.text
