"""The MBG's site: System, Licences, Signature debugger; what holds on every page."""

from collections.abc import AsyncIterator

import pytest

from simulators.addresses import AddressPlan
from simulators.mbg.forwarding.forward import ForwardRule
from simulators.mbg.mbg import Mbg
from simulators.mbg.records.devices import DeviceStatus, Icp
from simulators.mbg.site.readiness import points
from simulators.mbg.site.view import NAVIGATION
from simulators.mbg.tests.site_visitor import (
    HOSTILE,
    Page,
    Visitor,
    administrator,
    final_token,
    initiated,
)

Opened = tuple[Mbg, Visitor, AddressPlan]


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    async with administrator() as made:
        yield made


async def test_licences_as_numbers_and_as_a_bar(opened: Opened) -> None:
    mbg, visitor, _ = opened
    for number in range(4):
        mbg.licences.take(str(number))
    mbg.licences.release("0")
    page = await visitor.go("/licences")
    assert "7 licences free" in page.text
    assert "Pool 10 In use 3 Most at a time 4" in page.text
    widths = {a["class"]: a["width"] for tag, a in page.tags if tag == "rect"}
    assert widths == {"pool": "1000.0", "used": "300.0", "most": "6"}
    for number in range(10):
        mbg.licences.take(str(number))
    page = await visitor.go("/licences")
    assert "No teleworker licence is free on this MBG." in page.text
    mbg.licences.size = 0
    assert (await visitor.go("/licences")).status == 200


async def test_system_shows_what_an_mcs_still_needs(opened: Opened) -> None:
    mbg, visitor, plan = opened
    page = await visitor.go("/system")
    assert "11.4.0.225" in page.text and "Gateway" in page.text
    assert {p.requirement for p in points(mbg) if not p.met} == {
        "FWD-1",
        "ICP-1",
        "TOK-1",
        "TOK-2",
        "TOK-5",
    }
    assert "4 of 9 are there" in page.text
    mbg.add_consumer("MCS", "c")
    mbg.start_web_services()
    final_token(mbg)
    mbg.add_icp("Head Office", plan.node(1))
    await mbg.add_forward(ForwardRule(8202, (plan.mcs, 8202)))
    assert all(point.met for point in points(mbg))
    mbg.deactivate("c")
    mbg.change_release("9.4")
    await mbg.change_mode("server-only")
    mbg.licences.size = 0
    unmet = {p.requirement for p in points(mbg) if not p.met}
    assert unmet == {"PRE-1", "PRE-2", "TOK-2", "TOK-5", "PRV-3"}
    assert "This MBG runs 9.4: upgrade it." in (await visitor.go("/system")).text


async def test_permit_weak_passwords(opened: Opened) -> None:
    mbg, visitor, _ = opened
    page = await visitor.press("/system", "Save", permit="on")
    assert mbg.settings.permit_weak_passwords
    assert page.form("Save").values["permit"] == "on"
    await visitor.press("/system", "Save", permit=None)
    assert not mbg.settings.permit_weak_passwords


async def test_the_signature_debugger_names_the_mistake(opened: Opened) -> None:
    mbg, visitor, _ = opened
    page = await visitor.go("/signature-debugger")
    assert "No signed request was refused" in page.text
    consumer = mbg.add_consumer("MCS", "c")
    mbg.start_web_services()
    await initiated(visitor, "a wrong secret")
    plain = visitor.base.replace("https", "http") + "/mslrest/initiate"
    await initiated(visitor, consumer.shared_secret, uri=plain)
    await visitor.go(
        visitor.base + "/mslrest/initiate", "POST", headers={"Authorization": "OAuth x"}
    )
    page = await visitor.go("/signature-debugger")
    numbers = [href for href in page.links.values() if "/signature-debugger/" in href]
    assert [n.rpartition("/")[2] for n in numbers][:1] == ["3"]  # newest first
    page = await visitor.go("/signature-debugger/2")
    assert "signature_invalid" in page.text and "http was signed" in page.text
    assert "'s' here, '%' there" in page.text
    assert consumer.shared_secret not in page.source
    rows = page.source.partition("<pre")[2].splitlines()
    assert rows[1].startswith("client  POST&amp;http%3A")
    assert rows[0].index("https%3A") - len("<pre") > 0
    for number in (1, 3):
        assert (await visitor.go(f"/signature-debugger/{number}")).status == 200
    assert (await visitor.go("/signature-debugger/4")).status == 404


# All pages


async def every_page(visitor: Visitor) -> list[Page]:
    """The pages of the navigation, and all that they link to."""
    seen: dict[str, Page] = {}
    wanted = [
        f"{visitor.base}/server-manager{path}" for *_, pages in NAVIGATION for _, path in pages
    ]
    while wanted:
        url = wanted.pop()
        if url not in seen:
            page = seen[url] = await visitor.go(url)
            wanted += [visitor.base + href for href in page.links.values() if href[0] == "/"]
    return list(seen.values())


async def filled(mbg: Mbg, visitor: Visitor, plan: AddressPlan) -> list[str]:
    """An MBG with one of everything, hostile names throughout; returns all its secrets."""
    consumer = mbg.add_consumer(HOSTILE, HOSTILE)
    mbg.start_web_services()
    await initiated(visitor, consumer.shared_secret, HOSTILE)
    await initiated(visitor, "wrong", HOSTILE)
    final = final_token(mbg, HOSTILE)
    icp = mbg.add_icp(HOSTILE, plan.node(1))
    device = mbg.add_device(
        icp_id=icp.id,
        set_username=HOSTILE,
        set_password="known-set-password-1",
        icp_password="known-icp-password-1",
        description=HOSTILE,
    )
    mbg.store.note(device.id, DeviceStatus.REFUSED_BY_ICP, licensed=False, detail=HOSTILE)
    await mbg.add_forward(ForwardRule(8205, (plan.mcs, 8205), snat=False))
    (temporary,) = mbg.web_services.temporary.values()
    return [
        consumer.shared_secret,
        temporary.token,
        temporary.secret,
        final.token,
        final.secret,
        device.set_password,
        device.icp_password,
        mbg.settings.site_password,
    ]


async def test_no_secret_and_no_markup_of_others_on_any_page(opened: Opened) -> None:
    mbg, visitor, plan = opened
    secrets = await filled(mbg, visitor, plan)
    pages = await every_page(visitor)
    assert len(pages) > 20
    for page in pages:
        assert page.status == (409 if page.url.endswith("/icps/1/remove") else 200), page.url
        assert "<script" not in page.source, page.url
        assert not [secret for secret in secrets if secret in page.source], page.url
    assert any(HOSTILE in page.text for page in pages)


async def test_every_page_is_built_for_everybody(opened: Opened) -> None:
    mbg, visitor, plan = opened
    await filled(mbg, visitor, plan)
    for page in await every_page(visitor):
        names = [tag for tag, _ in page.tags]
        assert names.count("h1") == names.count("main") == names.count("title") == 1, page.url
        ids = [given["id"] for _, given in page.tags if "id" in given]
        assert len(ids) == len(set(ids)), page.url
        labelled = {given["for"] for tag, given in page.tags if tag == "label"}
        for tag, given in page.tags:
            if tag in ("input", "select") and given.get("type") != "hidden":
                assert given["id"] in labelled, (page.url, given)
            if tag == "th":
                assert given["scope"] in ("col", "row")
            for referred in given.get("aria-describedby", "").split():
                assert referred in ids, (page.url, referred)
        assert names.count("table") == names.count("caption"), page.url
        assert page.links["Skip to the content"] == "#main"
        current = [given for _, given in page.tags if "aria-current" in given]
        assert len(current) == 1, page.url


async def test_a_name_that_is_no_text_does_not_break_a_page(opened: Opened) -> None:
    mbg, visitor, plan = opened
    mbg.store.icps["1"] = Icp("1", "a\udc80b", plan.node(1), plan.node(1))
    page = await visitor.go("/icps")
    assert (page.status, "a?b" in page.text) == (200, True)
