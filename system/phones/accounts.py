"""The account for a phone's line 1: which credentials an extension has at which location. Pure.

A teleworker is handed what the MBG has confirmed last, so that a phone that works keeps working
while a change waits (TOK-7). What a person typed may have been typed on the MBG too (PRV-4): it
is handed where the MBG has confirmed nothing, and first of all while the Rest API is off. What was
made at random is handed only once it is confirmed.
"""

from dataclasses import dataclass, field
from typing import Protocol

from system.domain.addresses import Location
from system.domain.file_values import is_writable
from system.phones.configuration import SipLine

NODE_SIP_PORT = 5060


UNWRITABLE = (
    "The PBX's SIP credentials cannot stand in a phone's file (quotes or control characters)"
)


class NodeOf(Protocol):
    """What is asked of a node; the stored one has it."""

    number: int
    address: str | None
    nat_ip_address: str | None
    nat_sip_port: int


class ExtensionOf(Protocol):
    """What is asked of an extension; the stored one has it."""

    extension: str
    name: str
    internal_auth_name: str | None
    internal_auth_password: str | None
    use_remote_credentials: bool
    remote_name: str | None
    remote_password: str | None
    remote_name_typed: bool
    remote_password_typed: bool
    mbg_name: str | None
    mbg_password: str | None

    @property
    def node(self) -> NodeOf: ...


@dataclass(frozen=True, slots=True)
class Account:
    """A line, or the reason why there is none."""

    line: SipLine | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Pair:
    name: str
    password: str = field(repr=False)


def account_of(
    extension: ExtensionOf | None, location: Location, *, rest_api_enabled: bool
) -> Account:
    """The account with which a phone at this location registers as the extension."""
    if extension is None:
        return Account(None, "No extension is assigned to this phone")
    if location is Location.TELEWORKER:
        return _remote(extension, rest_api_enabled=rest_api_enabled)
    return _internal(extension)


def _remote(extension: ExtensionOf, *, rest_api_enabled: bool) -> Account:
    node = extension.node
    if not extension.use_remote_credentials:
        return Account(None, "The extension does not use remote authorization credentials")
    confirmed = _pair(extension.mbg_name, extension.mbg_password)
    typed = None
    if extension.remote_name_typed and extension.remote_password_typed:
        typed = _pair(extension.remote_name, extension.remote_password)
    pair = (confirmed or typed) if rest_api_enabled else (typed or confirmed)
    if pair is None:
        return Account(None, "Waiting until the extension is provisioned on the MBG")
    if node.nat_ip_address is None:
        return Account(None, f"Node {node.number} has no NAT IP Address")
    return _account(extension, pair.name, pair, node.nat_ip_address, node.nat_sip_port)


def _internal(extension: ExtensionOf) -> Account:
    pair = _pair(extension.internal_auth_name, extension.internal_auth_password)
    address = extension.node.address
    if pair is None or address is None:
        return Account(None, "Waiting for the PBX's address and SIP credentials")
    if not (is_writable(pair.name) and is_writable(pair.password)):
        return Account(None, f"{UNWRITABLE}: set others at the PBX")
    return _account(extension, extension.extension, pair, address, NODE_SIP_PORT)


def _pair(name: str | None, password: str | None) -> _Pair | None:
    return None if name is None or password is None else _Pair(name, password)


def _account(
    extension: ExtensionOf, user_name: str, pair: _Pair, registrar: str, port: int
) -> Account:
    return Account(
        SipLine(
            screen_name=extension.extension,
            display_name=extension.name,
            user_name=user_name,
            auth_name=pair.name,
            password=pair.password,
            registrar=registrar,
            port=port,
        )
    )
