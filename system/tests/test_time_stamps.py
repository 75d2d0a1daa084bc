"""A clock that can leap holds still while a time stamp is on its way to the MBG (TOK-6)."""

import contextlib
from collections.abc import Iterator
from typing import Any, cast

import aiohttp
import pytest

from system.errors import MbgUnreachable
from system.mbg.client import MbgClient
from system.mbg.oauth import Credentials, Signer
from system.tests.helpers import HandClock, seeded_entropy


class LeapingClock(HandClock):
    """Notes at each look whether it was held."""

    held = False

    def __init__(self) -> None:
        super().__init__()
        self.looks: list[bool] = []

    def now(self) -> float:
        self.looks.append(self.held)
        return super().now()

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        self.held = True
        try:
            yield
        finally:
            self.held = False


class Wire:
    """Stands for the session: notes whether the clock is held when a request leaves."""

    def __init__(self, clock: LeapingClock) -> None:
        self._clock = clock
        self.left_while_held: list[bool] = []

    @contextlib.asynccontextmanager
    async def request(self, *_: object, **__: object) -> Any:
        self.left_while_held.append(self._clock.held)
        raise aiohttp.ServerDisconnectedError
        yield


async def test_no_leap_between_the_time_stamp_and_its_answer() -> None:
    clock = LeapingClock()
    wire = Wire(clock)
    signer = Signer(clock, seeded_entropy(1))
    http = cast("aiohttp.ClientSession", wire)
    client = MbgClient(http, signer, "127.0.0.1", 443, Credentials("id", "secret"), clock=clock)
    with pytest.raises(MbgUnreachable):
        await client.system()
    assert wire.left_while_held == [True]
    assert clock.looks == [True]
    assert not clock.held
