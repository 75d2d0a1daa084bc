"""ICPs, SIP devices and licences as records."""

import pytest

from simulators.mbg.records.devices import DeviceStore, weak
from simulators.mbg.refusals import Refused
from simulators.mbg.sip_border.licences import LicencePool

GOOD: dict[str, object] = {
    "icp_id": "1",
    "set_username": "tw1",
    "set_password": "abcdefg1",
    "icp_username": "2101",
    "icp_password": "hijklmn2",
}


def store() -> DeviceStore:
    made = DeviceStore()
    made.add_icp("Head Office", "127.10.0.21")
    return made


def refused(act: object, *args: object) -> Refused:
    with pytest.raises(Refused) as caught:
        act(*args)  # type: ignore[operator]
    return caught.value


def test_a_device_is_read_without_its_passwords() -> None:
    device = store().create(dict(GOOD), "MiVOAppSuite")
    document = device.document()
    assert document["created_by"] == "MiVOAppSuite"
    assert not any("password" in name for name in document)
    assert "abcdefg1" not in repr(device)


def test_an_empty_icp_side_copies_the_set_side() -> None:
    device = store().create({"icp_id": "1", "set_username": "u", "set_password": "abcdefg1"}, "x")
    assert (device.icp_username, device.icp_password) == ("u", "abcdefg1")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("icp_id", "9"),
        ("set_username", ""),
        ("set_username", 7),
        ("set_password", "short1"),
        ("icp_password", "onlyletters"),
        ("enabled", "yes"),
        ("availability", "nowhere"),
        ("colour", "red"),
        ("description", "a\nb"),
    ],
)
def test_validation_names_the_field(field: str, value: object) -> None:
    refusal = refused(store().create, GOOD | {field: value}, "x")
    assert refusal.status == 422
    assert field in refusal.detail["fields"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("field", "change"),
    [("set_username", {"icp_username": "2102"}), ("icp_username", {"set_username": "tw2"})],
)
def test_duplicates_name_the_other_device(field: str, change: dict[str, object]) -> None:
    made = store()
    first = made.create(dict(GOOD), "x")
    refusal = refused(made.create, GOOD | change, "x")
    assert refusal.status == 409
    assert refusal.detail == {"id": first.id, "field": field}
    made.create(GOOD | {"set_username": "tw2", "icp_username": "2102"}, "x")


def test_patch_keeps_what_it_does_not_name_and_put_does_not() -> None:
    made = store()
    device = made.create(GOOD | {"description": "Ada"}, "x")
    patched = made.patch(device.id, {"enabled": False})
    assert (patched.description, patched.set_password) == ("Ada", "abcdefg1")
    put = made.replace(device.id, {k: v for k, v in GOOD.items() if "password" not in k})
    assert (put.description, put.enabled, put.set_password) == ("", True, "abcdefg1")


def test_names_are_free_again_after_change_and_delete() -> None:
    made = store()
    device = made.create(dict(GOOD), "x")
    made.patch(device.id, {"set_username": "tw9"})
    assert made.by_set_username("tw1") is None
    made.delete(device.id)
    made.create(dict(GOOD), "x")
    assert refused(made.get, device.id).status == 404


@pytest.mark.parametrize("password", ["", "short1-", "12345678", "abcdefgh", "username1"])
def test_weak_passwords(password: str) -> None:
    assert weak("username1", password)
    assert not weak("username1", "abcdefg1")


def test_licences_are_counted_once_per_device_and_reused() -> None:
    pool = LicencePool(1)
    assert pool.take("1")
    assert pool.take("1"), "a refresh never loses its licence"
    assert not pool.take("2")
    pool.release("1")
    assert pool.take("2")
    assert (pool.in_use, pool.high_water) == (1, 1)


def test_a_lone_surrogate_is_no_text() -> None:
    kept = store()
    error = refused(kept.create, GOOD | {"set_username": "tw\ud800"}, "x")
    assert (error.status, list(error.detail["fields"])) == (422, ["set_username"])  # type: ignore[call-overload]
    assert kept.create(GOOD | {"set_username": "tw\U0001f4de"}, "x").set_username == "tw\U0001f4de"


def test_the_id_of_an_icp_that_went_is_not_given_again() -> None:
    kept = store()
    kept.add_icp("Branch", "127.10.0.22")
    del kept.icps["1"]
    kept.add_icp("Depot", "127.10.0.23")
    assert [(icp.id, icp.name) for icp in kept.icps.values()] == [("2", "Branch"), ("3", "Depot")]


@pytest.mark.parametrize(
    ("name", "address", "fields"),
    [
        (" ", "127.10.0.22", ["name"]),
        ("", "127.10.0.22", ["name"]),
        ("Branch", "", ["address"]),
        ("Branch", " ", ["address"]),
        ("Branch", "not an ip <b>", ["address"]),
        ("Branch", "127.0.0", ["address"]),
        ("Branch", "::1", ["address"]),
        ("Branch", "branch.example", ["address"]),  # nobody said what it stands for
        ("", "-x", ["name", "address"]),
    ],
)
def test_an_icp_has_a_name_and_an_address(name: str, address: str, fields: list[str]) -> None:
    kept = store()
    error = refused(kept.add_icp, name, address)
    assert (error.status, list(error.detail["fields"])) == (422, fields)  # type: ignore[call-overload]
    assert [icp.name for icp in kept.icps.values()] == ["Head Office"]
    assert kept.add_icp("Branch", "branch.example", "127.10.0.22").id == "2"


def test_a_host_name_stays_as_typed_beside_its_ip_address() -> None:
    kept = store()
    icp = kept.change_icp("1", address="office.example", ip="127.10.0.22")
    assert (icp.name, icp.address, icp.ip) == ("Head Office", "office.example", "127.10.0.22")
    assert kept.find_icps(address="office.example") == [icp]
    with pytest.raises(Refused, match="check its spelling"):
        kept.change_icp("1", address="nobody.example")
    assert kept.icps["1"] == icp
