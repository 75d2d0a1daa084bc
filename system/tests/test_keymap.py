"""Keymap profiles: what the merge promises for any levels, and the API that sets them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from system.domain.keymap import (
    CAPACITY,
    CENTRAL,
    LINE_KEYS,
    Key,
    KeyKind,
    Level,
    key_problem,
    merge,
    parameters_of,
)
from system.tests.conftest import Site
from system.tests.phone_client import MAC, PhoneClient

keys = st.builds(
    Key,
    st.sampled_from(KeyKind),
    st.integers(1, 90),
    st.sampled_from(["speeddial", "xml", "line", "empty", "none", "blf"]),
    st.text("abc", max_size=3),
    st.text("123", max_size=3),
    st.sampled_from([None, 1, 3]),
)
levels = st.dictionaries(st.sampled_from(Level), st.lists(keys, max_size=30), max_size=4)
OWN = [Key(KeyKind.SOFTKEY, 1, "xml", "Hot Desk", "uri")]


@settings(deadline=None)
@given(levels, st.sampled_from([*CAPACITY, "9999"]))
def test_any_levels_make_a_phone_that_works(profiles: dict[Level, list[Key]], model: str) -> None:
    merged = merge(profiles, model, OWN)
    placed = [one.key for one in merged.placed]
    assert tuple(placed[:2]) == LINE_KEYS, "PHN-5"
    assert not [key for key in placed if key.type == "line" and key.kind is KeyKind.SOFTKEY]
    assert not [key for key in placed if key.type == "none"]
    capacity = CAPACITY.get(model, CAPACITY["6920"])
    for kind in KeyKind:
        positions = [key.position for key in placed if key.kind is kind]
        assert positions == list(range(1, len(positions) + 1)), "gaps are compressed"
        assert len(positions) <= capacity[kind]
    softkeys = [key for key in placed if key.kind is KeyKind.SOFTKEY]
    assert softkeys[0].label == "Hot Desk"


@settings(deadline=None)
@given(levels)
def test_central_levels_win_and_the_strongest_of_them_first(
    profiles: dict[Level, list[Key]],
) -> None:
    merged = merge(profiles, "6940")
    found = [*merged.placed, *merged.dropped]
    for slot in {(key.kind, key.position) for level in profiles for key in profiles[level]}:
        here = {
            level: [k for k in profiles.get(level, []) if (k.kind, k.position) == slot]
            for level in Level
        }
        valid = {level: [k for k in ks if key_problem(k) is None] for level, ks in here.items()}
        central = [level for level in CENTRAL if valid[level]]
        if central:
            winner = valid[central[-1]][-1]
            assert winner.type == "none" or [
                one
                for one in found
                if one.level is central[-1]
                and (one.key.label, one.key.value)
                == (
                    winner.label,
                    winner.value,
                )
            ]


def test_levels_override_each_other_key_by_key() -> None:
    def key(position: int, label: str, kind: str = "speeddial") -> Key:
        return Key(KeyKind.TOPSOFTKEY, position, kind, label)

    profiles = {
        Level.DEFAULT: [key(3, "d3"), key(5, "d5"), key(9, "d9")],
        Level.MODEL: [key(5, "m5")],
        Level.PHONE: [key(9, "", "none")],
        Level.USER: [key(5, "u5"), key(7, "u7")],
    }
    merged = merge(profiles, "6930")
    shown = [(one.key.position, one.key.label, one.level) for one in merged.placed[2:]]
    assert shown == [
        (3, "d3", Level.DEFAULT),
        (4, "m5", Level.MODEL),
        (5, "u7", Level.USER),
    ]
    assert [one.key.label for one in merged.dropped] == ["u5"]
    assert parameters_of(merged.placed[2].key) == [
        ("topsoftkey3 type", "speeddial"),
        ("topsoftkey3 label", "d3"),
    ]


def test_surplus_keys_are_dropped() -> None:
    many = [Key(KeyKind.SOFTKEY, number, "speeddial", str(number)) for number in range(1, 31)]
    merged = merge({Level.DEFAULT: many}, "6920", OWN)
    assert len([one for one in merged.placed if one.key.kind is KeyKind.SOFTKEY]) == 18
    assert [one.key.label for one in merged.dropped] == [str(n) for n in range(18, 31)]


SPEED_DIAL = {"kind": "topsoftkey", "position": 3, "type": "speeddial", "label": "Desk"}


async def test_keys_reach_a_phone_without_a_restart(site: Site) -> None:
    await site.add_phone_system()
    phone = PhoneClient(site)
    await site.ok("PUT", f"/phones/{MAC}", {"extension": "2101"})
    await phone.starts()
    key = {**SPEED_DIAL, "value": "2102"}
    await site.ok("PUT", "/keymaps/default/all", {"keys": [key]})
    assert "AastraIPPhoneConfiguration" in await phone.polls()
    assert phone.files["topsoftkey3 label"] == "Desk"
    assert await phone.polls() == ""
    shown = await site.ok("GET", f"/phones/{MAC}/keys")
    assert [one["level"] for one in shown["keys"]] == [None, None, "default"]
    await site.ok("PUT", "/keymaps/model/6930", {"keys": [{**key, "label": "Model"}]})
    await phone.polls()
    assert phone.files["topsoftkey3 label"] == "Model"
    await site.ok("DELETE", "/keymaps/model/6930")
    await site.ok("DELETE", "/keymaps/default/all")
    await phone.polls()
    assert not [name for name in phone.files if name.startswith("topsoftkey3")]


@pytest.mark.parametrize(
    ("key", "field", "word"),
    [
        ({**SPEED_DIAL, "position": 2}, "keys.0", "Line 1"),
        ({**SPEED_DIAL, "type": "rocket"}, "keys.0", "rocket"),
        ({**SPEED_DIAL, "kind": "softkey", "type": "line", "line": 1}, "keys.0", "bottom"),
        ({**SPEED_DIAL, "kind": "knob"}, "keys.0.kind", "kind"),
        ({**SPEED_DIAL, "states": ["idle"]}, "keys.0", "bottom softkeys"),
        ({**SPEED_DIAL, "label": 3}, "keys.0.label", "text"),
    ],
)
async def test_keys_that_cannot_be_are_refused_by_name(
    site: Site, key: dict[str, object], field: str, word: str
) -> None:
    status, error = await site.call("PUT", "/keymaps/default/all", {"keys": [key]})
    assert (status, error["field"]) == (422, field)
    assert word in error["message"]


async def test_users_may_not_set_what_is_set_centrally(site: Site) -> None:
    await site.add_phone_system()
    await site.ok("PUT", "/keymaps/default/all", {"keys": [SPEED_DIAL]})
    status, error = await site.call("PUT", "/keymaps/user/2101", {"keys": [SPEED_DIAL]})
    assert (status, error["code"], error["field"]) == (409, "set_centrally", "keys.0")
    own = {"keys": [{**SPEED_DIAL, "position": 4}]}
    await site.ok("PUT", "/keymaps/user/2101", own)
    for path in ("/keymaps/user/9999", f"/keymaps/phone/{MAC}"):
        assert (await site.call("PUT", path, own))[0] == 404
    for path in ("/keymaps/default/6930", "/keymaps/model/x", "/keymaps/other/all"):
        assert (await site.call("PUT", path, own))[0] == 422
