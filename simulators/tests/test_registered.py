"""Who is registered, by the numbers of a burst's accounts, and by name where that is none."""

from types import SimpleNamespace
from typing import Any

from simulators.bitmaps import unpack
from simulators.estate.registered import who
from simulators.mbg.sip_border.licences import LicencePool


def test_each_place_tells_its_own() -> None:
    licences = LicencePool(9)
    for device in ("1", "3", "8"):
        licences.take(device)
    named = {"1": "1000", "2": "1001", "3": "1002", "4": "5000"}
    devices = {id: SimpleNamespace(icp_username=name) for id, name in named.items()}
    mbg = SimpleNamespace(
        store=SimpleNamespace(devices=devices),
        border=SimpleNamespace(bindings=dict.fromkeys(["2", "1", "4"])),
        licences=licences,
    )
    node = SimpleNamespace(registered_extensions=lambda: ["1001", "7000", "6000"])
    estate: Any = SimpleNamespace(mbg=mbg, node=node)
    told = who(estate, {"1000": 0, "1001": 1, "1002": 2})
    assert {place: unpack(str(said["items"])) for place, said in told.items()} == {
        "mbg": {0, 1}, "pbx": {1}, "licences": {0, 2},
    }  # fmt: skip
    assert {place: said["others"] for place, said in told.items()} == {
        "mbg": ["5000"], "pbx": ["6000", "7000"], "licences": ["device 8"],
    }  # fmt: skip
