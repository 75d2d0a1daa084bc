"""The MBG's certificate: checked by a CA or pinned when seen first, a changed one confirmed."""

import asyncio
import datetime
import socket
import ssl
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
import trustme
from aiohttp import web

from system.errors import MbgUnreachable
from system.mbg.tls_refusals import handshake_failure
from system.tests.conftest import Site

CERTIFICATE = "/settings/mbg/certificate"


def context_of(ca: trustme.CA, name: str = "127.0.0.1", **more: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name, **more).configure_cert(context)
    return context


async def certificate_becomes(site: Site, context: ssl.SSLContext) -> None:
    """The MBG comes back at the same port with another certificate."""
    port = site.mbg.port
    await site.mbg.stop()
    await site.mbg.start(context, port)


async def request(site: Site) -> tuple[int, Any]:
    body = {
        "name": "MiVoice Office Application Suite",
        "consumer_id": site.mbg.consumer_id,
        "shared_secret": site.mbg.shared_secret,
    }
    return await site.call("POST", "/settings/mbg/request-token", body)


async def pin(site: Site) -> None:
    await site.set_mbg()
    await site.ok("PUT", "/settings/mbg", {"certificate_check": "pin"})


@pytest.mark.parametrize(
    ("kind", "code", "says"),
    [
        ("unknown CA", "mbg_certificate_unknown_ca", "Enter that CA"),
        ("wrong name", "mbg_certificate_wrong_name", "another name"),
        ("expired", "mbg_certificate_expired", "Renew it on the MBG"),
        ("not yet valid", "mbg_certificate_not_yet_valid", "clocks"),
    ],
)
async def test_each_tls_problem_is_told(
    site: Site, ca: trustme.CA, kind: str, code: str, says: str
) -> None:
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    contexts = {
        "unknown CA": lambda: context_of(trustme.CA()),
        "wrong name": lambda: context_of(ca, "mbg.example.com"),
        "expired": lambda: context_of(ca, not_before=now - 9 * day, not_after=now - day),
        "not yet valid": lambda: context_of(ca, not_before=now + day, not_after=now + 9 * day),
    }
    await certificate_becomes(site, contexts[kind]())
    await site.set_mbg()
    status, error = await request(site)
    assert (status, error["code"]) == (502, code)
    assert says in error["message"]
    assert site.mbg.requests == []


async def test_a_ca_entered_on_the_page_is_the_one_that_counts(site: Site, ca: trustme.CA) -> None:
    other = trustme.CA()
    await certificate_becomes(site, context_of(other))
    await site.set_mbg()
    assert (await request(site))[1]["code"] == "mbg_certificate_unknown_ca"
    pem = other.cert_pem.bytes().decode()
    await site.ok("PUT", "/settings/mbg", {"ca_certificate": pem})
    assert (await request(site))[0] == 200
    # The option's own CA counts no more while one is entered.
    await certificate_becomes(site, context_of(ca))
    assert (await request(site))[1]["code"] == "mbg_certificate_unknown_ca"
    await site.ok("PUT", "/settings/mbg", {"ca_certificate": None})
    assert (await request(site))[0] == 200


async def test_what_is_no_ca_is_refused(site: Site) -> None:
    status, error = await site.call("PUT", "/settings/mbg", {"ca_certificate": "no PEM"})
    assert (status, error["field"]) == (422, "ca_certificate")


async def test_first_one_seen_is_pinned_whoever_made_it(site: Site) -> None:
    await certificate_becomes(site, context_of(trustme.CA(), "mbg.example.com"))
    await pin(site)
    assert (await request(site))[0] == 200
    shown = await site.ok("GET", CERTIFICATE)
    assert shown["presented"] is None
    assert len(shown["pinned"]["sha256"]) == 32 * 3 - 1
    assert shown["pinned"]["not_after"]
    await site.restart()
    assert (await request(site))[0] == 200
    assert await site.ok("GET", CERTIFICATE) == shown


async def test_changed_one_is_sent_nothing_until_it_is_confirmed(
    site: Site, ca: trustme.CA
) -> None:
    await pin(site)
    await site.authorize()
    await site.add_phone_system()
    before = (await site.ok("GET", CERTIFICATE))["pinned"]
    await certificate_becomes(site, context_of(ca))
    seen = len(site.mbg.requests)
    await site.check_remote("2101")
    waiting = await site.waits("2101")
    assert "another certificate" in waiting["provisioning"]["message"]
    assert len(site.mbg.requests) == seen
    shown = await site.ok("GET", CERTIFICATE)
    assert shown["pinned"] == before
    assert shown["presented"]["sha256"] != before["sha256"]
    assert shown["presented"]["sha256"] in waiting["provisioning"]["message"]
    (notice,) = (await site.ok("GET", "/notices"))["items"]
    assert (notice["kind"], notice["level"]) == ("certificate", "error")
    status, error = await site.call("POST", f"{CERTIFICATE}/confirm", {"sha256": before["sha256"]})
    assert (status, error["code"]) == (409, "other_certificate")
    assert len(site.mbg.requests) == seen
    confirmed = await site.ok(
        "POST", f"{CERTIFICATE}/confirm", {"sha256": shown["presented"]["sha256"]}
    )
    assert confirmed == {"pinned": shown["presented"], "presented": None}
    await site.reaches("2101", "provisioned")


async def test_the_right_one_coming_back_needs_nobody(site: Site, ca: trustme.CA) -> None:
    first, other = context_of(ca), context_of(ca)
    await certificate_becomes(site, first)
    await pin(site)
    await site.authorize()
    await site.add_phone_system()
    await certificate_becomes(site, other)
    await site.check_remote("2101")
    await site.waits("2101")
    await certificate_becomes(site, first)
    site.clock.advance(61)
    await site.reaches("2101", "provisioned")
    assert (await site.ok("GET", CERTIFICATE))["presented"] is None


async def test_nothing_to_confirm(site: Site) -> None:
    status, error = await site.call("POST", f"{CERTIFICATE}/confirm", {"sha256": "AA"})
    assert (status, error["code"]) == (409, "no_other_certificate")


async def test_another_address_is_another_mbg(site: Site) -> None:
    await pin(site)
    await request(site)
    assert (await site.ok("GET", CERTIFICATE))["pinned"]
    await site.ok("PUT", "/settings/mbg", {"port": 1})
    assert (await site.ok("GET", CERTIFICATE))["pinned"] is None


@pytest.fixture
async def something_else() -> AsyncIterator[int]:
    """A port where something answers that is no MBG and speaks no TLS."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


async def test_a_port_without_tls_is_no_mbg(site: Site, something_else: int) -> None:
    await site.set_mbg()
    await site.ok("PUT", "/settings/mbg", {"port": something_else})
    status, error = await request(site)
    assert (status, error["code"]) == (502, "not_an_mbg")
    assert str(something_else) in error["message"]


async def test_another_web_server_is_no_mbg(site: Site) -> None:
    await site.set_mbg()
    # The MCS's own API speaks HTTPS and knows nothing of /mslrest.
    await certificate_becomes(site, context_of(trustme.CA()))
    site.mbg.started = True
    await site.ok(
        "PUT",
        "/settings/mbg",
        {"port": int(site.mcs.api_url.rsplit(":", 1)[1]), "certificate_check": "pin"},
    )
    status, error = await request(site)
    assert status == 502
    assert error["code"] in ("not_an_mbg", "not_logged_in")


@pytest.fixture
async def web_server() -> AsyncIterator[int]:
    """Another web server with TLS, which has a page for everybody."""
    app = web.Application()

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<html>It works!</html>", content_type="text/html")

    app.router.add_route("*", "/{any:.*}", page)
    context = context_of(trustme.CA())
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def test_a_page_for_everybody_is_no_mbgs(site: Site, web_server: int) -> None:
    await site.authorize()
    await site.add_phone_system()
    await site.ok("PUT", "/settings/mbg", {"port": web_server, "certificate_check": "pin"})
    await site.check_remote("2101")
    found = await site.waits("2101")
    message = found["provisioning"]["message"]
    assert "is no MBG's REST API: it answers with a web page" in message
    assert "internal address and port on the page" in message


def test_a_tls_that_is_too_old_is_told_as_such() -> None:
    """Not over a socket: OpenSSL's own policy may not let a server speak it."""
    failed: Any = SimpleNamespace(os_error=SimpleNamespace(reason="TLSV1_ALERT_PROTOCOL_VERSION"))
    error = handshake_failure("mbg:443", failed)
    assert isinstance(error, MbgUnreachable)
    assert (error.code, "from 1.2 on" in error.message) == ("mbg_tls_too_old", True)


async def test_nobody_there_is_told_as_such(site: Site) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    await site.set_mbg()
    await site.ok("PUT", "/settings/mbg", {"port": port})
    assert (await request(site))[1]["code"] == "mbg_unreachable"
