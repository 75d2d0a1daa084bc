"""A phone's own configuration file (``docs/wire.md`` section 3). Pure: values in, text out.

``name: value`` a line. The poll URI carries the revision of the file, a digest of everything else
in it, so that a phone learns by one short request whether it has the newest.
"""

import hashlib
from dataclasses import dataclass, field

from system.domain.addresses import Location

REVISION_LENGTH = 16
REGISTRATION_PERIOD_S = 3600
UDP = 1
"""``sip transport protocol``."""


@dataclass(frozen=True, slots=True)
class SipLine:
    """The account of line 1: set-side credentials for a teleworker, the PBX's for a local phone."""

    screen_name: str
    display_name: str
    user_name: str
    auth_name: str
    password: str = field(repr=False)
    registrar: str
    port: int


@dataclass(frozen=True, slots=True)
class PhoneSettings:
    """All that one phone's file is made of."""

    mac: str
    location: Location
    uri_base: str | None
    """``https://host:port`` that the phone reaches the MCS at; ``None`` while it is not known."""
    setup_uri: str
    poll_interval_s: int
    line: SipLine | None
    has_extension: bool
    remarks: tuple[str, ...] = ()
    """Comments in the file for whoever looks for the reason of something missing."""


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """The file and its revision; the file holds a password, so it is not in the repr."""

    body: str = field(repr=False)
    revision: str


def render(settings: PhoneSettings) -> RenderedFile:
    """Make the file."""
    before_revision = _lines(settings, revision="")
    digest = hashlib.sha256("\n".join(before_revision).encode()).hexdigest()
    revision = digest[:REVISION_LENGTH]
    return RenderedFile("\n".join(_lines(settings, revision)) + "\n", revision)


def _lines(settings: PhoneSettings, revision: str) -> list[str]:
    lines = [f"# Configuration of phone {settings.mac}, {settings.location}"]
    lines += [f"# {one_line(remark)}" for remark in settings.remarks]
    for name, value in _parameters(settings, revision):
        lines.append(f"{name}: {one_line(str(value))}")
    return lines


def _parameters(settings: PhoneSettings, revision: str) -> list[tuple[str, str | int]]:
    parameters: list[tuple[str, str | int]] = []
    for number in (1, 2):
        parameters += [
            (f"topsoftkey{number} type", "line"),
            (f"topsoftkey{number} label", f"Line {number}"),
            (f"topsoftkey{number} line", number),
        ]
    # A teleworker never gets the Setup key, also not while it has no extension (PHN-6).
    if settings.location is Location.LOCAL and not settings.has_extension:
        parameters += [
            ("softkey1 type", "xml"),
            ("softkey1 label", "Setup"),
            ("softkey1 value", settings.setup_uri),
        ]
    if settings.line is not None:
        parameters += _line_parameters(settings.line)
    if settings.uri_base is not None:
        parameters += _action_uris(settings, settings.uri_base, revision)
    return parameters


def _line_parameters(line: SipLine) -> list[tuple[str, str | int]]:
    return [
        ("sip line1 screen name", line.screen_name),
        ("sip line1 display name", line.display_name),
        ("sip line1 user name", line.user_name),
        ("sip line1 auth name", line.auth_name),
        ("sip line1 password", line.password),
        ("sip line1 registrar ip", line.registrar),
        ("sip line1 registrar port", line.port),
        ("sip line1 proxy ip", line.registrar),
        ("sip line1 proxy port", line.port),
        ("sip transport protocol", UDP),
        ("sip registration period", REGISTRATION_PERIOD_S),
    ]


def _action_uris(settings: PhoneSettings, base: str, revision: str) -> list[tuple[str, str | int]]:
    # Every URI of a phone is built on the address that it reaches the MCS at (ADR-6).
    mac = settings.mac
    return [
        ("action uri startup", f"{base}/phones/startup?mac={mac}"),
        ("action uri registered", f"{base}/phones/registered?mac={mac}&user=$$SIPUSERNAME$$"),
        (
            "action uri registration event",
            f"{base}/phones/regevent?mac={mac}&state=$$REGISTRATIONSTATE$$"
            "&code=$$REGISTRATIONCODE$$",
        ),
        ("action uri poll", f"{base}/phones/poll?mac={mac}&rev={revision}"),
        ("action uri poll interval", settings.poll_interval_s),
    ]


def one_line(value: str) -> str:
    """The value without line breaks and other control characters, which would forge lines."""
    return "".join(character if character.isprintable() else " " for character in value).strip()
