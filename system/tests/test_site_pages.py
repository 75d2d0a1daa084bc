"""The site's pages over real HTTPS: stages 1, 4 and 5 by hand, who may open what, no secret."""

from collections.abc import AsyncIterator

import pytest
import trustme

from system.tests.conftest import Site
from system.tests.helpers import eventually
from system.tests.people_acts import GOOD, add_user
from system.tests.person import PageSeen, Person
from system.tests.test_certificate import CERTIFICATE, certificate_becomes, context_of, pin, request

BELOW = "/site-settings/phone-systems"
MBG = f"{BELOW}/mbg"
REQUEST = f"{MBG}/request-access-token"
PBX = f"{BELOW}/1"
EXTENSION = f"{PBX}/extensions/2101"
EVERYBODY = {"engineer", "supervisor", "read-only", "user"}
LOOKERS = EVERYBODY - {"user"}
TABLE = {
    "/": EVERYBODY,
    "/account": EVERYBODY,
    BELOW: LOOKERS,
    f"{BELOW}/new": {"engineer"},
    MBG: LOOKERS,
    REQUEST: LOOKERS,
    PBX: LOOKERS,
    f"{PBX}/edit": {"engineer"},
    f"{PBX}/nodes/1": LOOKERS,
    EXTENSION: LOOKERS,
    "/site-settings/client-locations/local": LOOKERS,
    "/site-settings/client-locations/remote": LOOKERS,
    "/provisioning": LOOKERS,
    "/provisioning/bulk": LOOKERS,
    "/provisioning/bulk/1": LOOKERS,
    "/provisioning/drift": LOOKERS,
    "/notices": LOOKERS,
    "/health": LOOKERS,
}


@pytest.fixture
async def person(site: Site) -> AsyncIterator[Person]:
    """An engineer with a browser; at the end no page has held a secret of the site."""
    async with Person(site.mcs.api_url) as one:
        await one.log_in()
        yield one
        leaks = [
            (secret, p.address) for secret in site.secrets() for p in one.seen if secret in p.source
        ]
        assert leaks == []


async def test_stage_4_by_hand(site: Site, person: Person) -> None:
    site.mbg.verifier = "904417"
    page = await person.get(MBG)
    page = await person.send(
        page,
        "save",
        internal_address=site.mbg.address,
        port=str(site.mbg.port),
        rest_api_enabled="on",
    )
    assert "were saved" in page.text
    page = await person.get(REQUEST)
    assert page.form("request").value("consumer_id") == "MiVOAppSuite"
    assert not page.offers("retrieve")

    page = await person.send(page, "request", shared_secret="not the secret")
    assert page.status == 502
    assert page.title.startswith("Error: Request Access Token")
    assert "not the secret" not in page.source

    page = await person.send(page, "request", shared_secret=site.mbg.shared_secret)
    assert (page.status, page.by_id["token-state"]) == (200, "◐ waiting for approval")
    site.mbg.approved = True
    page = await person.send(page, "retrieve", verifier="000000")
    assert page.status == 502
    assert page.form("retrieve").value("verifier") == "000000"
    # The fake's verifier is one of the secrets: it is typed here and shown nowhere after that.
    page = await person.send(page, "retrieve", verifier=site.mbg.verifier)
    assert (page.status, page.address) == (200, MBG)
    assert page.by_id["token-state"] == "● valid"
    assert "days left" in page.text


async def test_a_new_handshake_beside_a_working_token_can_be_ended(
    site: Site, person: Person
) -> None:
    await site.authorize()
    site.mbg.approved = False
    page = await person.get(REQUEST)
    assert not page.offers("retrieve")
    page = await person.send(page, "request", shared_secret=site.mbg.shared_secret)
    assert page.by_id["token-state"] == "● valid"
    assert page.offers("retrieve")


async def test_stage_1_and_5_by_hand(site: Site, person: Person) -> None:
    await site.authorize()
    page = await person.send(
        await person.get(f"{BELOW}/new"),
        "add",
        name="Head office",
        ct_gateway_address="127.0.0.1",
        ct_gateway_port=str(site.gateway.port),
        ct_gateway_password=site.gateway.password,
    )
    assert (page.status, page.address) == (200, PBX)
    assert "Head office was added." in page.text
    page = await person.send(page, "sync")
    assert "Synchronized: nodes 1, SIP extensions 3." in page.text
    assert page.links["Head office"] == PBX  # in the navigation

    page = await person.get(f"{PBX}/nodes/1")
    page = await person.send(page, "save", address="127.10.0.21", nat_ip_address="not an address!")
    assert page.status == 422
    assert "IP address or a host name" in page.by_id["nat_ip_address-problem"]
    page = await person.send(page, "save", nat_ip_address="127.20.0.10")
    assert page.address == PBX

    page = await person.get(EXTENSION)
    assert page.form("save").attributes("use_remote_credentials").get("checked") is None
    page = await person.send(page, "save", use_remote_credentials="on")
    assert "Extension 2101 was saved." in page.text
    await site.reaches("2101", "provisioned")
    page = await person.get(EXTENSION)
    assert page.by_id["provisioning-state"] == "● provisioned"
    assert page.by_id["mbg-device-id"] == (await site.extension("2101"))["mbg_device_id"]
    assert page.form("save").value("remote_password") == ""
    page = await person.send(page, "save", use_remote_credentials=None)
    await site.reaches("2101", "off")
    assert site.mbg.devices == {}


async def test_a_wrong_port_keeps_what_was_typed(site: Site, person: Person) -> None:
    page = await person.get(MBG)
    page = await person.send(page, "save", internal_address="127.10.0.10", port="many")
    assert page.status == 422
    form = page.form("save")
    assert (form.value("internal_address"), form.value("port")) == ("127.10.0.10", "many")
    assert form.attributes("port")["aria-invalid"] == "true"
    assert "port-problem" in form.attributes("port")["aria-describedby"]
    assert (await site.ok("GET", "/settings/mbg"))["internal_address"] is None


async def test_search_and_bulk_switch_what_was_found(site: Site, person: Person) -> None:
    await site.authorize()
    await site.add_phone_system()
    page = await person.get(f"{PBX}?search=bob")
    assert "1 SIP extension found" in page.text
    question = await person.send(page, "bulk:on")
    assert "for 1 SIP extension found by “bob”" in question.text
    assert await site.ok("GET", "/provisioning/bulk") == {
        "items": [],
        "total": 0,
        "page": 1,
        "page_size": 100,
    }
    page = await person.send(question, "bulk:on")
    assert page.address == "/provisioning/bulk/1"
    await site.reaches("2102", "provisioned")
    assert (await site.extension("2101"))["provisioning"]["state"] == "off"

    async def over() -> bool:
        return bool((await site.ok("GET", "/provisioning/bulk/1"))["state"] == "done")

    await eventually(over, "the switch is done")
    page = await person.get("/provisioning/bulk/1")
    assert "1 of 1 extension" in page.text
    assert not page.offers("pause")


async def test_pages_of_a_list(site: Site, person: Person) -> None:
    for number in range(3000, 3120):
        site.gateway.add(str(number), f"Name {number}")
    await site.add_phone_system()
    page = await person.get(PBX)
    assert "Page 1 of 3" in page.text
    page = await person.get(page.links["Last »"])
    assert "Page 3 of 3" in page.text
    assert "3119" in page.links
    page = await person.get(f"{PBX}?page=99&search=name")
    assert "Page 3 of 3" in page.text
    assert "search=name" in page.links["‹ Previous"]
    assert (await person.get(f"{PBX}?page=x&search=%25")).status == 200


async def test_an_operation_is_retried_by_hand(site: Site, person: Person) -> None:
    await site.add_phone_system()
    await site.check_remote("2101")
    await site.waits("2101")
    page = await person.get("/provisioning")
    assert "waiting 1" in page.text
    page = await person.send(page, "retry:1")
    assert "The operation for extension 2101 is tried now." in page.text
    page = await person.send(page, "retry-all")
    assert "To be tried now: 1 operation." in page.text
    refused = await person.post(
        "/provisioning", {**person.filled(page, "retry-all"), "act": "retry:99"}
    )
    assert refused.status == 404


async def test_drift_is_shown_and_repaired(site: Site, person: Person) -> None:
    page = await person.get("/provisioning/drift")
    assert "There is no comparison yet" in page.text
    await site.authorize()
    await site.add_phone_system()
    await site.check_remote("2101")
    await site.reaches("2101", "provisioned")
    site.mbg.devices.clear()
    page = await person.send(await person.get("/provisioning/drift"), "compare")
    assert "missing" in page.text
    question = await person.send(page, "repair-all")
    assert "Have 1 difference repaired?" in question.text
    page = await person.send(question, "repair-all")
    assert "Operations stored: 1." in page.text

    async def back() -> bool:
        return len(site.mbg.devices) == 1

    await eventually(back, "the device is there again")


async def test_another_certificate_is_trusted_only_after_a_question(
    site: Site, person: Person, ca: trustme.CA
) -> None:
    await pin(site)
    await site.authorize()
    await certificate_becomes(site, context_of(ca))
    assert (await request(site))[0] == 502
    page = await person.get(MBG)
    assert "presents another certificate" in page.text
    presented = (await site.ok("GET", CERTIFICATE))["presented"]["sha256"]
    assert presented in page.text
    question = await person.send(page, "trust")
    assert f"fingerprint {presented}?" in question.text
    assert (await site.ok("GET", CERTIFICATE))["presented"] is not None
    page = await person.send(question, "trust")
    assert "is trusted" in page.text
    assert (await site.ok("GET", CERTIFICATE))["pinned"]["sha256"] == presented
    again = await person.send(question, "trust", sha256="AB:CD")
    assert again.status == 409
    assert "presented no other certificate" in again.text


async def test_a_ca_is_entered_and_a_text_that_is_none_is_refused(
    site: Site, person: Person
) -> None:
    pem = trustme.CA().cert_pem.bytes().decode()
    page = await person.send(await person.get(MBG), "save", ca_certificate="no PEM")
    assert page.status == 422
    assert "ca_certificate-problem" in page.by_id
    page = await person.send(page, "save", ca_certificate=pem.replace("\n", "\r\n"))
    assert page.status == 200
    assert (await site.ok("GET", "/settings/mbg"))["ca_certificate"] == pem.strip()


@pytest.mark.parametrize("role", sorted(EVERYBODY))
async def test_each_page_opens_for_each_role_or_is_refused(site: Site, role: str) -> None:
    await site.authorize()
    await site.add_phone_system()
    body = {"phone_system": 1, "use_remote_credentials": True, "all": True}
    await site.ok("POST", "/provisioning/bulk", body)
    await add_user(site, "somebody", role)
    async with Person(site.mcs.api_url) as person:
        await person.log_in("somebody", GOOD)
        found = {}
        for path, roles in TABLE.items():
            page = await person.get(path)
            found[path] = page.status
            assert page.status == (200 if role in roles else 403), path
            check(page)
        secrets = site.secrets()
        assert [p.address for p in person.seen for s in secrets if s in p.source] == []


def check(page: PageSeen) -> None:
    """What holds for any page: headers, nothing inline, every field labelled, no empty address."""
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert page.inline == []
    for form in page.forms:
        for one in form.fields:
            if one.kind == "hidden":
                continue
            field_id = one.attributes["id"]
            assert page.labels.get(field_id), f"{page.address}: {one.name} has no label"
            for described in one.attributes.get("aria-describedby", "").split():
                assert described in page.by_id
    assert "" not in page.links.values()


async def test_live_parts_come_and_end_with_the_log_in(site: Site, person: Person) -> None:
    await site.authorize()
    await site.add_phone_system()
    headers = {"Accept": "text/event-stream"}
    async with person.http.get(person.url + EXTENSION, headers=headers) as answer:
        assert answer.content_type == "text/event-stream"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        first = await part(answer.content)
        assert "○</span> off" in first
        await site.check_remote("2101")
        await site.reaches("2101", "provisioned")
        site.clock.advance(2)
        assert "provisioned" in await part(answer.content)
        sessions = (await site.ok("GET", "/sessions"))["items"]
        browser = next(one["id"] for one in sessions if one["kind"] == "browser")
        await site.ok("DELETE", f"/sessions/{browser}")
        site.clock.advance(2)
        assert await answer.content.readline() == b"event: over\n"


async def part(stream: object) -> str:
    """The next event that is a part."""
    assert hasattr(stream, "readline")
    assert await stream.readline() == b"event: part\n"
    data = await stream.readline()
    assert await stream.readline() == b"\n"
    return str(data, "unicode_escape")


async def test_an_mcs_with_open_streams_stops(site: Site, person: Person) -> None:
    headers = {"Accept": "text/event-stream"}
    async with person.http.get(person.url + "/", headers=headers) as answer:
        await answer.content.readline()
        await site.mcs.stop()
    await site.mcs.start()


async def test_a_page_that_is_not_live_sends_no_events(person: Person) -> None:
    page = await person.get("/account", Accept="text/event-stream")
    assert page.headers["Content-Type"].startswith("text/html")
