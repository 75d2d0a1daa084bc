"""The MBG's site: log-in, sessions, forms that are ours, headers, error pages."""

import re
from collections.abc import AsyncIterator

import pytest

from simulators.core import Entropy
from simulators.entropy import Seed
from simulators.journal.entries import HttpEntry
from simulators.mbg.mbg import Mbg
from simulators.mbg.site.sessions import (
    LONGEST_WAIT_S,
    MOST_GUESSERS,
    MOST_SESSIONS,
    TIMEOUT_S,
    Guesses,
    Sessions,
)
from simulators.mbg.site.view import NAVIGATION
from simulators.mbg.tests.site_visitor import PASSWORD, ROOT, Visitor, made_mbg

PAGES = [path for _, _, pages in NAVIGATION for _, path in pages]
FORMS = ["/web-services/consumers/new", "/port-forwarding/new", "/icps/new", "/sip-devices/new"]


@pytest.fixture
def entropy() -> Entropy:
    return Seed(1).stream("site").randbytes


@pytest.fixture
async def opened() -> AsyncIterator[tuple[Mbg, Visitor]]:
    """A started MBG, and somebody at its site who is not logged in."""
    with made_mbg() as (mbg, _, trust):
        await mbg.start()
        visitor = Visitor(mbg, trust)
        yield mbg, visitor
        await visitor.close()
        await mbg.stop()


async def test_no_page_without_log_in(opened: tuple[Mbg, Visitor]) -> None:
    mbg, visitor = opened
    for path in ["", "/", *PAGES, *FORMS, "/no-such-page"]:
        page = await visitor.go(ROOT + path)
        assert page.url.startswith(f"{visitor.base}{ROOT}/log-in"), path
        assert page.buttons() == {"Log in"}
    await visitor.go("/web-services/start", "POST", data={"csrf": ""})
    assert not mbg.web_services.running


async def test_log_in_leads_to_the_page_that_was_asked_for(opened: tuple[Mbg, Visitor]) -> None:
    _, visitor = opened
    page = await visitor.go("/sip-devices?q=ada&page=1")
    page = await visitor.submit(page, page.form("Log in"), password=PASSWORD)
    assert page.url == f"{visitor.base}{ROOT}/sip-devices?q=ada&page=1"


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example/", "/mslrest/", "\r\n"]
)
async def test_log_in_leads_to_no_other_place(opened: tuple[Mbg, Visitor], wanted: str) -> None:
    _, visitor = opened
    page = await visitor.press("/log-in", "Log in", password=PASSWORD, next=wanted)
    assert page.url == f"{visitor.base}{ROOT}/system"


async def test_a_wrong_password_is_told_and_slows_down_by_the_clock(
    opened: tuple[Mbg, Visitor],
) -> None:
    mbg, visitor = opened
    for user, password in (("admin", "wrong"), ("root", PASSWORD), ("admin", "wröng\udc80")):
        page = await visitor.log_in(password.encode("utf-8", "replace").decode(), user)
        assert (page.status, "wrong" in page.text) == (403, True)
    page = await visitor.log_in()
    assert (page.status, page.headers["Retry-After"]) == (429, "1")
    assert "try again in 1 s" in page.text
    await mbg.clock.advance(2)
    page = await visitor.log_in()
    assert page.status == 200
    assert page.url.endswith("/system")


async def test_a_session_lasts_two_hours_after_its_latest_page(
    opened: tuple[Mbg, Visitor],
) -> None:
    mbg, visitor = opened
    await visitor.log_in()
    for _ in range(2):
        await mbg.clock.advance(TIMEOUT_S - 60)
        assert (await visitor.go("/icps")).url.endswith("/icps")
    await mbg.clock.advance(TIMEOUT_S + 1)
    page = await visitor.go("/icps")
    assert "Your session has ended" in page.text
    page = await visitor.submit(page, page.form("Log in"), password=PASSWORD)
    assert page.url.endswith("/icps")


async def test_log_out_ends_the_session_and_not_the_cookie_alone(
    opened: tuple[Mbg, Visitor],
) -> None:
    _, visitor = opened
    await visitor.log_in()
    kept = {cookie.key: cookie.value for cookie in visitor.session.cookie_jar}
    page = await visitor.go("/system")
    await visitor.submit(page, page.form("Log out"))
    again = await visitor.submit(page, page.form("Log out"))
    again = await visitor.submit(again, again.form("Log in"), password=PASSWORD)
    assert again.url.endswith("/system")
    await visitor.submit(again, again.form("Log out"))
    visitor.session.cookie_jar.update_cookies(kept)
    assert (await visitor.go("/system")).buttons() == {"Log in"}


async def test_cookies_are_for_this_site_and_no_script(opened: tuple[Mbg, Visitor]) -> None:
    _, visitor = opened
    await visitor.log_in()
    cookies = list(visitor.session.cookie_jar)
    assert [cookie.key for cookie in cookies] == ["__Secure-mbg-session"]
    for cookie in cookies:
        assert cookie["secure"] and cookie["httponly"]
        assert (cookie["samesite"], cookie["path"]) == ("Strict", ROOT)


async def test_a_new_password_ends_every_other_session(opened: tuple[Mbg, Visitor]) -> None:
    mbg, visitor = opened
    other = Visitor(mbg, visitor.trust)
    await visitor.log_in()
    await other.log_in()
    typed = {"new_password": "another-1", "confirm": "another-1"}
    page = await visitor.press("/system/password", "Save", old_password="no", **typed)
    assert (page.status, "Present password is wrong" in page.text) == (422, True)
    assert (await other.go("/icps")).url.endswith("/icps")
    page = await visitor.press(
        "/system/password", "Save", old_password=PASSWORD, new_password="short", confirm="short"
    )
    assert "must be of at least 8 characters" in page.text
    page = await visitor.press("/system/password", "Save", old_password=PASSWORD, **typed)
    assert "The password was changed" in page.text
    assert (await visitor.go("/icps")).url.endswith("/icps")
    assert (await other.go("/icps")).buttons() == {"Log in"}
    assert (await other.log_in()).status == 403
    assert (await other.log_in("another-1")).status == 200
    await other.close()


async def test_every_form_must_carry_the_token_of_its_session(
    opened: tuple[Mbg, Visitor],
) -> None:
    mbg, visitor = opened
    await visitor.log_in()
    for path in [*PAGES, *FORMS, "/system/password"]:
        for form in (await visitor.go(path)).forms:
            if form.method == "POST":
                assert form.values["csrf"], form.action
    for csrf in ("", "x", "ö"):
        answer = await visitor.go("/web-services/start", "POST", data={"csrf": csrf})
        assert (answer.status, "This form is not of your log-in" in answer.text) == (403, True)
    answer = await visitor.go("/log-in", "POST", data={"user": "admin", "password": PASSWORD})
    assert answer.status == 403
    assert not mbg.web_services.running


async def test_a_form_acts_once_though_it_is_submitted_twice(
    opened: tuple[Mbg, Visitor],
) -> None:
    mbg, visitor = opened
    await visitor.log_in()
    page = await visitor.go("/icps/new")
    typed = {"name": "Head Office", "address": "127.10.0.21"}
    first = await visitor.submit(page, page.form("Save"), **typed)
    second = await visitor.submit(page, page.form("Save"), **typed)
    assert [icp.name for icp in mbg.store.icps.values()] == ["Head Office"]
    assert (first.status, first.url) == (second.status, second.url)


async def test_headers_on_everything(opened: tuple[Mbg, Visitor]) -> None:
    _, visitor = opened
    answers = [await visitor.go(path) for path in ("/log-in", "/static/site.css", "/static/no.css")]
    await visitor.log_in()
    answers += [await visitor.go(path) for path in [*PAGES, *FORMS, "/no-such-page"]]
    answers.append(await visitor.go("/icps", "DELETE"))
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy and "script-src" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        for tag, attributes in answer.tags:
            assert tag not in ("script", "style"), answer.url
            assert "style" not in attributes, answer.url
            assert not [name for name in attributes if name.startswith("on")], answer.url


async def test_bad_paths_methods_and_bodies_give_a_page_of_the_site(
    opened: tuple[Mbg, Visitor],
) -> None:
    _, visitor = opened
    await visitor.log_in()
    csrf = (await visitor.go("/icps/new")).form("Save").values["csrf"]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    cases = [
        (404, await visitor.go("/no-such-page")),
        (404, await visitor.go("/sip-devices/99")),
        (404, await visitor.go("/signature-debugger/x")),
        (404, await visitor.go("/web-services/consumers/edit?id=nobody")),
        (404, await visitor.go("/port-forwarding/remove?protocol=TCP&port=1")),
        (405, await visitor.go("/icps", "DELETE")),
        (405, await visitor.go("/web-services/start")),
        (415, await visitor.go("/icps/new", "POST", json={"csrf": csrf})),
        (413, await visitor.go("/icps/new", "POST", data=b"x" * 70_000, headers=form)),
        (400, await visitor.go("/icps/new", "POST", data=b"a=1&" * 200, headers=form)),
        (422, await visitor.go("/icps/new", "POST", data={"csrf": csrf, "name": "\0"})),
    ]
    for status, page in cases:
        assert page.status == status, page.text
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "Log out" in page.buttons()
    assert "Nothing was saved" not in cases[0][1].text


async def test_a_page_that_fails_says_so_and_is_journaled(
    opened: tuple[Mbg, Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    mbg, visitor = opened
    await visitor.log_in()
    monkeypatch.setattr(mbg, "licences", None)
    page = await visitor.go("/licences")
    assert (page.status, "Traceback" in page.source) == (500, False)
    assert any("page failed" in entry.summary for entry in mbg.journal.entries)


async def test_the_site_is_there_while_web_services_are_stopped(
    opened: tuple[Mbg, Visitor],
) -> None:
    mbg, visitor = opened
    assert not mbg.web_services.running
    page = await visitor.go("/", absolute=True)
    assert page.url.startswith(f"{visitor.base}{ROOT}/log-in")
    for path in ("/mslrest/initiate", "/server-managers"):
        answer = await visitor.go(visitor.base + path, "POST")
        assert answer.headers["Content-Type"].startswith("application/json"), path
    assert answer.status == 503


async def test_the_journal_holds_request_lines_and_no_secret(
    opened: tuple[Mbg, Visitor],
) -> None:
    mbg, visitor = opened
    await visitor.log_in()
    await visitor.press("/web-services", "Start web services")
    said = [e for e in mbg.journal.entries if isinstance(e, HttpEntry)]
    assert ["POST" in e.summary and "log-in" in e.summary for e in said].count(True)
    everything = " ".join(e.summary + e.detail for e in said)
    secrets = [cookie.value for cookie in visitor.session.cookie_jar]
    assert not [s for s in (*secrets, PASSWORD) if s in everything]


async def test_a_password_is_made_when_none_is_set() -> None:
    with made_mbg(site_password="") as (one, _, _), made_mbg(site_password="") as (other, _, _):
        made = one.settings.site_password
        assert re.fullmatch(r"[A-Za-z0-9+/]{22}==", made)
        assert made == other.settings.site_password  # of the same seed
        assert made not in repr(one.settings)
        one.change_site_password("another-1")
        one.forget()
        assert one.settings.site_password == made


def test_there_are_never_too_many_sessions(entropy: Entropy) -> None:
    sessions = Sessions(entropy)
    first = sessions.open("p", 0)
    cookies = [sessions.open("p", 0) for _ in range(MOST_SESSIONS)]
    assert (len(sessions), len(set(cookies))) == (MOST_SESSIONS, MOST_SESSIONS)
    assert sessions.find(first, "p", 0) is None
    assert sessions.find(cookies[-1], "p", 0) is not None


def test_guessing_is_slowed_down_for_the_guesser_alone() -> None:
    guesses = Guesses()
    waits = []
    for _ in range(20):
        guesses.wrong("a", 100)
        waits.append(guesses.wait_s("a", 100))
    assert waits[:6] == [0, 0, 1, 2, 4, 8]
    assert waits[-1] == LONGEST_WAIT_S
    assert (guesses.wait_s("b", 100), guesses.wait_s("a", 100 + LONGEST_WAIT_S)) == (0, 0)
    guesses.right("a")
    assert guesses.wait_s("a", 100) == 0
    for number in range(MOST_GUESSERS + 10):
        guesses.wrong(str(number), 100)
    assert len(guesses._guessers) == MOST_GUESSERS
