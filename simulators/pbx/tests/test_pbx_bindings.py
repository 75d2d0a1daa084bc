"""The location service, against a plain dictionary as the model."""

from hypothesis import given
from hypothesis import strategies as st

from simulators.core import TCP, UDP
from simulators.pbx.bindings import SPARE_ENDS, Bindings, ContactBinding

PEER = ("127.10.0.10", 5060)


def binding(extension: str, until: float, contact: str = "") -> ContactBinding:
    uri = f"sip:{contact or extension}@127.10.0.10"
    return ContactBinding(extension, uri, "c1", 1, until, PEER, UDP)


def test_a_refreshed_binding_outlives_its_first_end() -> None:
    bindings = Bindings()
    bindings.put(binding("2101", 60))
    bindings.put(binding("2101", 120))
    assert (len(bindings), bindings.first_end()) == (1, 120)
    assert list(bindings.expired(119)) == []
    assert bindings.expired(120) == [binding("2101", 120)]
    assert (bindings.get("2101"), bindings.first_end()) == (None, None)


def test_one_that_is_refreshed_for_less_ends_earlier() -> None:
    bindings = Bindings()
    bindings.put(binding("2101", 120))
    bindings.put(binding("2101", 60))
    assert bindings.first_end() == 60
    assert bindings.expired(60) == [binding("2101", 60)]


def test_removing_what_is_not_there() -> None:
    bindings = Bindings()
    bindings.put(binding("2101", 60))
    assert not bindings.remove_all("2102")
    bindings.remove(binding("2101", 61))
    assert bindings.get("2101") == binding("2101", 60)
    assert bindings.remove_all("2101")
    assert not bindings.remove_all("2101")
    assert bindings.first_end() is None


def test_who_is_reached_over_a_connection() -> None:
    bindings = Bindings()
    over_tcp = ContactBinding("2101", "sip:a@b", "c", 1, 60, PEER, TCP)
    bindings.put(over_tcp)
    bindings.put(binding("2102", 60))
    assert bindings.over(TCP, PEER) == [over_tcp]
    assert bindings.over(TCP, ("127.10.0.10", 5061)) == []


def test_refreshing_for_ever_takes_no_memory() -> None:
    bindings = Bindings()
    for until in range(10_000):
        bindings.put(binding("2101", until))
        bindings.put(binding("2102", until))
    assert len(bindings._ends) <= 4 + SPARE_ENDS + 1
    assert bindings.first_end() == 9999


steps = st.tuples(
    st.sampled_from(["put", "remove", "remove all", "expire"]),
    st.sampled_from("abc"),
    st.sampled_from("xyz"),
    st.integers(0, 20),
)


@given(st.lists(steps, max_size=40), st.integers(1, 3))
def test_it_holds_what_a_dictionary_would(done: list[tuple[str, str, str, int]], most: int) -> None:
    bindings, model = Bindings(), dict[tuple[str, str], int]()
    for verb, extension, contact, number in done:
        if verb == "put":
            bindings.put(binding(extension, number, contact), most)
            model.pop((extension, contact), None)
            mine = [key for key in model if key[0] == extension]
            if len(mine) >= most:
                del model[mine[0]]
            model[extension, contact] = number
        elif verb == "remove":
            found = bindings.find(extension, binding(extension, 0, contact).contact)
            assert (found is not None) is ((extension, contact) in model)
            if found is not None:
                bindings.remove(found)
                del model[extension, contact]
        elif verb == "remove all":
            had = [key for key in model if key[0] == extension]
            assert bindings.remove_all(extension) is bool(had)
            for key in had:
                del model[key]
        else:
            gone = [(row.extension, row.until) for row in bindings.expired(number)]
            ended = [(key[0], until) for key, until in model.items() if until <= number]
            assert sorted(gone) == sorted(ended)
            assert [until for _, until in gone] == sorted(until for _, until in gone)
            model = {key: until for key, until in model.items() if until > number}
        assert bindings.extensions() == sorted({key[0] for key in model})
        assert bindings.first_end() == min(model.values(), default=None)
        for name in "abc":
            known = [binding(e, until, c) for (e, c), until in model.items() if e == name]
            assert list(bindings.of(name)) == known
            assert bindings.get(name) == (known[-1] if known else None)
