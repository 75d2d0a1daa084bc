"""The drawings, the looks and the acts: what needs no phone."""

from itertools import combinations

import pytest
from pydantic import ValidationError

from simulators.faces.handsets.acts import Act, Acts, from_form
from simulators.faces.handsets.drawing import Box, Drawing, drawing
from simulators.faces.handsets.looks import LOOKS
from simulators.phone.fixed_keys import FIXED_KEYS
from simulators.phone.life.states import State
from simulators.phone.models import MODELS

LEAST = 28
"""Units that a key is wide and high at least: 25 pixels beside a window of 1280."""


@pytest.fixture(params=MODELS)
def drawn(request: pytest.FixtureRequest) -> Drawing:
    return drawing(MODELS[request.param])


def test_every_printed_key_is_drawn_once(drawn: Drawing) -> None:
    names = [key.name for key in drawn.keys if key.kind == "fixed"]
    assert sorted(names) == sorted(FIXED_KEYS)


def test_keys_beside_and_below_the_screen_are_those_of_the_model(drawn: Drawing) -> None:
    model = MODELS[drawn.model]
    assert drawn.left + drawn.right == model.top_page
    for kind, many in (("topsoftkey", model.top_page), ("softkey", model.soft_page)):
        numbers = [int(key.name) for key in drawn.keys if key.kind == kind]
        assert numbers == ([] if model.touch else list(range(1, many + 1))), kind


def test_nothing_lies_over_anything_and_all_is_on_the_body(drawn: Drawing) -> None:
    boxes = [drawn.screen, drawn.lamp, *(key.box for key in drawn.keys)]
    for one, other in combinations(boxes, 2):
        assert not one.meets(other), (one, other)
    for box in boxes:
        assert box.x >= 0 and box.y >= 0
        assert box.right <= drawn.box.w and box.bottom <= drawn.box.h, box


def test_every_key_can_be_hit(drawn: Drawing) -> None:
    for key in drawn.keys:
        assert min(key.box.w, key.box.h) >= LEAST, key


def test_the_screen_has_the_proportions_of_its_pixels(drawn: Drawing) -> None:
    model = MODELS[drawn.model]
    assert drawn.screen.w / drawn.screen.h == pytest.approx(model.width / model.height, rel=0.01)


def test_boxes_meet_where_they_do() -> None:
    """The negative control of the test that nothing lies over anything."""
    box = Box(0, 0, 10, 10)
    assert box.meets(Box(9, 9, 5, 5)) and box.meets(Box(2, 2, 1, 1))
    assert not box.meets(Box(10, 0, 5, 5)) and not box.meets(Box(0, 10, 5, 5))


def test_the_models_differ() -> None:
    drawings = [drawing(model) for model in MODELS.values()]
    assert len({one.screen for one in drawings}) == len(drawings)
    assert [one.model for one in drawings if not one.receiver] == ["6970"]


def test_every_state_has_a_look_of_its_own() -> None:
    assert LOOKS.keys() == {state.value for state in State}
    assert len({look.letter for look in LOOKS.values()}) == len(LOOKS)


# Acts


@pytest.mark.parametrize(
    "form, act",
    [
        (("press", "Settings"), Act(press="Settings")),
        (("place", "expmod2 30"), Act(place=("expmod2", 30))),
        (("touch", "3"), Act(touch=3)),
        (("power", "false"), Act(power=False)),
        (("text", " a "), Act(text=" a ")),
    ],
)
def test_a_field_of_a_form_is_an_act(form: tuple[str, str], act: Act) -> None:
    assert from_form(*form) == act


@pytest.mark.parametrize(
    "form",
    [
        ("drink", "coffee"), ("place", "softkey"), ("place", "shelf 1"), ("place", "softkey 0"),
        ("touch", "-1"), ("power", "perhaps"), ("dial", "call me"), ("press", "x" * 41),
        ("page", "expmod1"),
    ],
)  # fmt: skip
def test_what_is_no_act_is_refused(form: tuple[str, str]) -> None:
    with pytest.raises(ValidationError):
        from_form(*form)


def test_an_act_is_one_thing_and_a_list_has_an_end() -> None:
    for wrong in ({}, {"press": "1", "touch": 1}):
        with pytest.raises(ValidationError, match="an act is one of press"):
            Act.model_validate(wrong)
    for acts in ([], [{"press": "1"}] * 51):
        with pytest.raises(ValidationError):
            Acts.model_validate({"acts": acts})
