"""Somebody who is asked: the form, the terminal, what is asked of whom, and what comes of it."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from features.actors.answers import McsRefused, McsUnclear, read_answer
from features.actors.desk import Answer, Form, Question, Terminal, asked
from features.actors.mbg_person import MbgByPerson
from features.actors.mcs_person import PAGES, McsByPerson, document_of, page_for, question_for
from simulators.errors import ConfigurationError, NotOffered

PATIENCE_S = 20.0
QUESTION = Question("MBG", "Web services", "Press <Start>.", {"Name": "MCS"}, ["Verifier"])


@pytest.fixture
async def form() -> AsyncIterator[Form]:
    found = Form(("127.0.0.1", 0))
    await found.start()
    yield found
    await found.stop()


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def shown(browser: aiohttp.ClientSession, form: Form) -> Any:
    """What stands at the form, once something does."""
    while True:
        async with browser.get(f"{form.url}question.json") as answer:
            document = await answer.json()
        if document is not None:
            return document
        await asyncio.sleep(0)


async def test_a_form_shows_a_question_and_takes_its_answer(
    form: Form, browser: aiohttp.ClientSession
) -> None:
    async with browser.get(form.url) as page:
        assert "Nothing to do" in await page.text()
    asking = asyncio.create_task(asked(form, QUESTION, PATIENCE_S))
    question = await shown(browser, form)
    async with browser.get(form.url) as page:
        text = await page.text()
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "Press &lt;Start&gt;." in text and "<Start>" not in text
    assert 'name="Verifier"' in text
    told = {"number": question["number"], "token": question["token"], "outcome": "done"}
    async with browser.post(form.url, data=told | {"Verifier": " 123456 "}) as page:
        assert page.status == 200
    assert await asking == {"Verifier": "123456"}


@pytest.mark.parametrize("wrong", [{"token": "guessed"}, {"number": "0"}])
async def test_a_page_of_another_site_or_an_old_one_answers_nothing(
    form: Form, browser: aiohttp.ClientSession, wrong: dict[str, str]
) -> None:
    asking = asyncio.create_task(asked(form, QUESTION, PATIENCE_S))
    question = await shown(browser, form)
    told = {"number": str(question["number"]), "token": question["token"], "Verifier": "1"}
    async with browser.post(form.url, data=told | wrong):
        pass
    assert not asking.done()
    async with browser.post(form.url, data=told):
        pass
    assert await asking == {"Verifier": "1"}


async def test_a_host_name_is_refused(form: Form, browser: aiohttp.ClientSession) -> None:
    # DNS rebinding: what is shown may be a secret
    headers = {"Host": "evil.example.test"}
    async with browser.get(f"{form.url}question.json", headers=headers) as page:
        assert page.status == 403


def test_nobody_is_asked_over_the_network() -> None:
    for address in ("0.0.0.0", "192.0.2.7", "localhost"):
        with pytest.raises(ConfigurationError, match="on loopback alone"):
            Form((address, 0))


async def test_who_is_never_answered_says_what_was_asked(form: Form) -> None:
    with pytest.raises(ConfigurationError, match=r"within 0\.01 s: MBG, Web services"):
        await asked(form, QUESTION, 0.01)


class Told:
    """A desk that answers at once; `questions` were put."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.questions: list[Question] = []

    async def put(self, question: Question) -> Answer:
        self.questions.append(question)
        return self.answers.pop(0)

    async def stop(self) -> None:
        """Nothing to stop."""


async def test_a_refusal_is_the_products_and_what_can_not_be_done_is_nobodys() -> None:
    with pytest.raises(McsRefused, match="The verifier is wrong"):
        await asked(Told(Answer("refused", {}, "The verifier is wrong")), QUESTION, 1)
    with pytest.raises(NotOffered, match="no such page"):
        await asked(Told(Answer("impossible", {}, "no such page")), QUESTION, 1)


async def test_a_terminal_asks_line_by_line() -> None:
    told, typed = io.StringIO(), io.StringIO("\n654321\n")
    answer = await Terminal(told, typed).put(QUESTION)
    assert answer.values == {"Verifier": "654321"}
    assert "At the MBG: Web services" in told.getvalue() and "Name: MCS" in told.getvalue()
    answer = await Terminal(io.StringIO(), io.StringIO("r\nIt is taken\n")).put(QUESTION)
    assert (answer.outcome, answer.words) == ("refused", "It is taken")


def test_a_call_becomes_a_page_of_the_manual() -> None:
    question = question_for("PUT", "/phone-systems/1/nodes/1",
                            {"nat_ip_address": "127.20.0.10", "nat_sip_port": 5070})  # fmt: skip
    assert question.page == "Configuration -> Site Settings -> Phone Systems -> [PBX name]"
    assert question.enter == {
        "Node": "1", "NAT IP Address": "127.20.0.10", "NAT SIP Port": "5070",
    }  # fmt: skip
    question = question_for("PUT", "/phone-systems/1/extensions/2101",
                            {"use_remote_credentials": False})  # fmt: skip
    assert question.enter["Use remote authorization credentials"] == "no"


@pytest.mark.parametrize("call", ["GET /audit", "PUT /users/x", "DELETE /phones/1"])
def test_what_is_a_matter_of_our_api_is_not_asked_of_a_person(call: str) -> None:
    method, path = call.split(" ")
    with pytest.raises(NotOffered, match="matter of our API"):
        page_for(method, path, {})


def test_what_was_read_becomes_the_answer_of_the_call() -> None:
    page, _ = page_for("GET", "/phones/1400E9123456", {})
    document = document_of(page, {"Location": "teleworker", "Registered": "Yes", "Extension": ""})
    assert (document["location"], document["registered"], document["extension"]) == (
        "teleworker", True, None,
    )  # fmt: skip
    page, _ = page_for("GET", "/settings/mbg", {})
    token = document_of(page, {"State of the token": "valid"})["token"]
    assert (token["state"], token["expires_at"]) == ("valid", None)
    assert len({(page.call, page.needs) for page in PAGES}) == len(PAGES)


async def test_until_asks_again_till_it_is_so() -> None:
    desk = Told(*(Answer("done", {"Provisioning": s}) for s in ("waiting", "provisioned")))
    async with McsByPerson(desk, PATIENCE_S) as mcs:
        form = await mcs.until(
            "/phone-systems/1/extensions/2101",
            lambda found: found["provisioning"]["state"] == "provisioned",
            "2101 to be provisioned",
        )
    assert form["provisioning"]["state"] == "provisioned"
    assert "Wait for 2101 to be provisioned." in desk.questions[0].task


async def test_a_person_at_the_mbg() -> None:
    read: tuple[dict[str, str], ...] = (
        {},
        {"Shared secret": "s"},
        {"Verifier": "123456"},
        {"ICP address": ""},
    )
    desk = Told(*(Answer("done", values) for values in read))
    mbg = MbgByPerson(desk, PATIENCE_S)
    await mbg.forwards(8202, ("127.10.0.5", 8202))
    assert await mbg.adds_consumer("MCS", "id", None, active=True) == "s"
    assert desk.questions[1].enter["MBG/v1/devices"] == "read/write"
    assert await mbg.approves() == "123456"
    assert await mbg.device("7") is None
    with pytest.raises(NotOffered, match="SNAT"):
        await mbg.forwards(8202, ("127.10.0.5", 8202), snat=False)


def test_an_answer_that_is_none_is_the_servers_failure() -> None:
    with pytest.raises(McsRefused, match="404"):
        read_answer("GET /x", 404, b"<html>")
    with pytest.raises(McsUnclear, match="expected JSON"):
        read_answer("GET /x", 200, b"")
    with pytest.raises(McsUnclear, match="no 'state'"):
        read_answer("GET /x", 200, b'{"token": {}}')["token"]["state"]
    with pytest.raises(McsUnclear, match="too short"):
        read_answer("GET /x", 200, b'{"items": []}')["items"][0]
    with pytest.raises(McsRefused) as refused:
        read_answer("GET /x", 422, b'{"code": "invalid", "field": "port"}')
    assert (refused.value.code, refused.value.field) == ("invalid", "port")
