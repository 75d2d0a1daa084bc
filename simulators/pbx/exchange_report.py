"""What the journal says of what happened at an exchange, pure: a name, and facts."""

from simulators.pbx.exchange_events import (
    CallAnswered,
    CallBegins,
    CallEnds,
    CallRefused,
    ExtensionRegistered,
    ExtensionUnregistered,
    HotDeskLoggedIn,
    HotDeskLoggedOut,
    NotifyAnswered,
    RegistrationRefused,
)

Facts = dict[str, object]


def report(event: object) -> tuple[str, Facts] | None:
    """Name and facts of an event; None for one that is not journaled."""
    match event:
        case ExtensionRegistered(extension, contact, expires_s, refreshed):
            name = "registration refreshed" if refreshed else "extension registered"
            return name, {"extension": extension, "contact": contact, "expires_s": expires_s}
        case ExtensionUnregistered(extension, ending):
            return "extension unregistered", {"extension": extension, "reason": ending.value}
        case RegistrationRefused(extension, reason, status):
            facts: Facts = {"extension": extension, "reason": reason, "status": status}
            return "registration refused", facts
        case NotifyAnswered(extension, package, None):
            return "notify not answered", {"extension": extension, "event": package}
        case NotifyAnswered(extension, package, answer):
            return "notify answered", {"extension": extension, "event": package, "status": answer}
        case HotDeskLoggedIn(hot_desk, base):
            return "hot desk log-in", {"extension": hot_desk, "base": base}
        case HotDeskLoggedOut(hot_desk, base, reason, _):
            return "hot desk log-out", {"extension": hot_desk, "base": base, "reason": reason}
    return _report_call(event)


def _report_call(event: object) -> tuple[str, Facts] | None:
    match event:
        case CallBegins(caller, called):
            return "call", {"caller": caller, "called": called}
        case CallAnswered(caller, called):
            return "call answered", {"caller": caller, "called": called}
        case CallEnds(caller, called, reason, status):
            facts: Facts = {"caller": caller, "called": called, "reason": reason}
            return "call ended", facts | {"status": status or ""}
        case CallRefused(caller, called, reason, refused):
            facts = {"caller": caller, "called": called, "reason": reason, "status": refused}
            return "call refused", facts
    return None
