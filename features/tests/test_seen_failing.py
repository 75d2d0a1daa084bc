"""Every requirement's check can be seen failing: by a planted defect or by a negative scenario."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
from pytest_bdd.feature import get_features

from features.defects.catalogue import by_name
from features.defects.defect import ROLES, Defect

ROOT = Path(__file__).parents[2]
FEWEST = 60


def requirements() -> list[str]:
    catalogue = tomllib.loads((ROOT / "reports" / "requirements.toml").read_text(encoding="utf-8"))
    return [requirement["id"] for requirement in catalogue["requirement"]]


def negative_tags() -> list[set[str]]:
    """The tags of each negative scenario."""
    features = get_features([str(ROOT / "features")])
    tags = [f.tags | s.tags for f in features for s in f.scenarios.values()]
    return [each for each in tags if "negative" in each]


def never_seen_failing(
    ids: Iterable[str], defects: Iterable[Defect], negative: Iterable[set[str]]
) -> list[str]:
    """Ids that have neither a defect nor a negative scenario."""
    seen = {id_ for defect in defects for id_ in defect.ids}
    seen |= {tag for tags in negative for tag in tags}
    return [id_ for id_ in ids if id_ not in seen]


def test_each_requirement_has_a_defect_or_a_negative_scenario() -> None:
    missing = never_seen_failing(requirements(), by_name().values(), negative_tags())
    assert not missing, (
        f"nothing shows that the checks of {', '.join(missing)} can fail: plant a defect in "
        "features/defects/, or tag a scenario @negative"
    )


def test_one_that_has_neither_is_named() -> None:
    defects = [Defect("tok-8-x", "MBG", ("TOK-8",), "It does.", "a:b", lambda original: original)]
    negative = [{"TOK-7", "negative"}]
    assert never_seen_failing(["TOK-9", "TOK-8", "TOK-7"], defects, negative) == ["TOK-9"]
    assert never_seen_failing(["TOK-8"], [], negative) == ["TOK-8"]


def test_negative_scenarios_are_found_with_their_features_tags() -> None:
    tags = negative_tags()
    assert {"PRE-1", "negative"} in tags
    assert any("browser" in each for each in tags), "a feature's tags hold for its scenarios"


@pytest.mark.parametrize("role", ROLES)
def test_each_role_has_defects(role: str) -> None:
    assert any(defect.role == role for defect in by_name().values())


def test_there_are_enough_defects() -> None:
    assert len(by_name()) >= FEWEST
