"""The REST resources over TLS: filters, pages, entity tags, PUT and PATCH, refusals by field."""

import json
from collections.abc import AsyncIterator

import pytest

from simulators.mbg.records.devices import DeviceStatus
from simulators.mbg.tests.rest_site import DEVICES, ICPS, Site, site

GOOD = {"icp_id": "1", "set_username": "a", "set_password": "abcdefg1"}


@pytest.fixture
async def rest() -> AsyncIterator[Site]:
    async with site() as made:
        yield made


async def found(rest: Site, query: str) -> list[object]:
    answer = await rest.call("GET", f"{DEVICES}?{query}")
    assert answer.status == 200, answer.body
    items = answer.json["items"]
    assert isinstance(items, list)
    return [item["set_username"] for item in items]


# Lists


async def test_devices_are_found_by_each_filter(rest: Site) -> None:
    branch = rest.mbg.add_icp("Branch", "127.10.0.99")
    await rest.device(1, description="Ada at home")
    await rest.device(2, icp_id=branch.id, description="Bob")
    await rest.device(3, enabled=False)
    rest.mbg.store.note("1", DeviceStatus.REGISTERED, licensed=True)
    assert await found(rest, "set_username=tw2") == ["tw2"]
    assert await found(rest, "icp_username=2101") == ["tw1"]
    assert await found(rest, f"icp_username=2102&icp_id={rest.icp.id}") == []
    assert await found(rest, f"icp_id={branch.id}") == ["tw2"]
    assert await found(rest, "status=registered") == ["tw1"]
    assert await found(rest, "status=disabled") == ["tw3"]
    assert await found(rest, "search=AT%20HOME") == ["tw1"]
    assert await found(rest, "search=TW") == ["tw1", "tw2", "tw3"]
    assert await found(rest, "search=tw&status=never%20registered") == ["tw2"]
    assert await found(rest, "set_username=nobody") == []


async def test_a_page_is_a_part_of_what_was_found(rest: Site) -> None:
    for number in range(1, 6):
        await rest.device(number)
    answer = (await rest.call("GET", f"{DEVICES}?page=2&page_size=2")).json
    assert [item["id"] for item in answer.pop("items")] == ["3", "4"]  # type: ignore[attr-defined]
    assert answer == {"total": 5, "page": 2, "page_size": 2}
    beyond = (await rest.call("GET", f"{DEVICES}?page=4&page_size=2")).json
    assert (beyond["items"], beyond["total"]) == ([], 5)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("page=0", "page"),
        ("page_size=501", "page_size"),
        ("page_size=many", "page_size"),
        ("status=asleep", "status"),
        ("user=tw1", "user"),
        ("search=a&search=b", "search"),
    ],
)
async def test_a_query_that_means_nothing_is_refused_by_name(
    rest: Site, query: str, name: str
) -> None:
    answer = await rest.call("GET", f"{DEVICES}?{query}")
    assert (answer.status, answer.code) == (422, "invalid")
    assert list(answer.json["detail"]["fields"]) == [name]  # type: ignore[index]


async def test_icps_are_found_by_each_filter(rest: Site) -> None:
    rest.mbg.add_icp("Branch", "127.10.0.99")

    async def names(query: str) -> list[object]:
        items = (await rest.call("GET", f"{ICPS}?{query}")).json["items"]
        assert isinstance(items, list)
        return [item["name"] for item in items]

    assert await names("") == ["Head Office", "Branch"]
    assert await names("address=127.10.0.99") == ["Branch"]
    assert await names("name=Branch") == ["Branch"]
    assert await names("search=head") == ["Head Office"]
    assert await names("search=10.0.99") == ["Branch"]
    assert await names("name=Nowhere") == []


# One resource


async def test_a_resource_that_did_not_change_is_not_sent_again(rest: Site) -> None:
    device = await rest.device()
    for path in (f"{DEVICES}{device['id']}/", f"{ICPS}{rest.icp.id}/"):
        first = await rest.call("GET", path)
        etag = first.headers["ETag"]
        for known in (etag, f'"other", W/{etag}', "*"):
            again = await rest.call("GET", path, headers={"If-None-Match": known})
            assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)
        other = await rest.call("GET", path, headers={"If-None-Match": '"other"'})
        assert (other.status, other.body) == (200, first.body)


async def test_a_created_device_comes_with_its_place_and_its_etag(rest: Site) -> None:
    made = await rest.call("POST", DEVICES, GOOD)
    assert made.headers["Location"] == f"/mslrest{DEVICES}1/"
    read = await rest.call("GET", f"{DEVICES}1/")
    assert (made.body, made.headers["ETag"]) == (read.body, read.headers["ETag"])


async def test_every_change_gives_another_etag(rest: Site) -> None:
    path = f"{DEVICES}{(await rest.device())['id']}/"
    etags = [(await rest.call("GET", path)).headers["ETag"]]
    for change in ({"description": "x"}, {"set_password": "another-1"}, {"enabled": False}):
        changed = await rest.call("PATCH", path, change)
        etags.append(changed.headers["ETag"])
        assert (await rest.call("GET", path)).headers["ETag"] == etags[-1]
    rest.mbg.store.note("1", DeviceStatus.NO_LICENCE, licensed=False)
    rest.mbg.store.patch("1", {"enabled": True})
    etags.append((await rest.call("GET", path)).headers["ETag"])
    assert len(set(etags)) == 5


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_a_change_of_what_was_changed_meanwhile_is_refused(rest: Site, method: str) -> None:
    path = f"{DEVICES}{(await rest.device())['id']}/"
    body = {"icp_id": rest.icp.id, "set_username": "tw9"} if method != "DELETE" else None
    read = (await rest.call("GET", path)).headers["ETag"]
    meanwhile = (await rest.call("PATCH", path, {"description": "x"})).headers["ETag"]
    for stale in (read, f"W/{meanwhile}"):
        answer = await rest.call(method, path, body, {"If-Match": stale})
        assert (answer.status, answer.code) == (412, "precondition_failed")
        assert answer.json["detail"] == {"etag": meanwhile}
    assert rest.mbg.store.get("1").set_username == "tw1"
    done = await rest.call(method, path, body, {"If-Match": f'"other", {meanwhile}'})
    assert done.status in (200, 204)


@pytest.mark.parametrize("headers", [{}, {"If-Match": "*"}])
async def test_without_a_condition_every_change_is_welcome(
    rest: Site, headers: dict[str, str]
) -> None:
    path = f"{DEVICES}{(await rest.device())['id']}/"
    assert (await rest.call("PATCH", path, {"description": "x"}, headers)).status == 200
    assert (await rest.call("DELETE", path, headers=headers)).status == 204
    assert (await rest.call("GET", path)).code == "not_found"


async def test_put_replaces_and_patch_changes(rest: Site) -> None:
    path = f"{DEVICES}{(await rest.device(description='Ada', enabled=False))['id']}/"
    patched = (await rest.call("PATCH", path, {"icp_username": "2199"})).json
    assert (patched["description"], patched["icp_username"]) == ("Ada", "2199")
    put = (await rest.call("PUT", path, {"icp_id": rest.icp.id, "set_username": "tw1"})).json
    assert (put["description"], put["enabled"], put["icp_username"]) == ("", True, "tw1")
    assert rest.mbg.store.get("1").set_password == "abcdefg1"


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, ["icp_id", "set_password", "set_username"]),
        (GOOD | {"icp_id": 1}, ["icp_id"]),
        (GOOD | {"icp_id": "9"}, ["icp_id"]),
        (GOOD | {"set_password": "short"}, ["icp_password", "set_password"]),
        (GOOD | {"set_username": "a\n", "x": 1}, ["set_username", "x"]),
    ],
)
async def test_what_is_wrong_with_a_device_is_told_field_by_field(
    rest: Site, body: object, names: list[str]
) -> None:
    answer = await rest.call("POST", DEVICES, body)
    assert (answer.status, answer.code) == (422, "invalid")
    assert sorted(answer.json["detail"]["fields"]) == names  # type: ignore[index]
    assert rest.mbg.store.devices == {}


async def test_a_duplicate_names_the_other_device(rest: Site) -> None:
    first, second = await rest.device(1), await rest.device(2)
    answer = await rest.call("PATCH", f"{DEVICES}{second['id']}/", {"set_username": "tw1"})
    assert (answer.status, answer.code) == (409, "duplicate")
    assert answer.json["detail"] == {"id": first["id"], "field": "set_username"}


async def test_no_answer_and_no_journal_line_holds_a_password(rest: Site) -> None:
    device = await rest.device(set_password="first-secret-1", icp_password="other-secret-2")
    path = f"{DEVICES}{device['id']}/"
    answers = [
        await rest.call("GET", path),
        await rest.call("GET", DEVICES),
        await rest.call("PATCH", path, {"set_password": "third-secret-3"}),
    ]
    seen = b"".join(answer.body for answer in answers).decode()
    seen += json.dumps([rest.mbg.journal.view(entry) for entry in rest.mbg.journal.entries])
    for secret in ("first-secret-1", "other-secret-2", "third-secret-3"):
        assert secret not in seen


async def test_states_of_a_device_with_their_reason(rest: Site) -> None:
    path = f"{DEVICES}{(await rest.device())['id']}/"
    for status, detail in (
        (DeviceStatus.REFUSED_SET_SIDE, "wrong password"),
        (DeviceStatus.REFUSED_BY_ICP, "403 Forbidden"),
        (DeviceStatus.NO_LICENCE, ""),
    ):
        rest.mbg.store.note("1", status, licensed=False, detail=detail)
        shown = (await rest.call("GET", path)).json
        assert (shown["status"], shown["status_detail"]) == (status.value, detail)
    disabled = (await rest.call("PATCH", path, {"enabled": False})).json
    assert (disabled["status"], disabled["status_detail"]) == ("disabled", "")


# Tokens


async def test_managetoken_reads_renews_and_revokes(rest: Site) -> None:
    path = "/base/v1/managetoken/"
    read = (await rest.call("GET", path)).json
    assert (read["state"], read["consumer_id"]) == ("valid", "MiVOAppSuite")
    await rest.mbg.clock.advance(days=340)
    assert (await rest.call("GET", path, timestamp=_now(rest))).json["state"] == "expiring"
    renewed = (await rest.call("PUT", path, timestamp=_now(rest))).json
    assert (renewed["state"], renewed["expires_at"] > read["expires_at"]) == ("valid", True)  # type: ignore[operator]
    assert (await rest.call("DELETE", path, timestamp=_now(rest))).status == 204
    refused = await rest.call("GET", path, timestamp=_now(rest))
    assert (refused.status, refused.code) == (401, "token_revoked")
    assert refused.headers["WWW-Authenticate"] == 'OAuth realm="MBG"'


async def test_a_call_is_judged_before_its_body(rest: Site) -> None:
    unsigned = await rest.call("POST", DEVICES, {"x": 1}, sign=False)
    assert (unsigned.status, unsigned.code) == (401, "unsigned")
    assert unsigned.headers["WWW-Authenticate"] == 'OAuth realm="MBG"'
    rest.mbg.edit_consumer("MiVOAppSuite", permissions={"MBG/v1/devices": "read"})
    denied = await rest.call("POST", DEVICES, {"x": 1})
    assert (denied.status, denied.code) == (403, "permission_denied")


async def test_a_failure_of_ours_is_journaled_and_not_shown(
    rest: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("inner secret")

    monkeypatch.setattr(rest.mbg.store, "find", fail)
    answer = await rest.call("GET", DEVICES)
    assert (answer.status, answer.code) == (500, "internal_error")
    assert b"inner secret" not in answer.body
    assert any("REST call failed" in entry.summary for entry in rest.mbg.journal.entries)


async def test_ten_thousand_devices_are_looked_up_by_name_without_a_search(rest: Site) -> None:
    store = rest.mbg.store
    for number in range(10_000):
        store.create(
            {"icp_id": "1", "set_username": f"tw{number}", "set_password": "abcdefg1"}, "x"
        )
    read: list[str] = []

    class Watched(dict[str, object]):
        def values(self) -> object:  # type: ignore[override]
            read.append("all")
            return super().values()

    store.devices = Watched(store.devices)  # type: ignore[assignment]
    assert await found(rest, "set_username=tw9999") == ["tw9999"]
    assert await found(rest, "icp_username=tw9998") == ["tw9998"]
    assert read == []
    assert await found(rest, "search=tw9997") == ["tw9997"]
    assert read == ["all"], "this one does search"


def _now(rest: Site) -> str:
    return str(int(rest.mbg.clock.now()))
