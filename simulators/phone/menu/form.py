"""The forms of the Advanced menu: fields, parameters and rules.

Configuration Server is documented (PHN-2, domain reference 3.4). Of the others the parameters are,
and their texts and order on the screen are chosen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from simulators.phone.local.dhcp import OVERRIDE


class FieldKind(Enum):
    """How a field is changed."""

    CHOICE = "choice"
    TEXT = "text"
    PORT = "port"
    SECRET = "secret"
    DIGITS = "secret digits"


HIDDEN = (FieldKind.SECRET, FieldKind.DIGITS)
NUMERIC = (FieldKind.PORT, FieldKind.DIGITS)


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
        if self.kind in HIDDEN:
            return "*" * len(value)
        for text, choice in self.choices:
            if choice.lower() == value.lower():
                return text
        return value

    def following(self, value: str) -> str:
        """The value of the next choice, round and round."""
        values = [choice.lower() for _, choice in self.choices]
        index = values.index(value.lower()) if value.lower() in values else -1
        return self.choices[(index + 1) % len(values)][1]


@dataclass(frozen=True, slots=True)
class Form:
    """One section of the menu with fields; `saved` says in the journal what was saved."""

    title: str
    fields: tuple[FormField, ...]
    saved: str


def _text(
    label: str, parameter: str, kind: FieldKind = FieldKind.TEXT, default: str = ""
) -> FormField:
    return FormField(label, parameter, default, kind)


def _choice(label: str, parameter: str, default: str, **choices: str) -> FormField:
    pairs = tuple((text.replace("_", " "), value) for text, value in choices.items())
    return FormField(label, parameter, default, FieldKind.CHOICE, pairs)


PROTOCOLS = {name: name for name in ("TFTP", "FTP", "HTTP", "HTTPS")}
TRUTH = {"true": "1", "false": "0"}

FIELDS = (
    _choice("Download Protocol", "download protocol", "TFTP", **PROTOCOLS),
    _text("HTTPS Server", "https server"),
    _text("HTTPS Path", "https path"),
    _text("HTTPS Port", "https port", FieldKind.PORT, "443"),
    _choice("Cert Validation", "https validate certificates", "1", **TRUTH),
)
CONFIGURATION_SERVER = Form("Configuration Server", FIELDS, "configuration server")
NETWORK = Form(
    "Network",
    (
        _choice("DHCP", "dhcp", "1", on="1", off="0"),
        _text("IP Address", "ip"),
        _text("Subnet Mask", "subnet mask"),
        _text("Gateway", "default gateway"),
        _text("Primary DNS", "dns1"),
        _choice(
            "DHCP Download Options", OVERRIDE, "0",
            Any="0", Option_43="43", Option_66="66", Option_159="159", Option_160="160",
            Disabled="-1",
        ),
    ),
    "network",
)  # fmt: skip
SIP_SETTINGS = Form(
    "SIP Settings",
    (
        _text("User Name", "sip user name"),
        _text("Auth Name", "sip auth name"),
        _text("Password", "sip password", FieldKind.SECRET),
        _text("Registrar Server", "sip registrar ip"),
        _text("Registrar Port", "sip registrar port", FieldKind.PORT, "5060"),
        _text("Proxy Server", "sip proxy ip"),
        _text("Proxy Port", "sip proxy port", FieldKind.PORT, "5060"),
        _choice("Transport", "sip transport protocol", "1", UDP="1", TCP="2", TLS="4", Both="0"),
    ),
    "SIP settings",
)
ADMIN_PASSWORD = Form(
    "Admin Password",
    tuple(
        _text(label, f"menu {label}", FieldKind.DIGITS)
        for label in ("Current Password", "New Password", "Re-enter Password")
    ),
    "administrator password",
)
FORMS = {form.title: form for form in (NETWORK, SIP_SETTINGS, CONFIGURATION_SERVER, ADMIN_PASSWORD)}


def present(configuration: Mapping[str, str], form: Form = CONFIGURATION_SERVER) -> list[str]:
    """The fields' values in a merged configuration, in their order."""
    return [configuration.get(field.parameter, field.default) for field in form.fields]


def changed(
    values: list[str], configuration: Mapping[str, str], form: Form = CONFIGURATION_SERVER
) -> dict[str, str]:
    """The parameters that differ from the configuration: only they become local values."""
    before = present(configuration, form)
    return {
        field.parameter: value
        for field, value, old in zip(form.fields, values, before, strict=True)
        if value != old
    }


def mistake(values: list[str], form: Form = CONFIGURATION_SERVER) -> str:
    """What is wrong with the values, in a few words for the screen; empty when nothing is."""
    for field, value in zip(form.fields, values, strict=True):
        if field.kind is FieldKind.PORT and not is_port(value):
            return f"{field.label} is not valid"
    return ""


def is_port(text: str) -> bool:
    """Whether `text` is a port from 1 to 65535."""
    return text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65_536
