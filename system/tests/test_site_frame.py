"""The site's frame: log-in, headers, tokens, conflicts, double submits, ways back."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from system.site.inner import Refused
from system.site.once import KEPT_S, Once
from system.site.own_paths import own_path
from system.site.visit import Done
from system.tests.conftest import PASSWORD, Site
from system.tests.helpers import HandClock
from system.tests.people_acts import GOOD, add_user
from system.tests.person import Person

REMOTE = "/site-settings/client-locations/remote"
FIELD = "nat_ip_address_or_hostname"


async def remote(site: Site) -> dict[str, object]:
    """What is stored; no warning is about it."""
    found = await site.ok("GET", "/client-locations/remote")
    assert found.pop("warnings") == []
    return dict(found)


@pytest.fixture
async def person(site: Site) -> AsyncIterator[Person]:
    async with Person(site.mcs.api_url) as one:
        yield one


async def test_a_wrong_password_shows_why_and_keeps_the_name_but_not_the_password(
    person: Person,
) -> None:
    page = await person.log_in(password="not the password")
    assert page.status == 401
    assert page.title.startswith("Error: Log in")
    assert "User name or password is wrong." in page.text
    assert page.form("log-in").value("username") == "admin"
    assert "not the password" not in page.source


async def test_whoever_is_not_logged_in_is_led_to_the_log_in_and_back(person: Person) -> None:
    page = await person.get(f"{REMOTE}?from=here")
    assert page.title == "Log in · MCS"
    page = await person.send(page, "log-in", username="admin", password=PASSWORD)
    assert (page.status, page.address) == (200, f"{REMOTE}?from=here")


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/%0d%0aX: y", "javascript:1"],
)
async def test_a_log_in_leads_nowhere_else(person: Person, wanted: str) -> None:
    async with person.http.get(person.url + "/log-in", params={"next": wanted}) as answer:
        page = await person._seen(answer)
    values = person.filled(page, "log-in", username="admin", password=PASSWORD)
    async with person.http.post(
        person.url + page.form("log-in").action, data=values, allow_redirects=False
    ) as answer:
        assert answer.status == 303
        assert answer.headers["Location"] in ("/", "/%0d%0aX: y")


async def test_saving_says_so_and_a_reload_sends_nothing_again(site: Site, person: Person) -> None:
    await person.log_in()
    page = await person.get(REMOTE)
    page = await person.send(page, "save", **{FIELD: " 127.20.0.10 "})
    assert (page.status, page.address) == (200, REMOTE)
    assert "The remote client location was saved." in page.text
    assert page.form("save").value(FIELD) == "127.20.0.10"
    again = await person.get(REMOTE)
    assert "was saved" not in again.text
    assert await remote(site) == {FIELD: "127.20.0.10"}


async def test_what_was_typed_stays_and_the_reason_stands_at_its_field(
    site: Site, person: Person
) -> None:
    await person.log_in()
    page = await person.send(await person.get(REMOTE), "save", **{FIELD: 'not a "host'})
    assert page.status == 422
    assert page.title.startswith("Error: ")
    attributes = page.form("save").attributes(FIELD)
    assert attributes["value"] == 'not a "host'
    assert attributes["aria-invalid"] == "true"
    reasons = [page.by_id[name] for name in attributes["aria-describedby"].split()]
    assert any("It has to be an IP address or a host name." in reason for reason in reasons)
    assert await remote(site) == {FIELD: None}


async def test_a_form_without_its_token_is_refused(site: Site, person: Person) -> None:
    await person.log_in()
    page = await person.get(REMOTE)
    values = person.filled(page, "save", **{FIELD: "127.20.0.10"})
    for wrong in ("", "0" * 64, None):
        given = {**values, "csrf": wrong or ""}
        if wrong is None:
            del given["csrf"]
        refused = await person.post(REMOTE, given)
        assert refused.status == 403
        assert "does not belong to your session" in refused.text
    elsewhere = [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
    elsewhere.append({"Origin": person.url, "Sec-Fetch-Site": "same-site"})
    for header in elsewhere:
        assert (await person.post(REMOTE, values, **header)).status == 403
    assert await remote(site) == {FIELD: None}
    # What Chromium sends from a page whose referrer policy is no-referrer.
    ours = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    assert (await person.post(REMOTE, values, **ours)).status == 200
    assert await remote(site) == {FIELD: "127.20.0.10"}


async def test_two_administrators_do_not_overwrite_each_other_unseen(
    site: Site, person: Person
) -> None:
    async with Person(site.mcs.api_url) as other:
        await person.log_in()
        await other.log_in()
        mine, theirs = await person.get(REMOTE), await other.get(REMOTE)
        assert (await other.send(theirs, "save", **{FIELD: "theirs.example"})).status == 200
        page = await person.send(mine, "save", **{FIELD: "mine.example"})
        assert page.status == 412
        assert "Somebody else has changed this" in page.text
        assert page.form("save").value(FIELD) == "mine.example"
        assert "Stored now: theirs.example" in page.text
        assert await remote(site) == {FIELD: "theirs.example"}
        # Having seen it, the person may put theirs in its place.
        page = await person.send(page, "save", **{FIELD: "mine.example"})
        assert page.status == 200
        assert await remote(site) == {FIELD: "mine.example"}


async def test_a_form_that_is_sent_twice_is_done_once(site: Site, person: Person) -> None:
    await person.log_in()
    page = await person.get(REMOTE)
    values = person.filled(page, "save", **{FIELD: "mine.example"})
    first, second = await person.post(REMOTE, values), await person.post(REMOTE, values)
    assert (first.status, second.status) == (200, 200)
    audit = await site.ok("GET", "/audit?resource=/client-locations/remote")
    assert audit["total"] == 1


async def test_a_log_in_that_has_ended_leads_back_and_says_that_nothing_was_saved(
    site: Site, person: Person
) -> None:
    await person.log_in()
    page = await person.get(REMOTE)
    values = person.filled(page, "save", **{FIELD: "mine.example"})
    await site.ok("DELETE", f"/sessions/{await browser_log_in(site)}")
    page = await person.post(REMOTE, values)
    assert page.title == "Log in · MCS"
    assert "nothing was saved" in page.text
    page = await person.send(page, "log-in", username="admin", password=PASSWORD)
    assert page.address == REMOTE
    assert await remote(site) == {FIELD: None}


async def browser_log_in(site: Site) -> str:
    found = (await site.ok("GET", "/sessions"))["items"]
    return str(next(one["id"] for one in found if one["kind"] == "browser"))


async def test_log_out_ends_the_session(site: Site, person: Person) -> None:
    page = await person.log_in()
    page = await person.send(page, "log-out")
    assert "You are logged out." in page.text
    assert (await person.get(REMOTE)).title == "Log in · MCS"
    kinds = [one["kind"] for one in (await site.ok("GET", "/sessions"))["items"]]
    assert kinds == ["bearer"]


async def test_lock_out_says_how_long_to_wait(person: Person) -> None:
    statuses = []
    for _ in range(12):
        page = await person.log_in(password="wrong")
        statuses.append(page.status)
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert "Too many log-ins have failed. Try again in" in page.text
    assert int(page.headers["Retry-After"]) > 0


async def test_the_own_password_is_changed_with_the_present_one(site: Site, person: Person) -> None:
    await add_user(site, "ada", "user")
    await person.log_in("ada", GOOD)
    page = await person.get("/account")
    typed = {"current_password": GOOD, "new_password": "Another-1816", "again": "Another-1817"}
    page = await person.send(page, "change-password", **typed)
    assert page.status == 422
    assert "differ" in page.by_id["again-problem"]
    assert "Another" not in page.source
    assert GOOD not in page.source
    typed["again"] = "Another-1816"
    page = await person.send(page, "change-password", **{**typed, "current_password": "no"})
    assert "wrong" in page.by_id["current_password-problem"]
    page = await person.send(page, "change-password", **typed)
    assert "Your password was changed." in page.text
    async with Person(site.mcs.api_url) as later:
        assert (await later.log_in("ada", GOOD)).status == 401
        assert (await later.log_in("ada", "Another-1816")).status == 200


async def test_what_a_role_may_not_do_is_not_offered_and_refused(
    site: Site, person: Person
) -> None:
    await add_user(site, "reader", "read-only")
    await person.log_in("reader", GOOD)
    page = await person.get(REMOTE)
    assert page.status == 200
    assert "readonly" in page.source
    assert "Save" not in page.form("save").buttons.values()
    values = person.filled(page, "save", **{FIELD: "mine.example"})
    refused = await person.post(REMOTE, values)
    assert refused.status == 403
    assert "The role read-only may not do this" in refused.text
    await add_user(site, "ada", "user")
    async with Person(site.mcs.api_url) as user:
        start = await user.log_in("ada", GOOD)
        assert "Remote" not in start.links
        assert (await user.get(REMOTE)).status == 403
    assert await remote(site) == {FIELD: None}


async def test_every_answer_is_covered(site: Site, person: Person) -> None:
    await person.get("/log-in")
    await person.get("/nothing/here")
    await person.log_in()
    await person.get("/nothing/here")
    await person.get("/")
    await person.post("/", {"act": "x"})
    assert [page.status for page in person.seen] == [200, 404, 200, 200, 404, 200, 405]
    for page in person.seen:
        csp = page.headers["Content-Security-Policy"]
        assert csp.startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in csp
        assert "unsafe" not in csp
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        assert page.inline == []


async def test_packaged_files_are_kept_by_version(person: Person) -> None:
    page = await person.get("/log-in")
    address = page.source.partition('rel="stylesheet" href="')[2].partition('"')[0]
    async with person.http.get(person.url + address) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/css"
        assert "immutable" in answer.headers["Cache-Control"]
    version = address.split("/")[2]
    for wrong in (address.replace(version, "0" * 12), f"/static/{version}/../site.py"):
        assert (await person.get(wrong)).status == 404


async def test_the_api_answers_as_before(site: Site, person: Person) -> None:
    page = await person.get("/api/v1/nothing")
    assert (page.status, page.headers["Content-Type"].partition(";")[0]) == (
        401,
        "application/json",
    )
    await person.log_in()
    async with person.http.put(
        f"{person.url}/api/v1/client-locations/remote", json={FIELD: "x.example"}
    ) as answer:
        assert answer.status == 403  # no CSRF token: the site's cookie alone changes nothing
    assert await remote(site) == {FIELD: None}


async def test_the_same_form_sent_twice_at_once_adds_one(site: Site, person: Person) -> None:
    await person.log_in()
    page = await person.get("/site-settings/phone-systems/new")
    values = person.filled(page, "add", name="Head office", ct_gateway_address="127.0.0.1")
    action = page.form("add").action
    both = await asyncio.gather(person.post(action, values), person.post(action, values))
    assert [(one.status, one.address) for one in both] == [
        (200, "/site-settings/phone-systems/1")
    ] * 2
    assert (await site.ok("GET", "/phone-systems"))["total"] == 1
    # Another page view is another wish, and its refusal keeps what was typed.
    page = await person.get("/site-settings/phone-systems/new")
    page = await person.send(page, "add", name="Head office", ct_gateway_address="127.0.0.1")
    assert page.status == 409
    assert page.by_id["name-problem"] == "▲ Another phone system has this name."
    assert page.form("add").value("ct_gateway_address") == "127.0.0.1"


async def test_what_failed_may_be_sent_again_and_what_is_old_is_forgotten() -> None:
    clock = HandClock()
    once, tries = Once(clock.now), 0

    async def act() -> Done:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise Refused(409, "no", "Not now.")
        return Done(f"/{tries}")

    with pytest.raises(Refused):
        await once.do("key", act)
    assert (await once.do("key", act)).location == "/2"
    assert (await once.do("key", act)).location == "/2"
    assert (await once.do("other", act)).location == "/3"
    clock.advance(KEPT_S + 1)
    assert (await once.do("key", act)).location == "/4"


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/phones?page=2", "/phones?page=2"),
        ("/", "/"),
        ("", "/"),
        ("phones", "/"),
        ("//evil.example/x", "/"),
        ("///evil.example/x", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/phones\r\nSet-Cookie: a=b", "/"),
        ("https://evil.example", "/"),
        ("/log-in?next=/log-in", "/"),
        ("/api/v1/session", "/"),
        ("/" + "x" * 3000, "/"),
    ],
)
def test_own_paths(wanted: str, leads_to: str) -> None:
    assert own_path(wanted) == leads_to
