"""XML objects for a phone's display and its commands (69xx XML API, domain reference 3.5). Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

FAST_REBOOT = "Command: FastReboot"
RESET = "Command: Reset"
"""A whole start with a look at the firmware; only when the phone is idle."""


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One line of a menu, and what is fetched when it is chosen."""

    prompt: str
    uri: str


@dataclass(frozen=True, slots=True)
class InputField:
    """One field of an input screen."""

    parameter: str
    prompt: str
    password: bool = False


def execute(*uris: str) -> str:
    """Commands, in order."""
    items = "".join(f"<ExecuteItem URI={quoteattr(uri)}/>" for uri in uris)
    return f"<AastraIPPhoneExecute>{items}</AastraIPPhoneExecute>"


NEEDS_REBOOT = execute(FAST_REBOOT)
"""Answer to a poll when the phone's configuration needs a restart."""


def text_screen(title: str, text: str) -> str:
    """A text with its title."""
    return (
        f"<AastraIPPhoneTextScreen><Title>{escape(title)}</Title><Text>{escape(text)}</Text>"
        "</AastraIPPhoneTextScreen>"
    )


def text_menu(title: str, items: Sequence[MenuItem], more: str | None) -> str:
    """A menu; ``more`` is the URI of the next page."""
    lines = "".join(
        f"<MenuItem><Prompt>{escape(item.prompt)}</Prompt><URI>{escape(item.uri)}</URI></MenuItem>"
        for item in items
    )
    keys = "" if more is None else _softkey(2, "More", more)
    return (
        f"<AastraIPPhoneTextMenu><Title>{escape(title)}</Title>{lines}"
        f"{_softkey(1, 'Select', 'SoftKey:Select')}{keys}{_softkey(4, 'Exit', 'SoftKey:Exit')}"
        "</AastraIPPhoneTextMenu>"
    )


def input_screen(title: str, url: str, fields: Sequence[InputField]) -> str:
    """Fields to fill in; they are added to ``url`` as parameters."""
    asked = "".join(
        f'<InputField type="string" password="{"yes" if field.password else "no"}">'
        f"<Prompt>{escape(field.prompt)}</Prompt><Parameter>{escape(field.parameter)}</Parameter>"
        "</InputField>"
        for field in fields
    )
    return (
        f'<AastraIPPhoneInputScreen type="string" displayMode="condensed">'
        f"<Title>{escape(title)}</Title><URL>{escape(url)}</URL>{asked}</AastraIPPhoneInputScreen>"
    )


def configuration(items: Iterable[tuple[str, str]]) -> str:
    """Parameters that count at once; an empty value takes one back."""
    lines = "".join(
        f"<ConfigurationItem><Parameter>{escape(name)}</Parameter><Value>{escape(value)}</Value>"
        "</ConfigurationItem>"
        for name, value in items
    )
    return f"<AastraIPPhoneConfiguration>{lines}</AastraIPPhoneConfiguration>"


def _softkey(index: int, label: str, uri: str) -> str:
    return (
        f'<SoftKey index="{index}"><Label>{escape(label)}</Label><URI>{escape(uri)}</URI></SoftKey>'
    )
