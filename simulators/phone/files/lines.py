"""The phone's lines: the accounts that a merged configuration makes (domain reference 3.2).

A value of `sip lineN ...` counts before the global `sip ...` one. A line without a user name or a
registrar doesn't register; a value that can't be used is reported and its default counts.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass

from simulators.core import TCP, TLS, UDP, Address
from simulators.sip.registration import Account

_LINE = re.compile(r"sip line([1-9]\d?) (?:user name|auth name|password|registrar ip)")

NO_REGISTRAR = ("", "0.0.0.0")
TRANSPORTS = {"0": (UDP, TCP), "1": (UDP,), "2": (TCP,), "4": (TLS,)}
"""`sip transport protocol`: what is listened on; the first is used to register and to call."""
DEFAULT_TRANSPORT = "1"
DEFAULT_PORTS = {UDP: 5060, TCP: 5060, TLS: 5061}
RETRY_S = (1800.0, 30.0, 1800.0)
"""Wait after a refusal: default, least, most."""
TIMEOUT_RETRY_S = (120.0, 30.0, 86_400.0)
RENEWAL_S = (15.0, 0.0, 86_400.0)
PERIOD_S = (0.0, 0.0, 4_294_967_295.0)
"""0 leaves the period to the registrar."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that registers.

    `screen_name` is what the idle screen shows, `proxy` where calls are sent, over the account's
    transport.
    """

    number: int
    screen_name: str
    display_name: str
    account: Account
    proxy: Address


@dataclass(frozen=True, slots=True)
class Lines:
    """All lines, by number, and what could not be used of the configuration.

    `whitelist` says that only proxies and registrars may call (`sip whitelist`).
    """

    lines: tuple[Line, ...] = ()
    problems: tuple[str, ...] = ()
    transports: tuple[str, ...] = (UDP,)
    whitelist: bool = False


def lines(configuration: Mapping[str, str], contact: Address, user_agent: str = "") -> Lines:
    """The lines that `configuration` makes; `contact` is the phone's own SIP address."""
    numbers = {int(m[1]) for name in configuration if (m := _LINE.fullmatch(name))}
    if not numbers and configuration.get("sip user name"):
        numbers = {1}  # globals alone are one account, which all lines share
    problems: list[str] = []
    transports = TRANSPORTS.get(configuration.get("sip transport protocol") or DEFAULT_TRANSPORT)
    if transports is None:
        transports = TRANSPORTS[DEFAULT_TRANSPORT]
        problems.append("sip transport protocol: expected 0, 1, 2 or 4, the default UDP counts")
    found = [
        line
        for number in sorted(numbers)
        if (line := _line(configuration, number, contact, transports[0], user_agent, problems))
    ]
    whitelist = configuration.get("sip whitelist", "0") == "1"
    return Lines(tuple(found), tuple(problems), transports, whitelist)


def _line(
    configuration: Mapping[str, str],
    number: int,
    contact: Address,
    transport: str,
    user_agent: str,
    problems: list[str],
) -> Line | None:
    def value(name: str) -> str:
        return configuration.get(f"sip line{number} {name}") or configuration.get(f"sip {name}", "")

    def within(name: str, limits: tuple[float, float, float]) -> float:
        return _within(value(name), limits, f"sip {name}", problems)

    def port(name: str, default: int) -> int:
        return int(within(name, (0, 0, 65_535))) or default

    user, registrar = value("user name"), value("registrar ip")
    if not user or registrar in NO_REGISTRAR:
        return None
    if not _is_ipv4(registrar):
        problems.append(f"sip line{number} registrar ip: expected an IPv4 address")
        return None
    usual = DEFAULT_PORTS[transport]
    account = Account(
        registrar=(registrar, port("registrar port", usual)),
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
        transport=transport,
    )
    proxy = account.registrar
    host = value("proxy ip")
    if host not in NO_REGISTRAR:
        if _is_ipv4(host):
            proxy = host, port("proxy port", usual)
        else:
            problems.append(f"sip line{number} proxy ip: expected an IPv4 address")
    return Line(number, value("screen name") or user, value("display name"), account, proxy)


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _within(text: str, limits: tuple[float, float, float], name: str, problems: list[str]) -> float:
    default, least, most = limits
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or len(text) > 10:
        problems.append(f"{name}: expected a number, the default {default:g} counts")
        return default
    return min(max(float(text), least), most)
