"""What holds for every change: entity tags, the audit log, its retention."""

from collections.abc import Callable
from typing import Any

import pytest

from system.api.app import ROUTES
from system.api.declare import BASE
from system.audit.trail import Actor
from system.domain.roles import Permission
from system.tests.conftest import PASSWORD, Site, check_audit
from system.tests.helpers import eventually
from system.tests.people_acts import GOOD, add_user, log_in_as, services, try_from

BOTH_DATABASES = True
MAC = "1400E9123456"
EXTENSION = "/phone-systems/1/extensions/2101"


async def with_tag(
    site: Site, method: str, path: str, body: Any = None, tag: str | None = None
) -> tuple[int, Any, str | None]:
    """Status, document and entity tag."""
    headers = {"Authorization": f"Bearer {site.token}"}
    if tag is not None:
        headers["If-Match"] = tag
    async with site.http.request(
        method, f"{site.mcs.api_url}{BASE}{path}", json=body, headers=headers
    ) as answer:
        text = await answer.text()
        return answer.status, (await answer.json() if text else None), answer.headers.get("ETag")


WRITABLE: dict[str, tuple[Any, Any]] = {
    "/settings/mbg": ({"port": 8443}, {"port": 9443}),
    "/client-locations/remote": (
        {"nat_ip_address_or_hostname": "a.example.test"},
        {"nat_ip_address_or_hostname": "b.example.test"},
    ),
    "/phone-systems/1": ({"name": "One"}, {"ct_gateway_password": "Another-1"}),
    "/phone-systems/1/nodes/1": ({"nat_sip_port": 5070}, {"nat_ip_address": "203.0.113.7"}),
    EXTENSION: ({"use_remote_credentials": True}, {"remote_password": "Typed-by-hand-9"}),
    f"/phones/{MAC}": ({"extension": "2102"}, {"extension": None}),
    "/keymaps/default/all": (
        {"keys": [{"kind": "softkey", "position": 2, "type": "speeddial", "value": "2102"}]},
        {"keys": []},
    ),
    "/directories/system": ({"entries": [{"number": "1"}]}, {"entries": [{"number": "2"}]}),
    "/session/directory": ({"entries": [{"number": "3"}]}, {"entries": []}),
    "/users/ada": ({"display_name": "Ada"}, {"password": "Analytical-1843"}),
    "/settings/audit": ({"retention_days": 30}, {"retention_days": 31}),
}
"""Each with two changes; the second one often of something that no answer shows."""


async def ready(site: Site) -> None:
    await site.add_phone_system()
    await add_user(site, "ada", "user")
    await site.ok("PUT", "/users/admin", {"primary_extension": "2101"})
    await site.ok("PUT", f"/phones/{MAC}", {"extension": None})


async def test_nobody_overwrites_what_was_changed_meanwhile(site: Site) -> None:
    await ready(site)
    for path, (first, second) in WRITABLE.items():
        if path == EXTENSION:
            second = {"use_remote_credentials": True, **second}
        _, _, seen_by_both = await with_tag(site, "GET", path)
        assert seen_by_both, path
        status, _, after_first = await with_tag(site, "PUT", path, first, seen_by_both)
        assert (status, after_first != seen_by_both) == (200, True), path
        status, error, present = await with_tag(site, "PUT", path, second, seen_by_both)
        assert (status, error["code"], present) == (412, "precondition_failed", after_first), path
        assert f'"{error["etag"]}"' == present
        status, _, after_second = await with_tag(site, "PUT", path, second, after_first)
        assert (status, after_second != after_first) == (200, True), path
        _, _, read = await with_tag(site, "GET", path)
        assert read == after_second, path
        # Without If-Match every change is taken; a weak tag or a made-up one never fits.
        status, _, read = await with_tag(site, "PUT", path, second)
        assert status == 200
        for wrong in (f"W/{read}", '"made-up"', "nonsense"):
            assert (await with_tag(site, "PUT", path, second, wrong))[0] == 412, path
        assert (await with_tag(site, "PUT", path, second, f'"other", {read}, "more"'))[0] == 200
        assert (await with_tag(site, "PUT", path, second, "*"))[0] == 200


def test_every_resource_that_can_be_written_has_a_tag() -> None:
    without = {r.path for r in ROUTES if r.method in ("PUT", "DELETE") and not r.tagged}
    assert without == {"/session", "/session/password", "/sessions/{id}"}
    patterns = {r.path for r in ROUTES if r.method == "PUT" and r.tagged}
    files = {"/firmware/{model}", "/firmware/{model}/target", "/images/{name}"}
    assert len(patterns - files) == len(WRITABLE)


async def test_removal_obeys_the_tag_too(site: Site) -> None:
    await ready(site)
    for path in (f"/phones/{MAC}", "/users/ada"):
        _, _, tag = await with_tag(site, "GET", path)
        assert (await with_tag(site, "DELETE", path, None, '"stale"'))[0] == 412
        assert (await with_tag(site, "DELETE", path, None, tag))[0] == 204
    status, error, _ = await with_tag(site, "PUT", f"/phones/{MAC}", {"extension": None}, "*")
    assert (status, error.get("etag")) == (412, None)


async def test_tag_stays_while_only_the_state_changes(site: Site) -> None:
    await site.authorize()
    await site.add_phone_system()
    await site.check_remote("2101")
    _, _, before = await with_tag(site, "GET", EXTENSION)
    await site.reaches("2101", "provisioned")
    assert (await with_tag(site, "GET", EXTENSION))[2] == before


# The audit log


async def entries(site: Site, query: str = "") -> list[dict[str, Any]]:
    return list((await site.ok("GET", f"/audit?page_size=500{query}"))["items"])


async def test_change_is_told_with_who_what_before_and_after(site: Site) -> None:
    await site.add_phone_system()
    await site.ok("PUT", "/phone-systems/1/nodes/1", {"nat_ip_address": "203.0.113.9"})
    (entry,) = await entries(site, "&resource=/phone-systems/1/nodes")
    assert (entry["who"], entry["source"], entry["action"]) == ("admin", "127.0.0.1", "changed")
    assert entry["before"] == {"nat_ip_address": None}
    assert entry["after"] == {"nat_ip_address": "203.0.113.9"}
    assert entry["at"] == "2027-01-15T08:00:00Z"


async def test_hidden_change_is_told_without_its_value(site: Site) -> None:
    await site.add_phone_system()
    await site.check_remote("2101", remote_password="Typed-by-hand-1")
    await site.ok("PUT", "/phone-systems/1", {"ct_gateway_password": "Typed-by-hand-2"})
    for resource, member in (
        ("/phone-systems/1/extensions", "remote_password"),
        ("/phone-systems/1", "ct_gateway_password"),
    ):
        found = await entries(site, f"&resource={resource}&action=changed")
        assert any(e["after"].get(member) == "(changed, not shown)" for e in found), resource
    everything = str(await entries(site))
    assert "Typed-by-hand" not in everything


async def test_refused_change_leaves_no_entry(site: Site) -> None:
    await site.add_phone_system()
    before = len(await entries(site))
    assert (await site.call("PUT", EXTENSION, {"remote_name": "a b"}))[0] in (200, 422)
    assert (await site.call("PUT", "/users/admin", {"role": "user"}))[0] == 409
    assert (await site.call("PUT", "/settings/mbg", {"port": 0}))[0] == 422
    after = await entries(site)
    assert len([e for e in after if e["resource"].startswith(("/users", "/settings"))]) == len(
        [e for e in after if e["action"] in ("logged in", "password set at start")]
    )
    assert len(after) - before <= 1


async def test_what_the_system_does_by_itself_is_told(site: Site) -> None:
    await site.authorize()
    await site.add_phone_system()
    await site.check_remote("2101")
    await site.reaches("2101", "provisioned")
    site.mbg.expires_at = "2029-01-01T00:00:00Z"
    await site.ok("PUT", "/settings/mbg", {"port": site.mbg.port})

    async def renewed() -> bool:
        return bool(await entries(site, "&action=access token renewed"))

    await eventually(renewed, "the renewal is in the audit log")
    (entry,) = await entries(site, "&action=access token renewed")
    assert (entry["who"], entry["before"], entry["after"]) == (
        "system",
        {"expires_at": "2028-01-01T00:00:00Z"},
        {"expires_at": "2029-01-01T00:00:00Z"},
    )
    actions = {e["action"] for e in await entries(site, "&who=system")}
    assert {"SIP device provisioned", "access token's end read"} <= actions
    await site.uncheck_remote("2101")
    await site.reaches("2101", "off")
    assert await entries(site, "&action=SIP device removed")
    actions = {e["action"] for e in await entries(site, "&who=admin")}
    assert {"temporary token requested", "final token retrieved", "logged in"} <= actions


async def test_what_the_pbx_changes_is_told_once(site: Site) -> None:
    await site.add_phone_system()
    site.gateway.credentials["2102"] = ("2102", "Another-secret-1")
    site.gateway.stations = site.gateway.stations[:2]
    for _ in range(2):
        await site.ok("POST", "/phone-systems/1/sync")
    told = [e["after"] for e in await entries(site, "&action=taken over")]
    assert told == [
        {"credentials_changed": ["2102"], "no_longer_listed": ["2103"]},
        {"added": ["2101", "2102", "2103"]},
    ]


async def test_leak_into_the_audit_log_would_be_found(
    site: Site, sql: Callable[[str], None]
) -> None:
    facts = {"shared_secret": site.mbg.shared_secret}
    await services(site).trail.note(Actor("admin"), "planted", "/settings/mbg", facts)
    with pytest.raises(AssertionError, match="planted"):
        await check_audit(site.mcs.config, site)
    sql("DELETE FROM audit_entries WHERE action = 'planted'")


async def test_failed_log_in_is_told_but_not_what_was_typed_as_a_name(site: Site) -> None:
    await try_from(site, "127.0.0.9", "admin", "wrong-1-password")
    await try_from(site, "127.0.0.9", PASSWORD, "admin")
    found = await entries(site, "&action=log-in refused")
    assert [(e["who"], e["source"]) for e in found] == [("", "127.0.0.9"), ("admin", "127.0.0.9")]


async def test_audit_log_is_paged_and_filtered(site: Site) -> None:
    for number in range(5):
        site.clock.advance(3600)
        await add_user(site, f"user{number}", "user")
    page = await site.ok("GET", "/audit?action=created&page=2&page_size=2")
    assert [e["resource"] for e in page["items"]] == ["/users/user2", "/users/user1"]
    assert page["total"] == 5
    since = "&since=2027-01-15T11:00:00Z&until=2027-01-15T12:30:00Z&action=created"
    assert [e["resource"] for e in await entries(site, since)] == ["/users/user3", "/users/user2"]
    status, error = await site.call("GET", "/audit?since=yesterday")
    assert (status, error["field"]) == (422, "since")


async def test_audit_log_can_only_be_read(site: Site) -> None:
    written = [r for r in ROUTES if r.path.startswith("/audit") and r.method != "GET"]
    assert written == []
    for method in ("PUT", "POST", "DELETE", "PATCH"):
        assert (await site.call(method, "/audit"))[0] == 405
        assert (await site.call(method, "/audit/1"))[0] == 404


async def test_old_entries_go_after_the_retention(site: Site) -> None:
    await site.ok("PUT", "/settings/audit", {"retention_days": 2})
    await add_user(site, "ada", "user")
    site.clock.advance(86400)
    await site.log_in()
    await add_user(site, "bob", "user")
    site.clock.advance(86400 + 1)
    await site.log_in()

    async def forgotten() -> bool:
        return [e["resource"] for e in await entries(site, "&action=created")] == ["/users/bob"]

    await eventually(forgotten, "the older entry is gone and the younger one is not")
    await site.ok("PUT", "/settings/audit", {"retention_days": 1})
    for days in (0, 4000):
        assert (await site.call("PUT", "/settings/audit", {"retention_days": days}))[0] == 422


# Licences and health


async def test_licences_tell_what_is_known(site: Site) -> None:
    unknown = await site.ok("GET", "/licences")
    assert unknown["cat_f"]["in_use"] is None
    assert "MBG" in unknown["mbg_teleworker"]["message"]
    await site.authorize()
    await site.add_phone_system()
    await site.ok("PUT", f"/phones/{MAC}", {"extension": "2101"})
    await site.ok("PUT", "/phones/1400E9123457", {"extension": None})
    site.mbg.add_device(status="registered", licensed=True)
    site.mbg.add_device(set_username="b", icp_username="2", status="no licence", licensed=False)
    told = await site.ok("GET", "/licences")
    assert (told["mbg_teleworker"]["in_use"], told["mbg_teleworker"]["wanting"]) == (1, 1)
    assert told["mcs_6900"]["in_use"] == 1


async def test_health_says_more_to_who_may_know(site: Site) -> None:
    await site.add_phone_system()
    health = await site.ok("GET", "/health")
    assert health["detail"]["phone_systems"][0]["state"] == "connected"
    assert health["detail"]["extensions"] == 3
    assert health["detail"]["mbg"]["state"] == "none"
    engineer = site.token
    await add_user(site, "ada", "user", primary_extension="2101")
    await log_in_as(site, "ada", GOOD)
    assert set(await site.ok("GET", "/health")) == {"status", "version"}
    site.token = None
    assert set(await site.ok("GET", "/health")) == {"status", "version"}
    site.token = engineer
    assert Permission.READ_SITE in (await site.ok("GET", "/session"))["permissions"]


@pytest.mark.parametrize("text", ["a\0b", "\0"])
async def test_nul_is_refused_before_it_meets_the_database(site: Site, text: str) -> None:
    body = {"username": "ada", "password": GOOD, "role": "user", "display_name": text}
    assert (await site.call("POST", "/users", body))[0] == 400
    assert (await site.call("GET", "/users/a%00b"))[0] == 404
    assert (await site.call("GET", "/users?search=%00"))[0] == 404
