"""One MBG on real sockets: garbage at its REST API, port 0, and what a restart keeps and loses."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Iterator

import pytest

from simulators.addresses import AddressPlan, claim_private
from simulators.clock import Clock
from simulators.core import TCP, TLS, UDP
from simulators.entropy import Seed
from simulators.journal import Journal
from simulators.mbg.forwarding.forward import ForwardRule
from simulators.mbg.mbg import Mbg
from simulators.mbg.records.devices import DeviceStatus
from simulators.mbg.settings import MbgSettings
from simulators.mbg.sip_border.border_terms import INSIDE, OUTSIDE
from simulators.network import Network
from simulators.tls import Authority

OAUTH = (
    b'OAuth oauth_consumer_key="c",oauth_signature_method="HMAC-SHA1",oauth_timestamp="1",'
    b'oauth_nonce="1",oauth_signature="x"'
)


@pytest.fixture
def plan() -> Iterator[AddressPlan]:
    held = claim_private()
    yield held.plan
    held.release()


@pytest.fixture
async def mbg(plan: AddressPlan) -> AsyncIterator[Mbg]:
    clock = Clock()
    journal = Journal(clock.now)
    made = Mbg(
        plan.mbg_outside,
        plan.mbg_inside,
        tls=Authority().server_context(plan.mbg_inside),
        clock=clock,
        network=Network(plan, journal, clock),
        journal=journal,
        entropy=Seed(1).stream("mbg").randbytes,
        settings=MbgSettings(rest_port=0, sip_port=0, licences=1),
    )
    await made.start()
    made.start_web_services()
    yield made
    await made.stop()


async def asked(mbg: Mbg, *, host: bytes = b"x", more: bytes = b"", body: bytes = b"") -> object:
    """The status and code of the answer to one ping."""
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(*mbg.rest_address, ssl=trust)
    head = b"POST /mslrest/ping HTTP/1.1\r\nConnection: close\r\nHost: " + host + b"\r\n" + more
    writer.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    status = int((await reader.readuntil(b"\r\n\r\n")).split(b" ")[1])
    answer = json.loads(await reader.read())
    writer.close()
    return status, answer["code"]


@pytest.mark.parametrize("host", [b"[", b"a:b", b"a:99999999", b"\xff"])
async def test_a_host_that_is_none_is_refused(mbg: Mbg, host: bytes) -> None:
    answer = await asked(mbg, host=host, more=b"Authorization: " + OAUTH + b"\r\n")
    assert answer == (400, "parameter_rejected")


async def test_octets_beyond_ascii_in_a_parameter_are_refused(mbg: Mbg) -> None:
    for garbage in (OAUTH.replace(b'"c"', b'"\xff"'), OAUTH + b',\xff="1"'):
        answer = await asked(mbg, more=b"Authorization: " + garbage + b"\r\n")
        assert answer == (400, "parameter_rejected")


@pytest.mark.parametrize("journal", [True, False])
async def test_a_body_that_can_not_be_read_is_refused(mbg: Mbg, journal: bool) -> None:
    mbg.journal.enabled = journal
    coded = await asked(mbg, more=b"Content-Encoding: gzip\r\n", body=b"no gzip")
    assert coded == (400, "parameter_rejected")
    assert await asked(mbg, body=b"x" * ((1 << 20) + 1)) == (413, "too_large")


async def test_port_0_is_told_as_the_real_one(mbg: Mbg) -> None:
    assert mbg._driver is not None
    assert mbg._driver.core is mbg.border
    assert mbg._driver.addresses == {
        (OUTSIDE, UDP): mbg.sip_outside,
        (OUTSIDE, TCP): mbg.sip_outside,
        (OUTSIDE, TLS): mbg.sip_outside_tls,
        (INSIDE, UDP): mbg.sip_inside,
        (INSIDE, TCP): mbg.sip_inside,
    }
    assert all(port for _, port in (mbg.sip_outside, mbg.sip_inside))
    assert mbg.border._outside == mbg.sip_outside
    assert mbg.border._upstream._inside == mbg.sip_inside


async def test_a_restart_keeps_rules_and_ports_and_frees_licences(
    mbg: Mbg, plan: AddressPlan
) -> None:
    icp = mbg.add_icp("Head Office", plan.node(1))
    device = mbg.add_device(icp_id=icp.id, set_username="tw1", set_password="abcdefg1")
    assert mbg.licences.take(device.id)
    mbg.store.note(device.id, DeviceStatus.REGISTERED, licensed=True)
    server = await asyncio.start_server(lambda r, w: w.close(), plan.mcs, 0)
    forward = await mbg.add_forward(ForwardRule(0, server.sockets[0].getsockname()[:2]))
    addresses = mbg.rest_address, mbg.sip_outside, mbg.sip_inside
    await mbg.stop()
    await mbg.start()
    assert (mbg.rest_address, mbg.sip_outside, mbg.sip_inside) == addresses
    assert mbg.licences.in_use == 0
    assert mbg.border.licences is mbg.licences
    again = mbg.store.get(device.id)
    assert (again.status, again.licensed) == (DeviceStatus.UNREGISTERED, False)
    assert list(mbg.forwards.values()) == [forward]
    reader, writer = await asyncio.open_connection(plan.mbg_outside, forward.port)
    assert await reader.read() == b""
    assert forward.connections == 1
    writer.close()
    server.close()
