"""Somebody in the office: a phone on the LAN, which finds MCS by what DHCP says."""

from features.actors.teleworker import PhoneUser
from simulators.estate.estate import Estate
from simulators.phone.people import Person

PHONES_HTTP_PORT = 8203


class Office(PhoneUser):
    """One person with a local phone."""

    def __init__(self, estate: Estate, person: Person) -> None:
        assert estate.mcs is not None
        host = estate.mcs.phones_address[0]
        server = f"http://{host}:{PHONES_HTTP_PORT}"
        super().__init__(estate, person, estate.handset(person, local=True, dhcp_server=server))
