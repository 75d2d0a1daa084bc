"""What reaches a phone in service: line outcomes, calls, polls, parameters given by XML.

The part of a `Life` that needs a `Service`; boot, files and firmware are in `life`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace

from simulators.errors import LocalProtocolError
from simulators.phone.files.lines import Lines, addresses_only, lines
from simulators.phone.files.server import validates
from simulators.phone.life import actions as do
from simulators.phone.life.action_uris import too_long
from simulators.phone.life.commands import ERASE, RESTARTS, wanted
from simulators.phone.life.service import Service
from simulators.phone.life.states import IN_SERVICE, WITH_LINES, Event, State
from simulators.phone.life.stored import Stored


class InService(Stored, ABC):
    """Takes the results that concern a phone whose boot has ended."""

    resolve: Callable[[str], str | None] = staticmethod(addresses_only)
    """Finds the IPv4 address of a registrar's or proxy's name."""

    def url(self, uri: str, line: int = 0) -> str:
        """A URI with its variables filled in, for the line in use; as it is before service."""
        return self._service.url(uri, line) if self._service else uri

    @abstractmethod
    def _ask_restart(self, asked: do.RebootAsked, now: float) -> None:
        """Restart, at once or when idle."""

    @abstractmethod
    def _reboot(self) -> None:
        """Restart now."""

    @abstractmethod
    def _user_agent(self) -> str:
        """How the phone names itself in SIP."""

    def _begin_service(self) -> Service:
        """The configuration that counts, as a service that has not begun yet."""
        found = self._found_lines()
        configuration = self.configuration
        for name in too_long(configuration):
            self._note("action URI too long", uri=name, length=len(configuration[name]))
        return Service(configuration, self.contact, found, self._do)

    def _found_lines(self) -> Lines:
        found = lines(self.configuration, self.contact, self._user_agent(), self.resolve)
        for problem in found.problems:
            self._note("configuration problem", file="merged", line=0, text=problem)
        return found

    def _line_changed(self, result: do.LineResult, now: float) -> None:
        if self._service is None or self.state not in WITH_LINES:
            raise LocalProtocolError(f"a phone that is {self.state.value} has no line to change")
        self._move(self._service.line_changed(result, now))
        if self.state is State.RESTARTING and not self._service.registered:
            self._reboot()

    def _poll_answered(self, result: do.Fetched | do.FetchFailed, now: float) -> None:
        """Restarts are obeyed here; any other object goes out to be obeyed."""
        self._move(Event.BACKGROUND)
        if self._service is not None:
            self._service.polled()
        found = wanted(result)
        if not isinstance(found, tuple):
            self._do(found)
            return
        for uri in found:
            if self.state in IN_SERVICE:  # a restart in the list ends it
                self._obey(uri, now)

    def _obey(self, uri: str, now: float) -> None:
        if uri == ERASE:
            self.set_local({}, erase=True)
        self._ask_restart(RESTARTS[uri], now)

    def _from_outside(
        self,
        result: do.ParametersGiven | do.LineUsed | do.XmlNotified | do.SoundPlayed,
        now: float,
    ) -> None:
        """A phone that isn't in service, or is about to restart, lets it pass."""
        if self._service is None or self.state not in IN_SERVICE:
            return
        match result:
            case do.ParametersGiven(values):
                self._given(self._service, values, now)
            case do.LineUsed(before, after):
                self._service.line_used(before, after)
            case do.XmlNotified():
                self._service.call("action uri xml sip notify")
            case do.SoundPlayed(name, begins):
                self._service.sound(name, begins=begins)

    def _given(self, service: Service, values: Mapping[str, Mapping[str, str]], now: float) -> None:
        """Parameters that a Configuration object sets; a locked one stays as it is."""
        locked = self.layers.locked
        for refused in sorted(name for layer in values.values() for name in layer):
            if refused in locked:
                self._note("parameter is locked", parameter=refused)
        layers = {
            kind: {name: value for name, value in layer.items() if name not in locked}
            for kind, layer in values.items()
        }
        given = {**self.layers.given, **layers.get("remote", {})}
        override = {**self.layers.override, **layers.get("override", {})}
        once = layers.get("oneBoot", {})
        self.layers = replace(
            self.layers, given=given, override=override,
            once={**self.layers.once, **once}, coming={**self.layers.coming, **once},
        )  # fmt: skip
        self.set_local(layers.get("local", {}))
        self._note("configuration given", parameters=sum(len(layer) for layer in layers.values()))
        had_lines = bool(service.lines)
        found = self._found_lines()
        changed = service.reconfigure(self.configuration, found, now)
        if changed:
            self._do(do.ChangeLines(found, validates(self.configuration)))
        if service.lines:
            self._move(service.together() if had_lines else Event.LINES)
        else:
            self._move(Event.NO_LINES if had_lines else Event.BACKGROUND)
        if once:
            self._ask_restart(do.RebootAsked("oneBoot parameters", when_idle=True), now)
