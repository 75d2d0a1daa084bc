"""What the answer to a poll wants the phone to do (domain reference 3.5), pure."""

from simulators.phone.life import actions as do
from simulators.phone.life.download import FOUND
from simulators.phone.xml.objects import Execute, Nothing, Unusable
from simulators.phone.xml.reading import read_object
from simulators.phone.xml.uris import CLEAR_LOCAL, FAST_REBOOT, RESET, Command, read_uri

ERASE = CLEAR_LOCAL
RESTARTS = {
    FAST_REBOOT: do.RebootAsked("fast reboot by XML", fast=True),
    RESET: do.RebootAsked("reset by XML", when_idle=True),
    CLEAR_LOCAL: do.RebootAsked("local configuration erased"),
}
"""Commands and the restart that each means."""


def wanted(result: do.Fetched | do.FetchFailed) -> tuple[str, ...] | do.Note | do.TakeObject:
    """Keys of `RESTARTS`, in order, where the answer asks for nothing else.

    Else the object, to be obeyed; or what is to be noted of an answer that is none.
    """
    if isinstance(result, do.FetchFailed):
        return do.Note("poll failed", (("reason", result.reason),))
    usable = result.status == FOUND
    found = read_object(result.body) if usable else Unusable(f"HTTP status {result.status}")
    if isinstance(found, Unusable):
        return do.Note("poll answer not usable", (("reason", found.reason),))
    if isinstance(found, Nothing):
        return ()
    if isinstance(found, Execute):
        wishes = [read_uri(uri) for uri in found.uris if uri]
        names = tuple(wish.name for wish in wishes if isinstance(wish, Command))
        if len(names) == len(wishes) and all(name in RESTARTS for name in names):
            return names
    return do.TakeObject("poll", result.body)
