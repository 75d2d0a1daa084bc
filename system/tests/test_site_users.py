"""The pages of users, roles, log-ins, licences and audit; and no secret on any page."""

from collections.abc import AsyncIterator

import pytest

from system.domain.roles import ALLOWED, Permission, Role
from system.tests.conftest import PASSWORD, Site
from system.tests.people_acts import GOOD, add_user
from system.tests.person import Person
from system.tests.site_browsing import HOSTILE, furnished

NEW = "another horse 22"


@pytest.fixture
async def person(site: Site) -> AsyncIterator[Person]:
    async with Person(site.mcs.api_url) as one:
        await one.log_in()
        yield one


async def test_a_user_is_added_changed_and_removed(site: Site, person: Person) -> None:
    page = await person.send(
        await person.get("/add-user"), "add", username="ada", password=GOOD, display_name="Ada"
    )
    assert page.address == "/users/ada"
    page = await person.send(page, "save", role="supervisor", language="de-CH")
    document = await site.ok("GET", "/users/ada")
    assert (document["role"], document["language"], document["display_name"]) == (
        "supervisor",
        "de-CH",
        "Ada",
    )
    page = await person.get("/users?search=AD")
    assert {"ada", "admin"} <= page.links.keys()
    assert "admin" not in (await person.get("/users?search=ada")).links
    page = await person.send(await person.get("/users/ada"), "remove")
    assert "Remove the user ada?" in page.text
    page = await person.send(page, "remove")
    assert (await site.call("GET", "/users/ada"))[0] == 404


async def test_a_password_is_set_twice_the_same_and_never_shown(site: Site, person: Person) -> None:
    await add_user(site, "ada", "user")
    page = await person.get("/users/ada")
    page = await person.send(page, "password", password=NEW, again="something else")
    assert page.status == 422 and "again-problem" in page.by_id
    page = await person.send(page, "password", password="short", again="short")
    assert "password-problem" in page.by_id
    page = await person.send(page, "password", password=NEW, again=NEW)
    assert "The password was changed" in page.text
    assert (await site.call("POST", "/login", {"username": "ada", "password": NEW}))[0] == 200
    assert not [seen.address for seen in person.seen if NEW in seen.source]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"username": "no good"}, "username"),
        ({"username": "admin"}, "username"),
        ({"username": "ada", "password": "short"}, "password"),
        ({"username": "ada", "language": "German"}, "language"),
        ({"username": "ada", "primary_extension": "9999"}, "primary_extension"),
    ],
)
async def test_what_is_wrong_with_a_user_stands_at_its_field(
    person: Person, typed: dict[str, str], field: str
) -> None:
    page = await person.get("/add-user")
    page = await person.send(page, "add", **({"password": GOOD, "display_name": "A"} | typed))
    assert f"{field}-problem" in page.by_id, page.text
    assert page.form("add").value("display_name") == "A"
    assert page.form("add").value("password") == ""


async def test_the_last_engineer_stays(site: Site, person: Person) -> None:
    page = await person.send(await person.get("/users/admin"), "save", role="user")
    assert page.status == 409
    assert (await site.ok("GET", "/users/admin"))["role"] == "engineer"


async def test_two_administrators_of_a_user(site: Site, person: Person) -> None:
    await add_user(site, "ada", "user")
    page = await person.get("/users/ada")
    await site.ok("PUT", "/users/ada", {"display_name": "Ada Byron"})
    page = await person.send(page, "save", language="fr")
    assert page.status == 412 and page.by_id["display_name-stored"] == "Stored now: Ada Byron"
    assert (await site.ok("GET", "/users/ada"))["language"] == "en"


async def test_the_table_of_roles_is_the_one_that_counts(person: Person) -> None:
    text = (await person.get("/roles")).text
    for permission in Permission:
        words = ["● yes" if permission in ALLOWED[role] else "○ no" for role in Role]
        assert f"{permission} {' '.join(words)}" in text


async def test_a_log_in_is_ended(site: Site, person: Person) -> None:
    await add_user(site, "ada", "user")
    async with Person(site.mcs.api_url) as ada:
        await ada.log_in("ada", GOOD)
        page = await person.get("/log-ins")
        (act,) = (
            act
            for form in page.forms
            for act, label in form.buttons.items()
            if "of ada from" in label
        )
        page = await person.send(page, act)
        assert (await ada.get("/account")).title != "Log in · MCS", "it is asked first"
        await person.send(page, act)
        assert (await ada.get("/account")).title == "Log in · MCS"
    assert (await person.get("/log-ins")).status == 200


async def test_who_reads_users_is_offered_no_change(site: Site, person: Person) -> None:
    await add_user(site, "sue", "supervisor")
    async with Person(site.mcs.api_url) as sue:
        await sue.log_in("sue", GOOD)
        page = await sue.get("/users/admin")
        assert page.status == 200
        assert not [act for act in ("save", "password", "remove") if page.offers(act)]
        assert (await sue.get("/add-user")).status == 403
        assert "Add a user" not in (await sue.get("/users")).links


async def test_the_audit_log_is_filtered(site: Site, person: Person) -> None:
    await add_user(site, "ada", "user")
    page = await person.get("/audit?action=created&resource=/users")
    assert "1 entry" in page.text and "/users/ada" in page.text
    assert "No entry fits." in (await person.get("/audit?who=nobody")).text
    assert "No entry fits." in (await person.get("/audit?until=2020-01-01")).text
    assert "No entry fits." not in (await person.get("/audit?since=2020-01-01+00:00")).text
    page = await person.get("/audit?since=yesterday")
    assert "since is a time" in page.by_id["since-problem"].lower()


async def test_how_long_the_audit_log_is_kept(site: Site, person: Person) -> None:
    page = await person.send(await person.get("/audit/retention"), "save", retention_days="30")
    assert "kept for 30 days" in page.text
    assert await site.ok("GET", "/settings/audit") == {"retention_days": 30}
    page = await person.send(page, "save", retention_days="0")
    assert "retention_days-problem" in page.by_id
    assert page.form("save").value("retention_days") == "0"


async def test_licences_say_what_nobody_tells(person: Person) -> None:
    text = (await person.get("/licences")).text
    assert "Cat-F licences on the PBX" in text and "unknown" in text


async def test_no_secret_and_no_markup_of_others_on_any_page(site: Site, person: Person) -> None:
    paths = await furnished(site)
    for path in paths:
        page = await person.get(path)
        assert page.status == 200, path
        assert page.inline == [], path
        assert HOSTILE not in page.source, path
        assert not [secret for secret in site.secrets() if secret in page.source], path
    assert PASSWORD in site.secrets()
    assert any(HOSTILE in seen.text for seen in person.seen)
