"""What the answer to a poll wants the phone to do (domain reference 3.5), pure."""

from simulators.phone.life import actions as do
from simulators.phone.life.download import FOUND
from simulators.phone.xml.xml_object import Execute, Unusable, read_object

ERASE = "command: clearlocal"
RESTARTS = {
    "command: fastreboot": do.RebootAsked("fast reboot by poll", fast=True),
    "command: reset": do.RebootAsked("reset by poll", when_idle=True),
    ERASE: do.RebootAsked("local configuration erased"),
}
"""Commands, in lower case, and the restart that each means."""


def wanted(result: do.Fetched | do.FetchFailed) -> tuple[str, ...] | do.Note:
    """The URIs to execute, in order; or what is to be noted of an answer that is none."""
    if isinstance(result, do.FetchFailed):
        return do.Note("poll failed", (("reason", result.reason),))
    usable = result.status == FOUND
    found = read_object(result.body) if usable else Unusable(f"HTTP status {result.status}")
    if isinstance(found, Unusable):
        return do.Note("poll answer not usable", (("reason", found.reason),))
    return found.uris if isinstance(found, Execute) else ()
