"""Control of phones: which there are, how each is, its time line, its power, where it stands."""

from ipaddress import AddressValueError, IPv4Address
from typing import Any

from aiohttp import web
from pydantic import Field

from simulators.control.documents import NOTHING, done, iso
from simulators.errors import ConfigurationError
from simulators.http_api.refused import Refused, invalid
from simulators.http_api.routes import Answer, Document, Query, Route
from simulators.phone.calls.line_table import Activity
from simulators.phone.handset import Handset
from simulators.phone.handsets import Handsets

MOST_AT_A_TIME = 1000


class PhoneSummary(Document):
    """A phone in the list; `extensions` are its lines' screen names."""

    mac: str
    model: str
    address: str
    state: str
    registered: bool
    firmware: str
    extensions: list[str]


class PhonesShown(Document):
    """A page of phones, in the order in which they were made."""

    items: list[PhoneSummary]
    total: int


class WhichPhones(Query):
    """Which of them; what is left out doesn't matter."""

    state: str | None = Field(default=None, description="Such as `registered` or `off`.")
    skip: int = Field(default=0, ge=0, description="Pass over so many.")
    limit: int = Field(default=100, ge=1, le=MOST_AT_A_TIME)


class ScreenShown(Document):
    """What the screen shows; `selected` counts lines from 0, null where there is no choice."""

    title: str
    lines: list[str]
    selected: int | None
    softkeys: list[str]
    message: str


class KeyShown(Document):
    """A key as it is configured."""

    kind: str
    number: int
    type: str
    label: str


class LineShown(Document):
    """A line: its registration (null before the first outcome), its lamp, its call."""

    number: int
    extension: str
    registrar: str
    registration: str | None
    lamp: str
    activity: str
    far_end: str


class RefusalShown(Document):
    """The latest refusal of a registration."""

    status: int
    warning: str


class PhoneShown(PhoneSummary):
    """All of a phone that can be seen from outside. Passwords are not."""

    firmware_kind: str
    reboots: int
    screen: ScreenShown
    keys: list[KeyShown]
    lines: list[LineShown]
    last_refusal: RefusalShown | None


class HappeningShown(Document):
    """One entry: when, how long after the one before it, and what."""

    time: str
    after_ms: float
    what: str
    detail: str


class TimeLineShown(Document):
    """What happened to a phone; `passed_over` entries in the middle were not kept."""

    items: list[HappeningShown]
    passed_over: int


class Power(Document):
    """Whether it has power."""

    on: bool


class NetworkCable(Document):
    """Whether its network cable is plugged in."""

    plugged_in: bool


class Place(Document):
    """Where it sends from: an IPv4 address of this machine."""

    address: str = Field(min_length=7, max_length=15)


class _Phones:
    def __init__(self, phones: Handsets) -> None:
        self._phones = phones

    async def list_phones(self, request: web.Request, *, query: WhichPhones) -> PhonesShown:
        found = [
            phone
            for phone in self._phones.by_mac.values()
            if query.state in (None, phone.state.value)
        ]
        page = found[query.skip : query.skip + query.limit]
        return PhonesShown(items=[summary(phone) for phone in page], total=len(found))

    async def read_phone(self, request: web.Request) -> PhoneShown:
        return shown(named_phone(self._phones, request))

    async def read_time_line(self, request: web.Request) -> TimeLineShown:
        line = named_phone(self._phones, request).time_line
        entries = list(line)
        befores = [entries[0], *entries] if entries else []
        return TimeLineShown(
            items=[
                HappeningShown(
                    time=iso(entry.at),
                    after_ms=round((entry.at - before.at) * 1000, 3),
                    what=entry.what,
                    detail=entry.detail,
                )
                for before, entry in zip(befores, entries, strict=False)
            ],
            passed_over=line.passed_over,
        )

    async def switch_phone(self, request: web.Request, *, body: Power) -> PhoneSummary:
        phone = named_phone(self._phones, request)
        await (phone.power_on() if body.on else phone.power_off())
        return summary(phone)

    async def switch_all_phones(self, request: web.Request, *, body: Power) -> web.Response:
        await self._phones.power(on=body.on)
        return done()

    async def restart_phone(self, request: web.Request) -> PhoneSummary:
        phone = named_phone(self._phones, request)
        phone.restart()
        return summary(phone)

    async def plug_phone(self, request: web.Request, *, body: NetworkCable) -> PhoneSummary:
        phone = named_phone(self._phones, request)
        if body.plugged_in is not phone.cable_in:
            (phone.put_cable_back if body.plugged_in else phone.pull_cable)()
        return summary(phone)

    async def move_phone(self, request: web.Request, *, body: Place) -> PhoneSummary:
        phone = named_phone(self._phones, request)
        try:
            IPv4Address(body.address)
        except AddressValueError:
            raise invalid({"address": "must be an IPv4 address"}) from None
        phone.move_to(body.address)
        return summary(phone)


def named_phone(phones: Handsets, request: web.Request) -> Handset:
    """The phone that a call is about.

    Raises:
        Refused: 404, there is none with that MAC.
    """
    wanted = request.match_info["mac"]
    try:
        return phones.of(wanted)
    except ConfigurationError:
        raise Refused(404, "not_found", f"there is no phone {wanted}") from None


def summary(phone: Handset) -> PhoneSummary:
    """A phone in a few fields."""
    return PhoneSummary(**_summary(phone))


def shown(phone: Handset) -> PhoneShown:
    """A phone with all that can be seen."""
    screen, refusal = phone.screen, phone.last_refusal
    return PhoneShown(
        **_summary(phone),
        firmware_kind=phone.firmware_kind,
        reboots=phone.reboots,
        screen=ScreenShown(
            title=screen.title,
            lines=list(screen.lines),
            selected=screen.selected,
            softkeys=list(screen.softkeys),
            message=screen.message,
        ),
        keys=[
            KeyShown(kind=key.kind, number=key.number, type=key.type, label=key.label)
            for key in phone.keys
        ],
        lines=[_line(phone, number) for number in phone.accounts],
        last_refusal=None
        if refusal is None
        else RefusalShown(status=refusal.status, warning=refusal.warning),
    )


def _summary(phone: Handset) -> dict[str, Any]:
    return {
        "mac": phone.identity.mac,
        "model": phone.model.name,
        "address": phone.home_address,
        "state": phone.state.value,
        "registered": phone.registered,
        "firmware": phone.firmware_version,
        "extensions": [_screen_name(phone, number) for number in phone.accounts],
    }


def _line(phone: Handset, number: int) -> LineShown:
    account, state = phone.accounts[number], phone.line_states.get(number)
    call, lamp = phone.calls.get(number), phone.lamps.get(number)
    return LineShown(
        number=number,
        extension=_screen_name(phone, number),
        registrar=f"{account.registrar[0]}:{account.registrar[1]}",
        registration=None if state is None else state.value,
        lamp="off" if lamp is None else lamp.value,
        activity=(Activity.IDLE if call is None else call.activity).value,
        far_end="" if call is None else str(call.far_end),
    )


def _screen_name(phone: Handset, number: int) -> str:
    """What the screen calls a line; never its user name, which a teleworker's registers with."""
    return phone.configuration.get(f"sip line{number} screen name", "")


def phone_routes(phones: Handsets) -> list[Route]:
    """List, look, time line, power, restart, move."""
    calls = _Phones(phones)
    briefly = (Answer(200, "as it is now", PhoneSummary),)
    return [
        Route(
            "GET", "/phones", "List phones with their states", calls.list_phones,
            (Answer(200, "a page", PhonesShown),),
        ),
        Route(
            "PUT", "/power", "Cut the power of all phones, or let it return",
            calls.switch_all_phones, (NOTHING,),
        ),
        Route(
            "GET", "/phones/{mac}", "See a phone: screen, keys, lamps, lines", calls.read_phone,
            (Answer(200, "as it is now", PhoneShown),),
        ),
        Route(
            "GET", "/phones/{mac}/time-line", "See what happened to a phone, and when",
            calls.read_time_line, (Answer(200, "in order", TimeLineShown),),
        ),
        Route(
            "PUT", "/phones/{mac}/power", "Switch a phone on or off", calls.switch_phone, briefly
        ),
        Route(
            "PUT", "/phones/{mac}/cable", "Pull a phone's network cable, or put it back",
            calls.plug_phone, briefly,
        ),
        Route("POST", "/phones/{mac}/restart", "Restart a phone", calls.restart_phone, briefly),
        Route(
            "PUT", "/phones/{mac}/address", "Carry a phone, switched off, to another address",
            calls.move_phone, briefly,
        ),
    ]  # fmt: skip
