"""A phone's own configuration file (``docs/wire.md`` section 3). Pure: values in, text out.

``name: value`` a line. The poll URI carries the revision of the file, a digest of everything else
in it, so that a phone learns by one short request whether it has the newest. What belongs to lines,
keys and action URIs may be changed at a running phone (``LIVE``); anything else needs a restart.
"""

import hashlib
from dataclasses import dataclass, field

from system.domain.addresses import Location
from system.domain.keymap import Key, KeyKind, PlacedKey, parameters_of

REVISION_LENGTH = 16
REGISTRATION_PERIOD_S = 3600
UDP = 1
"""``sip transport protocol``."""

LIVE = ("sip line", "topsoftkey", "softkey", "expmod", "action uri")
"""How the names begin of what counts at once in an ``AastraIPPhoneConfiguration``."""


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
class LocalServices:
    """What only a local phone reaches; ``None`` where the service is off."""

    http_base: str
    push_from: str
    """Address of the MCS, the only one that may push to the phone."""
    log_server: tuple[str, int] | None = None
    ldap_server: tuple[str, int] | None = None
    ldap_base_dn: str = ""


@dataclass(frozen=True, slots=True)
class PhoneSettings:
    """All that one phone's file is made of."""

    mac: str
    location: Location
    uri_base: str | None
    """``https://host:port`` that the phone reaches the MCS at; ``None`` while it is not known."""
    poll_interval_s: int
    line: SipLine | None
    keys: tuple[PlacedKey, ...] = ()
    token: str | None = field(default=None, repr=False)
    """What the phone is to show from now on; ``None`` for a stranger."""
    has_directories: bool = False
    local: LocalServices | None = None
    remarks: tuple[str, ...] = ()
    """Comments in the file for whoever looks for the reason of something missing."""


Parameter = tuple[str, str]


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """The file, its revision and its parts; it holds a password, so these are not in the repr."""

    body: str = field(repr=False)
    revision: str
    static: str
    """Digest of what needs a restart."""
    live: tuple[Parameter, ...] = field(repr=False)
    """What counts at once, in order."""

    @property
    def live_names(self) -> frozenset[str]:
        """Names of the live parameters."""
        return frozenset(name for name, _ in self.live)


def render(settings: PhoneSettings) -> RenderedFile:
    """Make the file."""
    revision = _digest([("", settings.location), *_parameters(settings, revision="")])
    parameters = _parameters(settings, revision)
    lines = [f"# Configuration of phone {settings.mac}, {settings.location}"]
    lines += [f"# {one_line(remark)}" for remark in settings.remarks]
    lines += [f"{name}: {value}" for name, value in parameters]
    live = tuple(parameter for parameter in parameters if parameter[0].startswith(LIVE))
    static = _digest([parameter for parameter in parameters if parameter not in live])
    return RenderedFile("\n".join(lines) + "\n", revision, static, live)


def own_softkeys(who: str, *, base: str | None, setup: str | None, logged_in: bool) -> list[Key]:
    """The MCS's own bottom softkeys: Setup where it is offered, then Hot Desk or Log Out.

    Args:
        who: ``mac=...`` and the phone's token, as they stand in its URIs.
        base: of the phone's URIs; ``None`` while it is not known.
        setup: URI of the Setup screen, or ``None`` (a teleworker never gets it, PHN-6).
        logged_in: somebody is logged in at the phone by hot desk.
    """
    found = [("Setup", setup)] if setup else []
    if base is not None and logged_in:
        found.append(("Log Out", f"{base}/phones/hotdesk/logout?{who}"))
    elif base is not None:
        found.append(("Hot Desk", f"{base}/phones/hotdesk?{who}"))
    return [
        Key(KeyKind.SOFTKEY, position, "xml", label, uri or "")
        for position, (label, uri) in enumerate(found, 1)
    ]


def _parameters(settings: PhoneSettings, revision: str) -> list[Parameter]:
    parameters: list[tuple[str, str | int]] = []
    for placed in settings.keys:
        parameters += parameters_of(placed.key)
    if settings.line is not None:
        parameters += _line_parameters(settings.line)
    # Also without a line, so that a first line does not need a restart.
    parameters += [
        ("sip transport protocol", UDP),
        ("sip registration period", REGISTRATION_PERIOD_S),
    ]
    if settings.token is not None:
        # Forced: what was entered on the phone, an empty path among it, would win otherwise.
        parameters.append(("^https path", settings.token))
    if settings.uri_base is not None:
        parameters += _action_uris(settings, settings.uri_base, revision)
        if settings.has_directories:
            parameters += _directories(settings, settings.uri_base)
    if settings.local is not None:
        parameters += _local_services(settings.local)
    return [(name, one_line(str(value))) for name, value in parameters]


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
    ]


def _action_uris(settings: PhoneSettings, base: str, revision: str) -> list[tuple[str, str | int]]:
    # Every URI of a phone is built on the address that it reaches the MCS at (ADR-6).
    mac, who = settings.mac, query_of(settings.mac, settings.token)
    return [
        ("action uri startup", f"{base}/phones/startup?mac={mac}"),
        ("action uri registered", f"{base}/phones/registered?mac={mac}&user=$$SIPUSERNAME$$"),
        (
            "action uri registration event",
            f"{base}/phones/regevent?mac={mac}&state=$$REGISTRATIONSTATE$$"
            "&code=$$REGISTRATIONCODE$$",
        ),
        ("action uri poll", f"{base}/phones/poll?{who}&rev={revision}"),
        ("action uri poll interval", settings.poll_interval_s),
    ]


def _directories(settings: PhoneSettings, base: str) -> list[tuple[str, str | int]]:
    who = query_of(settings.mac, settings.token)
    return [
        ("directory 1", f"{base}/phones/directory/system.csv?{who}"),
        ("directory 2", f"{base}/phones/directory/personal.csv?{who}"),
    ]


LOG_MODULES = ("sip", "provis", "net")
LOG_MASK = 39
"""All but debugging (domain reference 3.2): without a mask a phone tells next to nothing."""


def _local_services(local: LocalServices) -> list[tuple[str, str | int]]:
    parameters: list[tuple[str, str | int]] = [
        ("xml application post list", local.push_from),
        # our URIs are HTTPS with a certificate of our own making; a teleworker has this by hand
        ("https validate certificates", 0),
    ]
    if local.log_server is not None:
        host, port = local.log_server
        parameters += [("log server ip", host), ("log server port", port)]
        parameters += [(f"log module {module}", LOG_MASK) for module in LOG_MODULES]
    if local.ldap_server is not None:
        host, port = local.ldap_server
        parameters += [("ldap server", f"{host}:{port}"), ("ldap base dn", local.ldap_base_dn)]
    return parameters


def query_of(mac: str, token: str | None) -> str:
    """How a phone names itself in its URIs: by its MAC, and by its token where it has one."""
    return f"mac={mac}" if token is None else f"mac={mac}&t={token}"


def one_line(value: str) -> str:
    """The value without line breaks and other control characters, which would forge lines."""
    return "".join(character if character.isprintable() else " " for character in value).strip()


def _digest(parameters: list[Parameter]) -> str:
    text = "\n".join(f"{name}: {value}" for name, value in parameters)
    return hashlib.sha256(text.encode()).hexdigest()[:REVISION_LENGTH]
