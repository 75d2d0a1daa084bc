"""The API over real sockets: log-in, validation, and what must never be in an answer."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from system.tests.conftest import PASSWORD, Site

BOTH_DATABASES = True


async def test_wrong_password_and_unknown_name_are_refused_alike(site: Site) -> None:
    wrong = await site.call("POST", "/login", {"username": "admin", "password": "wrong"})
    unknown = await site.call("POST", "/login", {"username": "nobody", "password": PASSWORD})
    assert wrong == unknown
    assert wrong[0] == 401


async def test_nothing_but_health_is_open(site: Site) -> None:
    site.token = None
    assert (await site.call("GET", "/health"))[1]["status"] == "ok"
    for path in ("/settings/mbg", "/phones", "/firmware", "/nowhere"):
        assert (await site.call("GET", path))[0] == 401
    site.token = "made up"
    assert (await site.call("GET", "/settings/mbg"))[0] == 401


GARBAGE: list[tuple[str, bytes, bytes, bytes, int]] = [
    ("GET /phones", b"Authorization: Bearer \xff\xfe", b"", b"not_logged_in", 401),
    ("POST /login", b"X: y", b"[" * 200_000, b"malformed_body", 400),
    ("POST /login", b"X: y", b'{"username":"a","password":"\\ud800"}', b"malformed_body", 400),
    ("POST /login", b"X: y", b'{"username":"\\ud800","password":"a"}', b"malformed_body", 400),
    ("POST /login", b"Content-Encoding: gzip", b"not gzip", b"malformed_body", 400),
]


@pytest.mark.parametrize(("request_line", "header", "body", "code", "status"), GARBAGE)
async def test_garbage_of_strangers_is_refused_in_clear_words(
    site: Site, request_line: str, header: bytes, body: bytes, code: bytes, status: int
) -> None:
    method, path = request_line.split()
    lines = [
        f"{method} /api/v1{path} HTTP/1.1".encode(),
        b"Host: x",
        b"Connection: close",
        header,
        f"Content-Length: {len(body)}".encode(),
    ]
    answer = await raw(site, b"\r\n".join(lines) + b"\r\n\r\n" + body)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert code in answer


MALFORMED = [
    b"GET /api/v1/phones HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\x01\r\n\r\n",
    b"GET /api/v1/phones HTTP/1.1\r\nHost: x\r\nAuthorization Bearer %s\r\n\r\n",
    b'POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n{"password":"%s"}\r\n\r\n',
    b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 22\r\n"
    b"Connection: close\r\n\r\n%s",
]


@pytest.mark.parametrize("request_octets", MALFORMED)
async def test_malformed_request_is_not_quoted_in_the_log(
    site: Site, request_octets: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await raw(site, request_octets % b"Secret-of-a-stranger-1")
    assert "Secret-of-a-stranger-1" not in caplog.text
    assert "Traceback" not in caplog.text
    assert [record for record in caplog.records if record.name == "mcs.http"]


async def raw(site: Site, octets: bytes) -> bytes:
    """What the API's listener answers to these octets."""
    unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    port = int(site.mcs.api_url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=unchecked)
    writer.write(octets)
    answer = await reader.read()
    writer.close()
    return answer


async def test_log_in_ends_after_its_time(site: Site) -> None:
    site.clock.advance(11 * 3600)
    assert (await site.call("GET", "/settings/mbg"))[0] == 200
    site.clock.advance(2 * 3600)
    assert (await site.call("GET", "/settings/mbg"))[0] == 401


async def test_log_in_survives_a_restart(site: Site) -> None:
    await site.restart()
    assert (await site.call("GET", "/settings/mbg"))[0] == 200


BAD_BODIES: list[tuple[str, str, Any, int, str | None]] = [
    ("PUT", "/settings/mbg", {"internal_address": "mbg"}, 422, "internal_address"),
    ("PUT", "/settings/mbg", {"port": 0}, 422, "port"),
    ("PUT", "/settings/mbg", {"port": "443"}, 422, "port"),
    ("PUT", "/settings/mbg", {"prot": 443}, 422, "prot"),
    ("PUT", "/settings/mbg", [1], 400, None),
    ("PUT", "/client-locations/remote", {"nat_ip_address_or_hostname": "a b"}, 422, None),
    ("PUT", "/phone-systems/1/nodes/1", {"nat_sip_port": 70000}, 422, "nat_sip_port"),
    ("PUT", "/phone-systems/1/nodes/1", {"nat_ip_address": "1.2.3.400"}, 422, "nat_ip_address"),
    ("POST", "/phone-systems", {"name": "Other"}, 422, "ct_gateway_address"),
    ("PUT", "/phones/1400E9123456", {"extension": "9999"}, 422, "extension"),
    ("PUT", "/phones/1400e9123456", {"extension": None}, 422, "mac"),
    ("GET", "/phones?page=0", None, 422, "page"),
    ("GET", "/phones?page=000000001999", None, 422, "page"),
    ("PUT", "/settings/mbg", {"internal_address": "fe80::1%eth0"}, 422, "internal_address"),
    ("GET", "/provisioning/operations?state=odd", None, 422, "state"),
    ("GET", "/phone-systems/2", None, 404, None),
    ("GET", "/phone-systems/1/extensions/9999", None, 404, None),
    ("DELETE", "/settings/mbg", None, 405, None),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "field"), BAD_BODIES)
async def test_bad_request_is_refused_and_names_its_field(
    site: Site, method: str, path: str, body: Any, status: int, field: str | None
) -> None:
    await site.add_phone_system()
    found, error = await site.call(method, path, body)
    assert found == status, error
    assert error["code"]
    assert error["message"]
    if field is not None:
        assert error["field"] == field


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"remote_password": "short1!"}, "remote_password"),
        ({"remote_password": "onlyletters"}, "remote_password"),
        ({"remote_name": "tw-1234567a", "remote_password": "tw-1234567a"}, "remote_password"),
        ({"remote_password": "with#hash-12"}, "remote_password"),
        ({"remote_name": "a b"}, "remote_name"),
        ({"remote_nmae": "x"}, "remote_nmae"),
    ],
)
async def test_weak_or_unusable_credentials_are_refused(
    site: Site, values: dict[str, str], field: str
) -> None:
    await site.add_phone_system()
    path = "/phone-systems/1/extensions/2101"
    status, error = await site.call("PUT", path, {"use_remote_credentials": True, **values})
    assert (status, error["field"]) == (422, field)
    assert (await site.extension("2101"))["use_remote_credentials"] is False
    assert (await site.ok("GET", "/provisioning/operations"))["items"] == []


async def test_typed_credentials_are_kept(site: Site) -> None:
    await site.add_phone_system()
    saved = await site.check_remote("2101", remote_name="ada", remote_password="Typed-by-1")
    assert saved["remote_name"] == "ada"
    again = await site.check_remote("2101", remote_name="", remote_password="")
    assert again["remote_name"] == "ada"
    status, error = await site.call(
        "PUT",
        "/phone-systems/1/extensions/2102",
        {"use_remote_credentials": True, "remote_name": "ada"},
    )
    assert (status, error["field"]) == (409, "remote_name")


async def test_what_was_read_can_be_put_back(site: Site) -> None:
    await site.add_phone_system()
    for path in (
        "/settings/mbg",
        "/phone-systems/1",
        "/phone-systems/1/nodes/1",
        "/phone-systems/1/extensions/2101",
        "/client-locations/remote",
    ):
        document = await site.ok("GET", path)
        assert await site.ok("PUT", path, document) == document


async def test_extensions_are_searched_and_paged(site: Site) -> None:
    await site.add_phone_system()
    page = await site.ok("GET", "/phone-systems/1/extensions?page=2&page_size=2")
    assert [item["extension"] for item in page["items"]] == ["2103"]
    assert (page["total"], page["page"], page["page_size"]) == (3, 2, 2)
    found = await site.ok("GET", "/phone-systems/1/extensions?search=bob")
    assert [item["extension"] for item in found["items"]] == ["2102"]
    assert (await site.ok("GET", "/phone-systems/1/extensions?search=%25"))["total"] == 0


async def test_sync_keeps_what_the_administrator_entered(site: Site) -> None:
    await site.add_phone_system()
    path = "/phone-systems/1/nodes/1"
    await site.ok("PUT", path, {"address": "10.0.0.1", "nat_ip_address": "203.0.113.9"})
    site.gateway.nodes = [(1, "Renamed", "127.10.0.77", "6.10")]
    await site.ok("POST", "/phone-systems/1/sync")
    node = await site.ok("GET", path)
    assert (node["name"], node["release"]) == ("Renamed", "6.10")
    assert (node["address"], node["nat_ip_address"]) == ("10.0.0.1", "203.0.113.9")


async def test_vanished_extension_is_forgotten_unless_configured(site: Site) -> None:
    await site.add_phone_system()
    await site.check_remote("2101")
    site.gateway.stations = site.gateway.stations[2:]
    await site.ok("POST", "/phone-systems/1/sync")
    assert (await site.call("GET", "/phone-systems/1/extensions/2102"))[0] == 404
    assert "not in the PBX's list" in " ".join((await site.extension("2101"))["warnings"])


async def test_wrong_gateway_password_is_said(site: Site) -> None:
    await site.add_phone_system()
    await site.ok("PUT", "/phone-systems/1", {"ct_gateway_password": "wrong"})
    status, error = await site.call("POST", "/phone-systems/1/sync")
    assert (status, error["code"]) == (502, "ct_gateway_refused")
    assert (await site.ok("GET", "/phone-systems/1"))["state"] == "refused"
    await site.ok("PUT", "/phone-systems/1", {"ct_gateway_password": site.gateway.password})
    await site.ok("POST", "/phone-systems/1/sync")
    assert (await site.ok("GET", "/phone-systems/1"))["state"] == "connected"


async def test_gateway_comes_back(site: Site) -> None:
    await site.add_phone_system()
    await site.gateway.stop()
    assert (await site.call("POST", "/phone-systems/1/sync"))[0] == 502
    await site.gateway.start()
    assert (await site.ok("POST", "/phone-systems/1/sync"))["extensions"] == 3


async def test_secrets_are_in_no_answer_and_no_log(
    site: Site, stored: Callable[[], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await site.authorize()
    await site.add_phone_system()
    await site.check_remote("2101")
    await site.reaches("2101", "provisioned")
    site.mbg.token_problem = "token_expired"
    await site.check_remote("2101", remote_password="Typed-by-hand-3")
    await site.reaches("2101", "waiting", attempts=1)
    for path in ("/phones", "/phone-systems", "/provisioning/operations", "/settings/mbg"):
        await site.ok("GET", path)
    (device,) = site.mbg.devices.values()
    assert site.mbg.final is not None
    hidden = [
        device["set_password"],
        device["icp_password"],
        "Typed-by-hand-3",
        site.mbg.shared_secret,
        *site.mbg.final,
        PASSWORD,
    ]
    said = "\n".join(site.answers[1:]) + caplog.text
    assert site.mbg.consumer_id in caplog.text  # the log was listened to
    for secret in hidden:
        assert secret not in said
    data = stored()
    assert device["set_username"].encode() in data  # the database was looked at
    for secret in hidden:
        assert secret.encode() not in data
