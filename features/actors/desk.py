"""Where a person is asked: what to do on which page, and what is to be read there.

`Form` shows one question at a time on a small page of this machine, `Terminal` asks where the run
was started. A program may answer at the form's `/question.json` as well.
"""

import asyncio
import itertools
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import Protocol, TextIO

from aiohttp import web
from aiohttp.typedefs import Handler
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from features.actors.answers import McsRefused
from simulators.core import Address
from simulators.errors import ConfigurationError, NotOffered
from simulators.faces.guard import HEADERS, admit
from simulators.hosts import is_ipv4
from simulators.http_api.opening import open_http
from simulators.http_api.refused import Refused

DONE, REFUSED, IMPOSSIBLE = "done", "refused", "impossible"
STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1rem; }
dd { margin: 0; overflow-wrap: anywhere; } label { display: block; margin: .8rem 0; }
input { display: block; width: 100%; font: inherit; padding: .4rem; box-sizing: border-box; }
button { font: inherit; padding: .4rem 1rem; margin-right: .5rem; }
"""
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to be done or looked up by a person.

    Args:
        at: at whose site, `MCS` or `MBG`.
        page: the page, in the manual's words.
        task: what to do there, a sentence.
        enter: name -> value, to be typed there.
        read: names of what is to be read back; empty: nothing.
    """

    at: str
    page: str
    task: str
    enter: Mapping[str, str] = field(default_factory=dict)
    read: Sequence[str] = ()
    number: int = field(default_factory=lambda: next(_numbers))


@dataclass(frozen=True, slots=True)
class Answer:
    """`outcome`: `done`, `refused` (by the site, whose words are in `words`) or `impossible`."""

    outcome: str
    values: Mapping[str, str] = field(default_factory=dict)
    words: str = ""


class Desk(Protocol):
    """Asks somebody."""

    async def put(self, question: Question) -> Answer:
        """Ask, and wait for the answer."""

    async def stop(self) -> None:
        """Ask no more."""


async def asked(desk: Desk, question: Question, patience_s: float) -> Mapping[str, str]:
    """What was read back.

    Raises:
        McsRefused: the site refused it, in the words that the person typed.
        NotOffered: it can't be done there.
        ConfigurationError: nobody answered.
    """
    try:
        answer = await asyncio.wait_for(desk.put(question), patience_s)
    except TimeoutError:
        raise ConfigurationError(
            f"nobody answered within {patience_s:g} s: {question.at}, {question.page}: "
            f"{question.task}"
        ) from None
    if answer.outcome == REFUSED:
        raise McsRefused(0, {"code": "refused", "message": answer.words})
    if answer.outcome == IMPOSSIBLE:
        raise NotOffered(f"at the {question.at} this can't be done: {answer.words}")
    return answer.values


class Form:
    """A page that shows the question of the moment; loopback, no log-in, one person.

    What is to be entered may be a secret: whoever can open it on this machine can read it.

    Raises:
        ConfigurationError: the address is not a loopback one.
    """

    def __init__(self, address: Address) -> None:
        if not (is_ipv4(address[0]) and IPv4Address(address[0]).is_loopback):
            raise ConfigurationError(
                f"people are asked on loopback alone, not at {address[0]}: give person.address in "
                "127.0.0.0/8"
            )
        self.address = address
        self._question: Question | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._token = secrets.token_urlsafe(16)
        self._runner: web.AppRunner | None = None
        self._page = Environment(
            loader=FileSystemLoader(Path(__file__).parent),
            autoescape=True,
            undefined=StrictUndefined,
        ).get_template("desk.html.j2")

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{self.address[0]}:{self.address[1]}/"

    async def start(self) -> None:
        """Serve.

        Raises:
            ConfigurationError: the address is taken.
        """
        app = web.Application(middlewares=[_own_browser])
        app.router.add_get("/", self._show)
        app.router.add_post("/", self._take)
        app.router.add_get("/style.css", self._style)
        app.router.add_get("/question.json", self._show_json)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        try:
            await open_http(self._runner, *self.address)
        except OSError as error:
            await self.stop()
            raise ConfigurationError(
                f"can't ask anybody at {self.url} ({error.strerror}): give another person.port"
            ) from error
        self.address = (self.address[0], int(self._runner.addresses[0][1]))

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def put(self, question: Question) -> Answer:
        self._question = question
        self._answer = asyncio.get_running_loop().create_future()
        try:
            return await self._answer
        finally:
            self._question = self._answer = None

    async def _show(self, request: web.Request) -> web.Response:
        text = self._page.render(question=self._question, token=self._token)
        return web.Response(text=text, content_type="text/html", headers=HEADERS)

    async def _style(self, request: web.Request) -> web.Response:
        return web.Response(text=STYLE, content_type="text/css")

    async def _show_json(self, request: web.Request) -> web.Response:
        question = self._question
        if question is None:
            return web.json_response(None)
        return web.json_response(
            {
                "number": question.number, "at": question.at, "page": question.page,
                "task": question.task, "enter": dict(question.enter), "read": list(question.read),
                "token": self._token,
            }
        )  # fmt: skip

    async def _take(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        question, answer = self._question, self._answer
        # a page that stood open since an earlier question, or one of another site, answers nothing
        fits = question is not None and form.get("number") == str(question.number)
        if fits and form.get("token") == self._token and answer is not None and not answer.done():
            assert question is not None
            values = {name: form.get(name, "").strip() for name in question.read}
            answer.set_result(Answer(form.get("outcome", DONE), values, form.get("words", "")))
        raise web.HTTPSeeOther("/")


@web.middleware
async def _own_browser(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn away what a page of another site makes this machine's browser send."""
    try:
        admit(request)
    except Refused as refused:
        return web.Response(status=refused.status, text=str(refused))
    return await handler(request)


class Terminal:
    """Asks on the terminal that the run was started from, whatever pytest does with its output."""

    def __init__(self, told: TextIO | None = None, typed: TextIO | None = None) -> None:
        try:  # open until `stop`: somebody is asked again and again
            self._told = told or Path("/dev/tty").open("w", encoding="utf-8")  # noqa: SIM115
            self._typed = typed or Path("/dev/tty").open(encoding="utf-8")  # noqa: SIM115
        except OSError as error:
            raise ConfigurationError(
                f'there is no terminal to ask somebody at ({error.strerror}): person.asked = "form"'
            ) from error

    async def stop(self) -> None:
        for stream in (self._told, self._typed):
            if stream not in (sys.stdout, sys.stdin):
                stream.close()

    async def put(self, question: Question) -> Answer:
        lines = [f"\n{question.number}. At the {question.at}: {question.page}", question.task]
        lines += [f"   {name}: {value}" for name, value in question.enter.items()]
        said = await self._line("\n".join(lines) + "\nEnter when done, r refused, n impossible: ")
        if said in ("r", "n"):
            words = await self._line("In which words, or why: ")
            return Answer(REFUSED if said == "r" else IMPOSSIBLE, {}, words)
        return Answer(DONE, {name: await self._line(f"   {name}: ") for name in question.read})

    async def _line(self, prompt: str) -> str:
        self._told.write(prompt)
        self._told.flush()
        return (await asyncio.to_thread(self._typed.readline)).strip()
