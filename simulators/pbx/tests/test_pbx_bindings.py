"""The location service, against a plain dictionary as the model."""

from hypothesis import given
from hypothesis import strategies as st

from simulators.pbx.bindings import Bindings, ContactBinding


def binding(extension: str, until: float) -> ContactBinding:
    return ContactBinding(extension, f"sip:{extension}@127.10.0.10", "c1", 1, until)


def test_a_refreshed_binding_outlives_its_first_end() -> None:
    bindings = Bindings()
    bindings.put(binding("2101", 60))
    bindings.put(binding("2101", 120))
    assert (len(bindings), bindings.first_end()) == (1, 120)
    assert bindings.expired(119) == []
    assert bindings.expired(120) == [binding("2101", 120)]
    assert (bindings.get("2101"), bindings.first_end()) == (None, None)


def test_removing_what_is_not_there() -> None:
    bindings = Bindings()
    bindings.put(binding("2101", 60))
    assert bindings.remove("2102") is None
    assert bindings.remove("2101") == binding("2101", 60)
    assert bindings.remove("2101") is None
    assert bindings.first_end() is None


steps = st.tuples(
    st.sampled_from(["put", "remove", "expire"]), st.sampled_from("abc"), st.integers(0, 20)
)


@given(st.lists(steps, max_size=40))
def test_it_holds_what_a_dictionary_would(done: list[tuple[str, str, int]]) -> None:
    bindings, model = Bindings(), dict[str, int]()
    for verb, extension, number in done:
        if verb == "put":
            bindings.put(binding(extension, number))
            model[extension] = number
        elif verb == "remove":
            bindings.remove(extension)
            model.pop(extension, None)
        else:
            gone = [row.extension for row in bindings.expired(number)]
            assert sorted(gone) == sorted(e for e, until in model.items() if until <= number)
            assert gone == sorted(gone, key=lambda e: model[e])
            model = {e: until for e, until in model.items() if until > number}
        assert bindings.extensions() == sorted(model)
        assert bindings.first_end() == min(model.values(), default=None)
