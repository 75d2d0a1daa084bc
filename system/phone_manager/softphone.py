"""What a softphone registers with: remote or internal credentials, by where it is (ADR-5)."""

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from system.domain.addresses import Location
from system.errors import NotReady
from system.storage.models import Extension, Phone
from system.storage.people import User

LOCAL_SIP_PORT = 5060


@dataclass(frozen=True, slots=True)
class Softphone:
    """One account at one registrar."""

    extension: str
    display_name: str
    registrar: str
    port: int
    user_name: str
    auth_name: str
    password: str = field(repr=False)


async def softphone_of(session: AsyncSession, user_id: int, location: Location) -> Softphone:
    """The softphone's account of a user.

    It is that of the softphone extension; without one that of the primary extension, unless a 69xx
    has that: the PBX keeps one contact per extension, so the two would push each other out.

    Raises:
        NotReady: something is missing; the message says what to do.
    """
    with_node = joinedload(User.softphone_extension).joinedload(Extension.node)
    primary_with_node = joinedload(User.primary_extension).joinedload(Extension.node)
    user = (
        await session.scalars(
            select(User).where(User.id == user_id).options(with_node, primary_with_node)
        )
    ).one()
    extension = user.softphone_extension
    if extension is None:
        extension = user.primary_extension
        if extension is not None:
            mac = await session.scalar(select(Phone.mac).where(Phone.extension_id == extension.id))
            if mac is not None:
                raise NotReady(
                    "no_extension",
                    f"Extension {extension.extension} is that of phone {mac}. Give the user a "
                    "softphone extension of their own on the page Users.",
                    requirement="ADR-5",
                )
    if extension is None:
        raise NotReady(
            "no_extension",
            "The user has no extension. Enter a softphone extension on the page Users.",
            requirement="ADR-5",
        )
    name = user.display_name or extension.name
    if location is Location.TELEWORKER:
        return _remote(extension, name)
    return _local(extension, name)


def _remote(extension: Extension, display_name: str) -> Softphone:
    node = extension.node
    # As for phones: what the MBG has confirmed, so that what works keeps working meanwhile.
    name, password = extension.mbg_name, extension.mbg_password
    if not extension.use_remote_credentials:
        raise _not_provisioned(
            f"Extension {extension.extension} has no remote credentials. Check Use remote "
            "authorization credentials on its SIP Authorization form."
        )
    if name is None or password is None:
        raise _not_provisioned(
            f"Extension {extension.extension} is not provisioned on the MBG yet. Its SIP "
            "Authorization form says what it waits for."
        )
    if node.nat_ip_address is None:
        raise NotReady(
            "no_remote_address",
            f"Node {node.number} has no NAT IP Address. Enter it on the phone system's page.",
            field="nat_ip_address",
            requirement="ADR-4",
        )
    return Softphone(
        extension.extension,
        display_name,
        node.nat_ip_address,
        node.nat_sip_port,
        name,
        name,
        password,
    )


def _local(extension: Extension, display_name: str) -> Softphone:
    name, password = extension.internal_auth_name, extension.internal_auth_password
    address = extension.node.address
    if name is None or password is None or address is None:
        raise _not_provisioned(
            f"The PBX has not handed over address and SIP credentials of extension "
            f"{extension.extension}. Synchronize the phone system."
        )
    return Softphone(
        extension.extension,
        display_name,
        address,
        LOCAL_SIP_PORT,
        extension.extension,
        name,
        password,
    )


def _not_provisioned(message: str) -> NotReady:
    return NotReady("not_provisioned", message, requirement="ADR-5")
