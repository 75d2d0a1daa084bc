"""A form that is sent twice is done once: the second answer is the first one's."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from system.site.visit import Done

KEPT = 4096
KEPT_S = 60.0


class Once:
    """The acts of the last minute, by who sent what from which page view.

    Kept in this process: with several MCS a balancer keeps a browser with one of them, and where it
    does not, the API's own rules see to it that nothing is done twice (decision 51).
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._acts: OrderedDict[str, tuple[float, asyncio.Future[Done]]] = OrderedDict()

    async def do(self, key: str, act: Callable[[], Awaitable[Done]]) -> Done:
        """What ``act`` comes to; a second call with the same key waits for the first one.

        An act that raises is forgotten, for it may be tried again.
        """
        self._forget()
        known = self._acts.get(key)
        if known is not None:
            return await asyncio.shield(known[1])
        future: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self._acts[key] = (self._now(), future)
        try:
            done = await act()
        except BaseException as error:
            del self._acts[key]
            if isinstance(error, Exception):
                future.set_exception(error)
                future.exception()  # nobody may be waiting for it
            else:
                future.cancel()
            raise
        future.set_result(done)
        return done

    def _forget(self) -> None:
        oldest = self._now() - KEPT_S
        while self._acts and (
            len(self._acts) > KEPT or next(iter(self._acts.values()))[0] < oldest
        ):
            self._acts.popitem(last=False)


def key_of(cookie: str, path: str, pairs: list[tuple[str, str]]) -> str:
    """What tells one submission from another; nothing can be read back from it."""
    return hashlib.sha256(repr((cookie, path, pairs)).encode(errors="replace")).hexdigest()
