"""Comparing what should be on the MBG with what is: each finding, and laws that hold for all."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from system.domain.operations import Kind
from system.mbg.documents import DeviceDocument, IcpDocument
from system.provisioning.drift import Drift, Finding, Wanted, compare

US = "MiVOAppSuite"
ICP = IcpDocument(id="1", name="Head Office", address="127.10.0.21")
OTHER_ICP = IcpDocument(id="2", name="Branch", address="127.10.0.22")


def wanted(number: str = "2101", **changes: Any) -> Wanted:
    usual = Wanted(
        extension_id=int(number),
        extension=number,
        use_remote=True,
        remote_name=f"tw{number}",
        description=f"{number} Ada",
        node_name="Head Office",
        node_address="127.10.0.21",
        icp_name=number,
        device_id=f"7{number}",
        device_name=f"tw{number}",
        unanswered_name=None,
        created_at=1000.0,
        written_at=1000.0,
    )
    return replace(usual, **changes)


def device(number: str = "2101", **changes: Any) -> DeviceDocument:
    usual = {
        "id": f"7{number}",
        "icp_id": "1",
        "set_username": f"tw{number}",
        "icp_username": number,
        "created_by": US,
        "description": f"{number} Ada",
        "status": "registered",
    }
    return DeviceDocument.model_validate({**usual, **changes})


def findings(
    extensions: list[Wanted], devices: list[DeviceDocument], icps: list[IcpDocument] | None = None
) -> list[tuple[Drift, Kind | None]]:
    found = compare(extensions, devices, [ICP] if icps is None else icps, US).findings
    return [(finding.kind, finding.repair) for finding in found]


def test_nothing_differs() -> None:
    assert findings([wanted()], [device()]) == []
    off = wanted(use_remote=False, device_id=None, device_name=None, remote_name=None)
    assert findings([off], []) == []


CASES: list[tuple[str, Wanted, list[DeviceDocument], Drift, Kind | None]] = [
    ("deleted behind our back", wanted(), [], Drift.MISSING, Kind.PROVISION),
    (
        "never made",
        wanted(device_id=None, device_name=None, created_at=None),
        [],
        Drift.MISSING,
        Kind.PROVISION,
    ),
    (
        "an old backup has it under the id of before",
        wanted(),
        [device(id="8")],
        Drift.OTHER_ID,
        Kind.PROVISION,
    ),
    (
        "an old backup, and its id is another one's now",
        wanted(),
        [device(id="8"), device("2102", id="72101")],
        Drift.OTHER_ID,
        Kind.PROVISION,
    ),
    (
        "lost answer to a create",
        wanted(device_id=None, device_name=None, unanswered_name="tw2101"),
        [device()],
        Drift.UNRECORDED,
        Kind.PROVISION,
    ),
    (
        "made by hand for the extension",
        wanted(device_id=None, device_name=None),
        [device(id="9", set_username="hand", created_by="admin")],
        Drift.MADE_BY_HAND,
        Kind.PROVISION,
    ),
    (
        "made by hand with the same name for somebody else",
        wanted(device_id=None, device_name=None),
        [device(id="9", icp_username="2999", created_by="admin")],
        Drift.NAME_TAKEN,
        None,
    ),
    (
        "id given to somebody else",
        wanted(),
        [device(set_username="boss", icp_username="2999", created_by="admin")],
        Drift.ID_REUSED,
        Kind.PROVISION,
    ),
    (
        "old backup: an earlier name",
        wanted(),
        [device(set_username="earlier")],
        Drift.OLD_NAME,
        Kind.PROVISION,
    ),
    ("switched off on the MBG", wanted(), [device(enabled=False)], Drift.DIFFERENT, Kind.PROVISION),
    ("another ICP", wanted(), [device(icp_id="2")], Drift.DIFFERENT, Kind.PROVISION),
    (
        "password refused",
        wanted(),
        [device(status="refused on the set side")],
        Drift.SET_REFUSED,
        Kind.PROVISION,
    ),
    (
        "unchecked and still there",
        wanted(use_remote=False, remote_name=None),
        [device()],
        Drift.NOT_REMOVED,
        Kind.REMOVE,
    ),
    (
        "back after a removal",
        wanted(use_remote=False, remote_name=None, device_id=None, device_name=None),
        [device()],
        Drift.LEFT_OVER,
        None,
    ),
]


@pytest.mark.parametrize(
    ("_name", "one", "devices", "kind", "repair"), CASES, ids=[case[0] for case in CASES]
)
def test_each_difference(
    _name: str, one: Wanted, devices: list[DeviceDocument], kind: Drift, repair: Kind | None
) -> None:
    assert findings([one], devices) == [(kind, repair)]


def test_icp_that_is_gone_or_has_another_address_is_named() -> None:
    (finding,) = compare([wanted()], [device()], [OTHER_ICP], US).findings
    assert (finding.kind, finding.repair) == (Drift.ICP_MISSING, None)
    for part in ("Head Office", "127.10.0.21", "Branch (127.10.0.22)"):
        assert part in finding.message


def test_renamed_icp_is_no_difference() -> None:
    assert findings([wanted()], [device()], [ICP.model_copy(update={"name": "Main"})]) == []


def test_by_hand_for_an_unchecked_extension_is_left_alone() -> None:
    off = wanted(use_remote=False, device_id=None, device_name=None)
    assert findings([off], [device(created_by="admin")]) == []


def test_old_backup_is_told_from_one_deleted_device() -> None:
    rewritten = wanted("2101", created_at=100.0, written_at=900.0)
    untouched = wanted("2102", created_at=200.0, written_at=200.0)
    newest = wanted("2103", created_at=500.0, written_at=500.0)
    both = [device("2101"), device("2102")]
    # The newest is gone: the MBG is as it was before 500, so 2101 has its old password there.
    assert findings([rewritten, untouched, newest], both) == [
        (Drift.PASSWORD_DOUBTED, Kind.PROVISION),
        (Drift.MISSING, Kind.PROVISION),
    ]
    # An older one is gone and the newest is there: somebody deleted one device.
    gone = replace(untouched, extension_id=2102)
    assert findings([rewritten, gone, newest], [device("2101"), device("2103")]) == [
        (Drift.MISSING, Kind.PROVISION)
    ]


NUMBERS = [str(number) for number in range(2101, 2106)]
NAMES = [*(f"tw{number}" for number in NUMBERS), "boss", "hand"]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Wanted], list[DeviceDocument]]:
    ids = [str(number) for number in range(1, 9)]
    extensions = []
    for number in NUMBERS:
        known = draw(st.booleans())
        use_remote = draw(st.booleans())
        extensions.append(
            wanted(
                number,
                use_remote=use_remote,
                remote_name=f"tw{number}" if use_remote else None,
                device_id=draw(st.sampled_from(ids)) if known else None,
                device_name=draw(st.sampled_from([f"tw{number}", f"old{number}"]))
                if known
                else None,
                unanswered_name=draw(st.sampled_from([None, f"tw{number}"])),
                created_at=draw(st.sampled_from([None, 1.0, 2.0])),
                written_at=draw(st.sampled_from([None, 1.0, 3.0])),
            )
        )
    names = draw(st.lists(st.sampled_from([*NAMES, "old2101"]), unique=True, max_size=6))
    sides = draw(
        st.lists(
            st.tuples(st.sampled_from(["1", "2"]), st.sampled_from([*NUMBERS, "2999"])),
            unique=True,
            min_size=len(names),
            max_size=len(names),
        )
    )
    numbers = draw(st.permutations(ids))
    devices = [
        device(
            side[1],
            id=number,
            icp_id=side[0],
            set_username=name,
            created_by=draw(st.sampled_from([US, "admin"])),
        )
        for number, name, side in zip(numbers, names, sides, strict=False)
    ]
    return extensions, devices


def is_ours(one: Wanted, found: dict[str, Any]) -> bool:
    by_id = found["id"] == one.device_id and found["set_username"] in one.own_names
    by_name = found["set_username"] in one.own_names and found["created_by"] == US
    return by_id or (by_name and found["icp_username"] in one.icp_names)


def is_for(one: Wanted, found: dict[str, Any]) -> bool:
    return found["icp_username"] in one.icp_names and found["icp_id"] == ICP.id


@settings(deadline=None, max_examples=100)
@given(worlds())
def test_a_repair_touches_only_what_is_ours_or_the_extensions_own(
    world: tuple[list[Wanted], list[DeviceDocument]],
) -> None:
    extensions, devices = world
    by_id = {one.extension_id: one for one in extensions}
    seen: set[int] = set()
    for finding in compare(extensions, devices, [ICP, OTHER_ICP], US).findings:
        one = by_id[finding.extension_id]
        assert finding.extension_id not in seen
        seen.add(finding.extension_id)
        if finding.repair is None or finding.found is None:
            continue
        if finding.repair is Kind.REMOVE:
            assert is_ours(one, finding.found)
        elif finding.kind is not Drift.ID_REUSED:
            assert is_ours(one, finding.found) or is_for(one, finding.found)


@settings(deadline=None, max_examples=100)
@given(worlds())
def test_what_is_repaired_differs_no_more(
    world: tuple[list[Wanted], list[DeviceDocument]],
) -> None:
    extensions, devices = world
    for _ in range(4):
        comparison = compare(extensions, devices, [ICP, OTHER_ICP], US)
        repairs = [finding for finding in comparison.findings if finding.repair is not None]
        if not repairs:
            return
        extensions, devices = repaired(repairs[0], extensions, devices)
        kinds = {
            f.extension_id: f for f in compare(extensions, devices, [ICP, OTHER_ICP], US).findings
        }
        after = kinds.get(repairs[0].extension_id)
        assert after is None or after.repair is None or after.kind is Drift.PASSWORD_DOUBTED


def repaired(
    finding: Finding, extensions: list[Wanted], devices: list[DeviceDocument]
) -> tuple[list[Wanted], list[DeviceDocument]]:
    """The world after the operation: a model of what the executor does."""
    one = next(one for one in extensions if one.extension_id == finding.extension_id)
    target = None
    if finding.found is not None and finding.kind is not Drift.ID_REUSED:
        target = finding.found["id"]
    rest = [d for d in devices if d.id != target]
    if finding.repair is Kind.REMOVE:
        changed = replace(one, device_id=None, device_name=None, unanswered_name=None)
        return [changed if e is one else e for e in extensions], rest
    number = target or "new" + one.extension
    rest = [  # what has the name or the ICP side already is what the executor would have found
        d
        for d in rest
        if d.set_username != one.remote_name
        and (d.icp_id, d.icp_username) != (ICP.id, one.icp_name)
    ]
    made = device(one.extension, id=number, set_username=one.remote_name)
    changed = replace(
        one,
        device_id=number,
        device_name=one.remote_name,
        unanswered_name=None,
        created_at=9.0,
        written_at=9.0,
    )
    return [changed if e is one else e for e in extensions], [*rest, made]
