"""The phone's lines: the accounts that a merged configuration makes (domain reference 3.2).

A value of `sip lineN ...` counts before the global `sip ...` one. A line without a user name or a
registrar doesn't register; a value that can't be used is reported and its default counts.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

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
SRTP = (0.0, 0.0, 2.0)
PERIOD_S = (0.0, 0.0, 4_294_967_295.0)
"""0 leaves the period to the registrar."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that registers.

    `screen_name` is what the idle screen shows, `proxy` where calls are sent, over the account's
    transport. `backup` and `backup_proxy` serve while the first registrar does not answer.
    `srtp` is 0 (off), 1 (preferred) or 2 (required).
    """

    number: int
    screen_name: str
    display_name: str
    account: Account
    proxy: Address
    backup: Account | None = None
    backup_proxy: Address | None = None
    srtp: int = 0


@dataclass(frozen=True, slots=True)
class Lines:
    """All lines, by number, and what could not be used of the configuration.

    `whitelist` says that only proxies and registrars may call (`sip whitelist`), `xml_notify`
    that NOTIFY may bring XML (`sip xml notify event`).
    """

    lines: tuple[Line, ...] = ()
    problems: tuple[str, ...] = ()
    transports: tuple[str, ...] = (UDP,)
    whitelist: bool = False
    xml_notify: bool = False


Resolve = Callable[[str], str | None]
"""Finds the IPv4 address of a host; None where there is none."""


@lru_cache(maxsize=64)
def addresses_only(host: str) -> str | None:
    """Knows no names but those of this very machine (RFC 6761 section 6.3)."""
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        name = host.rstrip(".").lower()
        return "127.0.0.1" if name == "localhost" or name.endswith(".localhost") else None


def lines(
    configuration: Mapping[str, str],
    contact: Address,
    user_agent: str = "",
    resolve: Resolve = addresses_only,
) -> Lines:
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
        if (
            line := _line(
                configuration, number, contact, transports[0], user_agent, problems, resolve
            )
        )
    ]
    whitelist = configuration.get("sip whitelist", "0") == "1"
    xml_notify = configuration.get("sip xml notify event", "0") == "1"
    return Lines(tuple(found), tuple(problems), transports, whitelist, xml_notify)


def _line(
    configuration: Mapping[str, str],
    number: int,
    contact: Address,
    transport: str,
    user_agent: str,
    problems: list[str],
    resolve: Resolve,
) -> Line | None:
    def value(name: str) -> str:
        return configuration.get(f"sip line{number} {name}") or configuration.get(f"sip {name}", "")

    def within(name: str, limits: tuple[float, float, float]) -> float:
        return _within(value(name), limits, f"sip {name}", problems)

    def port(name: str, default: int) -> int:
        return int(within(name, (0, 0, 65_535))) or default

    def server(name: str) -> tuple[Address, str] | None:
        """Where a server is, and its name as written; None where there is none to be used."""
        host = value(f"{name} ip")
        if host in NO_REGISTRAR:
            return None
        found = resolve(host)
        if found is None:
            problems.append(f"sip line{number} {name} ip: no IPv4 address is known for it")
            return None
        return (found, port(f"{name} port", DEFAULT_PORTS[transport])), host

    user, registrar = value("user name"), server("registrar")
    if not user or registrar is None:
        return None
    account = Account(
        registrar=registrar[0],
        domain=registrar[1],
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
    proxy, spare = server("proxy"), server("backup registrar")
    spare_proxy = server("backup proxy") or spare
    return Line(
        number,
        value("screen name") or user,
        value("display name"),
        account,
        proxy[0] if proxy else account.registrar,
        replace(account, registrar=spare[0], domain=spare[1]) if spare else None,
        spare_proxy[0] if spare and spare_proxy else None,
        int(within("srtp mode", SRTP)),
    )


def _within(text: str, limits: tuple[float, float, float], name: str, problems: list[str]) -> float:
    default, least, most = limits
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or len(text) > 10:
        problems.append(f"{name}: expected a number, the default {default:g} counts")
        return default
    return min(max(float(text), least), most)
