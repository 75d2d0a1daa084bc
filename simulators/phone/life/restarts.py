"""Restarts on purpose: at once, after un-registering, or at the end of a call."""

from simulators.phone.life import actions as do
from simulators.phone.life.service import Service
from simulators.phone.life.situation import Situation
from simulators.phone.life.states import Event, State
from simulators.phone.life.use import TRANSITIONS, Usage, UseEvent


class Restarts:
    """Who wants a restart, and what it waits for; belongs to one boot."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self.usage = Usage.FREE
        self.due_at: float | None = None
        self._asked: do.RebootAsked | None = None
        self._waiting: do.RebootAsked | None = None

    @property
    def reason(self) -> do.RebootAsked:
        """The restart that is under way."""
        return self._asked or do.RebootAsked("restart")

    def ask(self, asked: do.RebootAsked, service: Service | None, now: float) -> bool:
        """Take a wish for a restart; returns whether it can happen at once."""
        situation = self._situation
        if asked.when_idle and self.usage is not Usage.FREE:
            self._use(UseEvent.RESTART_CAN_WAIT)
            self._waiting = asked
            situation.note("restart waits for the end of the call", reason=asked.reason)
            return False
        registered = service.registered if service else ()
        limit_s = situation.settings.unregister_limit_s
        self._asked = asked
        if service and registered and limit_s > 0 and situation.state is not State.RESTARTING:
            situation.move(Event.UNREGISTER_FIRST)
            self.due_at = now + limit_s
            service.stop_polling()
            situation.want(do.Unregister(registered))
            return False
        return True

    def used(self, busy: bool) -> do.RebootAsked | None:
        """A call began or the last one ended; returns a restart that waited for that."""
        self._use(UseEvent.CALL_BEGAN if busy else UseEvent.CALLS_ENDED)
        if self.usage is Usage.FREE:
            waiting, self._waiting = self._waiting, None
            return waiting
        return None

    def _use(self, event: UseEvent) -> None:
        self.usage = TRANSITIONS[self.usage][event]
