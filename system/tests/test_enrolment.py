"""Who gets a teleworker's credentials: tokens, windows, throttles, device certificates."""

import ssl
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from system.app import Mcs
from system.domain.addresses import Location
from system.domain.enrolment import (
    MAY_HAVE_CREDENTIALS,
    PRIVATE_NETWORKS,
    Binding,
    Evidence,
    Standing,
    is_in,
    networks,
    standing,
)
from system.domain.throttle import Rate, Throttle
from system.storage.models import Phone
from system.tests.conftest import Site
from system.tests.phone_client import MAC, OTHER_MAC, PhoneClient, agent_of, parameters

TOKEN = "T" * 22


@pytest.fixture
async def ready(site: Site) -> Site:
    """Extension 2101 is provisioned and assigned; the phone has not been seen."""
    await site.authorize()
    await site.add_phone_system()
    await site.ok("PUT", "/phone-systems/1/nodes/1", {"nat_ip_address": "203.0.113.10"})
    body = {"nat_ip_address_or_hostname": "mcs.example.test"}
    await site.ok("PUT", "/client-locations/remote", body)
    await site.check_remote("2101")
    await site.reaches("2101", "provisioned")
    await site.ok("PUT", f"/phones/{MAC}", {"extension": "2101"})
    return site


def teleworker(site: Site, mac: str = MAC) -> PhoneClient:
    return PhoneClient(site, site.mbg.address, mac)


async def test_window_binds_the_phone_and_shuts_behind_it(ready: Site) -> None:
    phone = teleworker(ready)
    assert (await ready.ok("GET", f"/phones/{MAC}"))["enrolment"] == "open"
    assert "sip line1 password" in await phone.starts()
    assert (await ready.ok("GET", f"/phones/{MAC}"))["enrolment"] == "open"
    assert await phone.polls() == ""
    assert (await ready.ok("GET", f"/phones/{MAC}"))["enrolment"] == "bound"
    assert "sip line1 password" in await phone.starts()
    guesser = teleworker(ready)
    assert "password" not in str(await guesser.starts())
    assert any("without its token" in line for line in await phone.history())


async def test_who_guesses_is_answered_as_any_unknown_phone(ready: Site) -> None:
    phone = teleworker(ready)
    await phone.starts()
    await phone.polls()
    unknown = await teleworker(ready, OTHER_MAC).ok(f"/{OTHER_MAC}.cfg")
    guessed = await teleworker(ready).ok(f"/{MAC}.cfg")

    def plain(text: str, mac: str) -> dict[str, str]:
        found = parameters(text.replace(mac, "MAC"))
        return {n: v.partition("&rev=")[0] for n, v in found.items()}

    assert plain(guessed, MAC) == plain(unknown, OTHER_MAC)
    for path in ("directory/system.csv", "directory/personal.csv"):
        assert (await teleworker(ready).get(f"/phones/{path}?mac={MAC}"))[0] == 403
    known = await ready.ok("GET", f"/phones/{MAC}")
    assert await phone.polls() == "", "the guess has changed what is known of the phone"
    assert known["registered"] is False


async def test_a_wrong_token_is_refused_and_the_phone_keeps_what_it_has(ready: Site) -> None:
    phone = teleworker(ready)
    await phone.starts()
    await phone.polls()
    assert (await phone.get(f"/{TOKEN}/{MAC}.cfg"))[0] == 403
    assert (await phone.get(f"/phones/poll?mac={MAC}&t={TOKEN}&rev=x"))[0] == 403
    other = teleworker(ready, OTHER_MAC)
    assert (await other.get(f"/{TOKEN}/{OTHER_MAC}.cfg"))[0] == 403


async def test_closed_window_hands_nothing_out(ready: Site) -> None:
    ready.clock.advance(7 * 86400 + 1)
    assert "password" not in str(await teleworker(ready).starts())
    await ready.log_in()  # the earlier log-in has ended meanwhile
    await ready.ok("PUT", f"/phones/{MAC}", {"enrolment": "open"})
    assert "sip line1 password" in await teleworker(ready).starts()


async def test_factory_reset_phone_needs_its_enrolment_opened(ready: Site) -> None:
    phone = teleworker(ready)
    await phone.starts()
    await phone.polls()
    reset = teleworker(ready)
    assert "sip line1 password" not in await reset.starts()
    await ready.ok("PUT", f"/phones/{MAC}", {"enrolment": "open"})
    assert "sip line1 password" in await reset.starts()
    assert reset.files["^https path"] != phone.files["^https path"]
    # The old token is worth nothing, once the new one was shown.
    await reset.polls()
    assert (await phone.get(phone.files["action uri poll"]))[0] == 403


async def test_assigned_after_its_first_contact_comes_by_a_restart(ready: Site) -> None:
    await ready.ok("PUT", f"/phones/{MAC}", {"extension": None, "enrolment": "closed"})
    phone = teleworker(ready)
    assert "^https path" not in await phone.starts()
    await ready.ok("PUT", f"/phones/{MAC}", {"extension": "2101"})
    assert "FastReboot" in await phone.polls()
    assert "sip line1 password" in await phone.starts()
    assert await phone.polls() == ""


async def test_local_phone_needs_no_token_and_takes_one_home(ready: Site) -> None:
    phone = PhoneClient(ready)
    ready.clock.advance(8 * 86400)
    assert (await phone.starts())["sip line1 user name"] == "2101"
    phone.source = ready.mbg.address
    assert (await phone.starts())["sip line1 registrar ip"] == "203.0.113.10"


async def test_phone_from_the_internet_with_snat_off_gets_no_credentials(ready: Site) -> None:
    office = networks(PRIVATE_NETWORKS)
    assert is_in("10.1.2.3", office)
    assert not is_in("198.51.100.7", office)
    assert not is_in("somewhere", office)
    evidence = Evidence(Location.LOCAL, is_in("198.51.100.7", office))
    assert standing(Binding(TOKEN, 1.0), evidence, 2.0) is Standing.STRANGER


async def test_guessing_macs_runs_dry_without_harm_to_bound_phones(ready: Site) -> None:
    phone = teleworker(ready)
    await phone.starts()
    await phone.polls()
    statuses = []
    for number in range(25):
        mac = f"1400E9AA{number:04X}"
        statuses.append((await teleworker(ready, mac).get(f"/{mac}.cfg"))[0])
    assert statuses[:20] == [200] * 20
    assert set(statuses[20:]) == {429}
    # Behind the same address: whoever has its token, and whoever is in the office, is served.
    assert await phone.polls() == ""
    assert "sip line1 password" in await phone.starts()
    assert "sip line1 password" in await PhoneClient(ready).starts()
    assert (await teleworker(ready).get(f"/{MAC}.cfg"))[0] == 429
    ready.clock.advance(5)
    assert (await teleworker(ready, "1400E9AA0030").get("/1400E9AA0030.cfg"))[0] == 200


async def test_guessing_one_mac_runs_dry(ready: Site) -> None:
    phone = teleworker(ready)
    await phone.starts()
    await phone.polls()
    statuses = [(await phone.get(f"/{TOKEN}/{MAC}.cfg"))[0] for _ in range(12)]
    assert statuses == [403] * 10 + [429] * 2
    assert "sip line1 password" in await phone.starts()


async def test_upgrade_opens_the_window_of_phones_that_were_assigned_before(ready: Site) -> None:
    await ready.ok("PUT", f"/phones/{MAC}", {"enrolment": "closed"})
    assert "password" not in str(await teleworker(ready).starts())
    await ready.restart()
    assert "password" not in str(await teleworker(ready).starts()), "closed is closed"
    database = ready.mcs._phone_services._database  # type: ignore[union-attr]
    async with database.write() as session:
        (await session.get_one(Phone, MAC)).token = None
    await ready.restart()
    assert "sip line1 password" in await teleworker(ready).starts()


async def test_hand_outs_are_in_the_audit_log_without_the_credential(ready: Site) -> None:
    file = await teleworker(ready).starts()
    page = await ready.ok("GET", "/audit?action=credentials handed out")
    (entry,) = page["items"]
    assert (entry["who"], entry["source"]) == (f"phone {MAC}", ready.mbg.address)
    assert entry["resource"] == "/extensions/2101"
    assert entry["after"] == {"to": MAC, "location": "teleworker"}
    assert file["sip line1 password"] not in str(page)
    assert file["^https path"] not in str(page)
    assert any("hand-out" in line for line in await teleworker(ready).history())


async def test_device_certificate_speaks_for_its_mac_alone(ready: Site, tmp_path: Path) -> None:
    device_ca = trustme.CA()
    device_ca.cert_pem.write_to_path(tmp_path / "devices.pem")
    await ready.mcs.stop()
    config = replace(ready.mcs.config, device_ca=tmp_path / "devices.pem")
    ready.mcs = Mcs(config, clock=ready.clock)
    await ready.mcs.start()

    def client(mac: str, name: str, ca: trustme.CA = device_ca) -> PhoneClient:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        ca.issue_cert(common_name=name).configure_cert(context)
        return PhoneClient(ready, ready.mbg.address, mac, context)

    ready.clock.advance(8 * 86400)
    assert "sip line1 password" in await client(MAC, "14-00-E9-12-34-56").starts()
    assert (await client(MAC, "14-00-E9-12-34-57").get(f"/{MAC}.cfg"))[0] == 403
    assert (await client(MAC, "some phone").get(f"/{MAC}.cfg"))[0] == 403
    assert "password" not in str(await teleworker(ready).starts())
    with pytest.raises(aiohttp.ClientError):
        await client(MAC, "14-00-E9-12-34-56", trustme.CA()).get(f"/{MAC}.cfg")


async def test_hints_of_others_change_nothing_but_the_registration(ready: Site) -> None:
    phone = teleworker(ready)
    await phone.starts()
    await phone.polls()
    assert (await phone.get(f"/phones/registered?mac={MAC}&user=x"))[0] == 200
    assert (await ready.ok("GET", f"/phones/{MAC}"))["registered"] is True
    status, _ = await phone.get(f"/phones/startup?mac={MAC}", agent=agent_of(MAC, "6940"))
    assert status == 403
    assert (await ready.ok("GET", f"/phones/{MAC}"))["model"] == "6930"


@settings(deadline=None)
@given(
    st.sampled_from(Location),
    st.booleans(),
    st.sampled_from(["", TOKEN, "x" * 22]),
    st.one_of(st.none(), st.floats(0, 100)),
    st.floats(0, 100),
)
def test_a_teleworker_gets_credentials_by_token_or_in_its_window_alone(
    location: Location, in_office: bool, token: str, until: float | None, now: float
) -> None:
    binding = Binding(TOKEN, None, until)
    found = standing(binding, Evidence(location, in_office, token), now)
    local = location is Location.LOCAL and in_office
    expected = token == TOKEN or local or (until is not None and now < until)
    assert (found in MAY_HAVE_CREDENTIALS) == expected


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 5), st.booleans()), max_size=60))
def test_a_bucket_never_gives_more_than_its_rate(steps: list[tuple[float, bool]]) -> None:
    throttle, now, taken = Throttle(Rate(5, 2)), 0.0, 0
    for seconds, wants in steps:
        now += seconds
        if wants and not throttle.is_empty("a", now):
            throttle.take("a", now)
            taken += 1
        assert taken <= 5 + 2 * now + 1e-6
        assert throttle.is_empty("a", now) == (throttle.wait_s("a", now) > 0)
    assert not throttle.is_empty("b", now)


def test_buckets_are_bounded_in_number() -> None:
    throttle = Throttle(Rate(1, 1), most_keys=3)
    for key in "abcd":
        throttle.take(key, 0)
    assert not throttle.is_empty("a", 0)
    assert throttle.is_empty("d", 0)
