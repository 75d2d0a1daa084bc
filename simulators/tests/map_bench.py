"""An estate without an MCS for the live map's tests: teleworkers with accounts entered by hand."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from simulators.estate.config import AddressesTable, ControlTable, EstateConfig, MbgTable, RunTable
from simulators.estate.estate import Estate
from simulators.mbg.records.devices import Device
from simulators.phone.handset import Handset
from simulators.phone.people import Person, invent


@asynccontextmanager
async def map_bench(
    phones: int = 2, *, licences: int = 5000, journal: bool = True
) -> AsyncIterator[Estate]:
    """So many phones, switched off; extensions count from 2101. Control ports are any."""
    config = EstateConfig(
        run=RunTable(journal=journal),
        addresses=AddressesTable(block="private"),
        mbg=MbgTable(licences=licences),
        control=ControlTable(port=0),
    )
    async with Estate(config, None) as estate:
        icp = estate.mbg.add_icp(estate.node.name, estate.node.address[0])
        for person in invent(estate.seed, phones):
            add_teleworker(estate, icp.id, person)
        yield estate


def add_teleworker(estate: Estate, icp_id: str, person: Person) -> tuple[Handset, Device]:
    """An extension, its SIP device, and a phone in a home that has the set side's credentials."""
    extension = estate.node.add_extension(person.extension, person.name)
    device = estate.mbg.add_device(
        icp_id=icp_id,
        set_username=f"tw{person.extension}",
        set_password="Aa7-entered-by-hand",
        icp_username=extension.auth_name,
        icp_password=extension.auth_password,
    )
    phone = estate.handset(person)
    phone.enter(
        {
            "sip line1 user name": device.set_username,
            "sip line1 screen name": person.extension,
            "sip line1 auth name": device.set_username,
            "sip line1 password": "Aa7-entered-by-hand",
            "sip line1 registrar ip": estate.mbg.outside,
            "sip line1 registrar port": str(estate.mbg.sip_outside[1]),
            "topsoftkey1 type": "line",
            "topsoftkey1 label": "Line 1",
            "topsoftkey1 line": "1",
        }
    )
    return phone, device


def first(estate: Estate) -> Handset:
    """The first phone."""
    return all_phones(estate)[0]


def all_phones(estate: Estate) -> Sequence[Handset]:
    """All of them, in order."""
    return list(estate.phones.values())
