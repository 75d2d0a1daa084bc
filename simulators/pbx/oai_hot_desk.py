"""`_XH` and `_XL` (ours): hot desk log-in and log-out for the MCS, and who is logged in where.

As docs/wire.md section 2 has it. Pure.
"""

from simulators.pbx import oai_lists
from simulators.pbx.extensions import DeviceType
from simulators.pbx.oai import Text
from simulators.pbx.oai_directory import Directory, Linked, find
from simulators.pbx.oai_messages import Outcome
from simulators.pbx.oai_queries import Arguments, Refused, Results, check

LOG_IN, LOG_OUT = "1", "0"


def move_hot_desk(directory: Directory, arguments: Arguments) -> Results:
    """`1,|hot desk|,|passcode|,|base|` or `0,|hot desk|`.

    Raises:
        Refused: arguments that don't fit; no such device; extension and passcode do not match.
    """
    verb, *texts = arguments or ("",)
    check(verb in (LOG_IN, LOG_OUT) and not isinstance(verb, Text))
    check(len(texts) == (3 if verb == LOG_IN else 1))
    check(all(isinstance(text, Text) for text in texts))
    hot_desk = texts[0]
    if verb == LOG_IN:
        _log_in(directory, hot_desk, texts[1], texts[2])
    else:
        linked = _reached(directory, hot_desk, DeviceType.SIP_HOT_DESK)
        if hot_desk in linked.node.hot_desk:
            linked.node.log_out(hot_desk)
    return iter([[]])


def list_hot_desks(directory: Directory, arguments: Arguments) -> Results:
    """`_XL`: each hot desk that is logged in at a node that is reached, and its base.

    Raises:
        Refused: there are arguments.
    """
    check(not arguments)
    return oai_lists.short_hot_desks(directory)


def _log_in(directory: Directory, hot_desk: str, passcode: str, base: str) -> None:
    """Log in at the hot desk's own node, where a base of another node is no extension."""
    found = find(directory, hot_desk)
    if found is None:  # a node that is away is not the user's mistake
        away = any(hot_desk in linked.node.extensions for linked in directory.values())
        raise Refused(Outcome.NO_SUCH_DEVICE if away else Outcome.NO_MATCH)
    linked, _ = found
    check(linked.node.has_passcode(hot_desk, passcode), Outcome.NO_MATCH)
    at = _reached(directory, base, DeviceType.SIP_PHONE) if base else linked
    linked.node.log_in(hot_desk, base if at is linked else "")


def _reached(directory: Directory, number: str, kind: DeviceType) -> Linked:
    """The node that has the extension.

    Raises:
        Refused: the gateway reaches no such extension.
    """
    found = find(directory, number)
    if found is None or found[1].device_type is not kind:
        raise Refused(Outcome.NO_SUCH_DEVICE)
    return found[0]
