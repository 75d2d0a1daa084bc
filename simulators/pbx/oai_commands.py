"""What a client's commands do, and their answers, made as they go out. Pure.

Commands that public sources name: `_NA`, `_NO`, `_MS`, `_QX`, `_QI`. Ours: `_XN`, `_XC`, `_XH`,
`_XL`, and the short forms of `_MS` and `_QX` (docs/wire.md section 2).
"""

from collections.abc import Callable, Iterator
from itertools import chain

from simulators.pbx import oai_messages
from simulators.pbx.oai import Command
from simulators.pbx.oai_directory import Directory
from simulators.pbx.oai_hot_desk import list_hot_desks, move_hot_desk
from simulators.pbx.oai_messages import Fields, Outcome
from simulators.pbx.oai_monitors import Monitors, resync
from simulators.pbx.oai_queries import (
    Arguments,
    Refused,
    Results,
    check,
    list_credentials,
    list_nodes,
    query_device,
    query_list,
)
from simulators.pbx.release import FIRST_GATEWAY_WITH_CREDENTIALS, Release


class Commands:
    """The commands of one client and what they set: its monitors, whether it is node aware.

    Args:
        directory: the nodes, a live view.
        release: the gateway's release now.
    """

    def __init__(self, directory: Directory, release: Callable[[], Release]) -> None:
        self.monitors = Monitors()
        self.node_aware = False
        self._directory = directory
        self._release = release

    @property
    def has_ours(self) -> bool:
        """Whether there are `_XN`, `_XC`, `_XH`, `_XL` and their events (PRE-4)."""
        return self._release() >= FIRST_GATEWAY_WITH_CREDENTIALS

    def drop_monitors(self) -> None:
        """Forget what is monitored; the cross references are free again."""
        self.monitors = Monitors()

    def answer(self, command: Command) -> Iterator[Fields]:
        """The confirmations of a command and the events that belong to it, in order."""
        try:
            return self._answer(command)
        except Refused as refusal:
            return iter([oai_messages.confirmation(command, refusal.outcome)])

    def _answer(self, command: Command) -> Iterator[Fields]:
        arguments = command.arguments
        match command.name:
            case "_NA":
                return _done(command, self._set_node_aware(arguments))
            case "_NO":
                return _done(command, self._no_operation(arguments))
            case "_MS":
                return self._start_monitor(command)
            case "_QX":
                return _done(command, query_list(self._directory, arguments))
            case "_QI":
                return _done(command, query_device(self._directory, arguments))
            case "_XN" if self.has_ours:
                return _done(command, list_nodes(self._directory, arguments))
            case "_XC" if self.has_ours:
                return _done(command, list_credentials(self._directory, arguments))
            case "_XH" if self.has_ours:
                return _done(command, move_hot_desk(self._directory, arguments))
            case "_XL" if self.has_ours:
                return _done(command, list_hot_desks(self._directory, arguments))
            case _:
                raise Refused(Outcome.UNKNOWN_COMMAND)

    def _set_node_aware(self, arguments: Arguments) -> Results:
        check(arguments in (("0",), ("1",)))
        self.node_aware = arguments == ("1",)
        return iter([[]])

    def _no_operation(self, arguments: Arguments) -> Results:
        """Who is node aware gets the count of nodes, and number and state (1: reached) of each."""
        check(not arguments)
        if not self.node_aware:
            return iter([[]])
        states = [(str(number), str(int(each.is_up))) for number, each in self._directory.items()]
        return iter([[str(len(states)), *chain.from_iterable(states)]])

    def _start_monitor(self, command: Command) -> Iterator[Fields]:
        check(bool(command.arguments))
        affected, *rest = command.arguments
        if not rest:
            self.monitors.start_short(affected)
            return _done(command, iter([[]]))
        started = self.monitors.start(self._directory, affected, rest[0], rest[1:])
        confirmed = _done(command, iter([started.results]))
        return chain(confirmed, resync(self._directory, started))


def _done(command: Command, results: Results) -> Iterator[Fields]:
    return (oai_messages.confirmation(command, Outcome.DONE, result) for result in results)
