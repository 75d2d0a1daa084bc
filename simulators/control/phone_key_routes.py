"""Control of a phone's keys: press, type, choose a line; and the configuration server by hand."""

from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from simulators.control.documents import WHOLE
from simulators.control.phone_routes import PhoneShown, named_phone, shown
from simulators.http_api.refused import Refusal, Refused
from simulators.http_api.routes import Answer, Document, Route
from simulators.phone.handsets import Handsets
from simulators.phone.menu.menu import DEFAULT_PASSWORD

MOST_KEYS = 100
HOST = r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$"
NOT_OPENED = Refusal(409, "password_refused", "the administrator password did not open the menu")

Label = Annotated[str, Field(min_length=1, max_length=40)]


class Keys(Document):
    """Keys to press, in order: hard keys by name, softkeys by label, digits."""

    keys: list[Label] = Field(min_length=1, max_length=MOST_KEYS)


class Text(Document):
    """Characters to type into the field that is open."""

    text: str = Field(min_length=1, max_length=200)


class Choice(Document):
    """A line on the screen, as it reads there."""

    line: str = Field(min_length=1, max_length=100)


class KeyAt(Document):
    """A key by its place, from 1: as it is seen, or on a module as it is configured."""

    kind: Literal["topsoftkey", "softkey", "expmod1", "expmod2", "expmod3"]
    number: Annotated[int, Field(ge=1, le=999), WHOLE]


class Touched(Document):
    """A line on the screen, counted from 0."""

    line: Annotated[int, Field(ge=0, le=999), WHOLE]


class ServerByHand(Document):
    """What an installer enters under Configuration Server (PHN-2)."""

    host: str = Field(pattern=HOST, max_length=63)
    port: Annotated[int, Field(ge=1, le=65_535), WHOLE] = 8202
    path: str = Field(default="", max_length=60, pattern=r"^[A-Za-z0-9/._-]*$")
    password: str = Field(default=DEFAULT_PASSWORD, pattern=r"^[0-9]{1,20}$", max_length=20)


class _Keys:
    def __init__(self, phones: Handsets) -> None:
        self._phones = phones

    async def press_keys(self, request: web.Request, *, body: Keys) -> PhoneShown:
        phone = named_phone(self._phones, request)
        for key in body.keys:
            phone.press(key)
        return shown(phone)

    async def type_text(self, request: web.Request, *, body: Text) -> PhoneShown:
        phone = named_phone(self._phones, request)
        phone.type_text(body.text)
        return shown(phone)

    async def choose_line(self, request: web.Request, *, body: Choice) -> PhoneShown:
        phone = named_phone(self._phones, request)
        phone.select(body.line)
        return shown(phone)

    async def press_place(self, request: web.Request, *, body: KeyAt) -> PhoneShown:
        phone = named_phone(self._phones, request)
        phone.press_place(body.kind, body.number)
        return shown(phone)

    async def touch_line(self, request: web.Request, *, body: Touched) -> PhoneShown:
        phone = named_phone(self._phones, request)
        phone.touch(body.line)
        return shown(phone)

    async def configure_server(self, request: web.Request, *, body: ServerByHand) -> PhoneShown:
        phone = named_phone(self._phones, request)
        if not phone.configure_server(body.host, body.port, body.path, body.password):
            text = f"the password did not open the menu; the phone shows {phone.screen}"
            raise Refused(NOT_OPENED.status, NOT_OPENED.code, text)
        return shown(phone)


def phone_key_routes(phones: Handsets) -> list[Route]:
    """Keys by name and place, text, a line of the screen, the configuration server."""
    calls = _Keys(phones)
    seen = (Answer(200, "as it is now", PhoneShown),)
    return [
        Route("POST", "/phones/{mac}/keys", "Press keys", calls.press_keys, seen),
        Route("POST", "/phones/{mac}/text", "Type characters", calls.type_text, seen),
        Route(
            "POST", "/phones/{mac}/choice", "Choose a line on the screen", calls.choose_line, seen
        ),
        Route(
            "POST", "/phones/{mac}/places", "Press the key at a place", calls.press_place, seen
        ),
        Route(
            "POST", "/phones/{mac}/touch", "Touch a line of the screen, where there is touch",
            calls.touch_line, seen,
        ),
        Route(
            "PUT", "/phones/{mac}/configuration-server",
            "Enter the configuration server by hand, key by key; the phone restarts",
            calls.configure_server, seen, (NOT_OPENED,),
        ),
    ]  # fmt: skip
