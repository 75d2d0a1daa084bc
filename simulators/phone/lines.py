"""The phone's lines: the accounts that a merged configuration makes (domain reference 3.2).

A value of `sip lineN ...` counts before the global `sip ...` one. A line without a user name or a
registrar doesn't register; a value that can't be used is reported and its default counts.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass

from simulators.core import Address
from simulators.sip.registration import Account

_LINE = re.compile(r"sip line([1-9]\d?) (?:user name|auth name|password|registrar ip)")

NO_REGISTRAR = ("", "0.0.0.0")
DEFAULT_PORT = 5060
RETRY_S = (1800.0, 30.0, 1800.0)
"""Wait after a refusal: default, least, most."""
TIMEOUT_RETRY_S = (120.0, 30.0, 86_400.0)
RENEWAL_S = (15.0, 0.0, 86_400.0)
PERIOD_S = (0.0, 0.0, 4_294_967_295.0)
"""0 leaves the period to the registrar."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that registers; `screen_name` is what the idle screen shows."""

    number: int
    screen_name: str
    display_name: str
    account: Account


@dataclass(frozen=True, slots=True)
class Lines:
    """All lines, by number, and what could not be used of the configuration."""

    lines: tuple[Line, ...] = ()
    problems: tuple[str, ...] = ()


def lines(configuration: Mapping[str, str], contact: Address, user_agent: str = "") -> Lines:
    """The lines that `configuration` makes; `contact` is the phone's own SIP address."""
    numbers = {int(m[1]) for name in configuration if (m := _LINE.fullmatch(name))}
    if not numbers and configuration.get("sip user name"):
        numbers = {1}  # globals alone are one account, which all lines share
    problems: list[str] = []
    if numbers and configuration.get("sip transport protocol", "1") not in ("", "0", "1"):
        problems.append("sip transport protocol: only UDP is emulated, and used")
    found = [
        line
        for number in sorted(numbers)
        if (line := _line(configuration, number, contact, user_agent, problems)) is not None
    ]
    return Lines(tuple(found), tuple(problems))


def _line(
    configuration: Mapping[str, str],
    number: int,
    contact: Address,
    user_agent: str,
    problems: list[str],
) -> Line | None:
    def value(name: str) -> str:
        return configuration.get(f"sip line{number} {name}") or configuration.get(f"sip {name}", "")

    def within(name: str, limits: tuple[float, float, float]) -> float:
        return _within(value(name), limits, f"sip {name}", problems)

    user, registrar = value("user name"), value("registrar ip")
    if not user or registrar in NO_REGISTRAR:
        return None
    try:
        ipaddress.IPv4Address(registrar)
    except ValueError:
        problems.append(f"sip line{number} registrar ip: expected an IPv4 address")
        return None
    port = int(_within(value("registrar port"), (0, 0, 65_535), "sip registrar port", problems))
    account = Account(
        registrar=(registrar, port or DEFAULT_PORT),
        domain=registrar,
        username=user,
        auth_username=value("auth name") or user,
        password=value("password"),
        contact=contact,
        expires_s=int(within("registration period", PERIOD_S)),
        renewal_threshold_s=within("registration renewal timer", RENEWAL_S),
        refused_retry_s=within("registration retry timer", RETRY_S),
        timeout_retry_s=within("registration timeout retry timer", TIMEOUT_RETRY_S),
        user_agent=user_agent,
    )
    return Line(number, value("screen name") or user, value("display name"), account)


def _within(text: str, limits: tuple[float, float, float], name: str, problems: list[str]) -> float:
    default, least, most = limits
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or len(text) > 10:
        problems.append(f"{name}: expected a number, the default {default:g} counts")
        return default
    return min(max(float(text), least), most)
