"""The messages that servers put on the idle screen (domain reference 3.5, `Status`), pure."""

from dataclasses import dataclass

from simulators.phone.xml.objects import Status

SCROLL_S = 5.0
"""How long each of several messages is shown."""
MOST = 50


@dataclass(frozen=True, slots=True)
class _Alert:
    text: str
    until: float | None


class StatusLine:
    """All applications' messages; a message is known by its session and index."""

    def __init__(self) -> None:
        self._messages: dict[tuple[str, int], str] = {}
        self._alert: _Alert | None = None

    def take(self, status: Status, now: float) -> None:
        """Add, change and take away messages; an alert is over the others for its time."""
        for message in status.messages:
            key = status.session, message.index
            if message.type == "icon":
                continue  # there are no icons here
            if message.type == "alert":
                until = now + message.timeout_s if message.timeout_s else None
                self._alert = _Alert(message.text, until) if message.text else None
            elif not message.text:
                self._messages.pop(key, None)
            elif key in self._messages or len(self._messages) < MOST:
                self._messages[key] = message.text

    @property
    def messages(self) -> tuple[str, ...]:
        """Those that stay, the first that came first."""
        return tuple(self._messages.values())

    def shown(self, now: float) -> str:
        """What is to be read at this moment: an alert, else one message after the other."""
        alert = self._alert
        if alert is not None and (alert.until is None or now < alert.until):
            return alert.text
        messages = self.messages
        return messages[int(now / SCROLL_S) % len(messages)] if messages else ""

    def changes_at(self, now: float) -> float | None:
        """When something else is to be read than now, if nothing comes meanwhile."""
        alert = self._alert
        if alert is not None and (alert.until is None or now < alert.until):
            return alert.until
        return (now // SCROLL_S + 1) * SCROLL_S if len(self._messages) > 1 else None
