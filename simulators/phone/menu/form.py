"""The Configuration Server form of the Advanced menu: fields, parameters and rules (PHN-2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class FieldKind(Enum):
    """How a field is changed."""

    CHOICE = "choice"
    TEXT = "text"
    PORT = "port"


@dataclass(frozen=True, slots=True)
class FormField:
    """One field: its label, the parameter that it writes, the default, and for a choice what it
    offers.

    `choices` pairs the text on the screen with the value in the configuration.
    """

    label: str
    parameter: str
    default: str
    kind: FieldKind
    choices: tuple[tuple[str, str], ...] = ()

    def shown(self, value: str) -> str:
        """A configuration value as the screen shows it."""
        for text, choice in self.choices:
            if choice.lower() == value.lower():
                return text
        return value

    def following(self, value: str) -> str:
        """The value of the next choice, round and round."""
        values = [choice.lower() for _, choice in self.choices]
        index = values.index(value.lower()) if value.lower() in values else -1
        return self.choices[(index + 1) % len(values)][1]


FIELDS = (
    FormField(
        "Download Protocol",
        "download protocol",
        "TFTP",
        FieldKind.CHOICE,
        tuple((name, name) for name in ("TFTP", "FTP", "HTTP", "HTTPS")),
    ),
    FormField("HTTPS Server", "https server", "", FieldKind.TEXT),
    FormField("HTTPS Path", "https path", "", FieldKind.TEXT),
    FormField("HTTPS Port", "https port", "443", FieldKind.PORT),
    FormField(
        "Cert Validation",
        "https validate certificates",
        "1",
        FieldKind.CHOICE,
        (("true", "1"), ("false", "0")),
    ),
)


def present(configuration: Mapping[str, str]) -> list[str]:
    """The fields' values in a merged configuration, in their order."""
    return [configuration.get(field.parameter, field.default) for field in FIELDS]


def changed(values: list[str], configuration: Mapping[str, str]) -> dict[str, str]:
    """The parameters that differ from the configuration: only they become local values."""
    before = present(configuration)
    return {
        field.parameter: value
        for field, value, old in zip(FIELDS, values, before, strict=True)
        if value != old
    }


def mistake(values: list[str]) -> str:
    """What is wrong with the values, in a few words for the screen; empty when nothing is."""
    for field, value in zip(FIELDS, values, strict=True):
        if field.kind is FieldKind.PORT and not is_port(value):
            return f"{field.label} is not valid"
    return ""


def is_port(text: str) -> bool:
    """Whether `text` is a port from 1 to 65535."""
    return text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65_536
