"""Server-sent events as octets, and the outbox of one reader."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.errors import LocalProtocolError
from simulators.faces.events import GAP, Event, Outbox


def read(octets: bytes) -> list[dict[str, str]]:
    """Events as the HTML standard reads a stream (section 9.2.6), by hand."""
    events: list[dict[str, str]] = []
    fields: dict[str, str] = {}
    for line in octets.decode().split("\n"):
        if line == "":
            if fields:
                events.append(fields)
            fields = {}
            continue
        name, _, value = line.partition(":")
        fields[name] = fields[name] + "\n" + value.removeprefix(" ") if name in fields else (
            value.removeprefix(" "))  # fmt: skip
    return events


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists), st.text("abc", min_size=1))
def test_an_event_is_read_as_it_was_written(data: object, name: str) -> None:
    (event,) = read(Event(name, data, "7").octets())
    assert (event["event"], event["id"], json.loads(event["data"])) == (name, "7", data)


@pytest.mark.parametrize("bad", ["a\nb", "a\rb", "a\0b"])
def test_a_name_or_id_that_would_end_its_line_is_refused(bad: str) -> None:
    with pytest.raises(LocalProtocolError):
        Event(bad, None).octets()
    with pytest.raises(LocalProtocolError):
        Event("state", None, bad).octets()


def test_newer_replaces_what_waits_under_its_key() -> None:
    outbox = Outbox()
    outbox.put(Event("counters", 1), key="counters")
    outbox.put(Event("message", "a"))
    outbox.put(Event("counters", 2), key="counters")
    assert [(e.name, e.data) for e in outbox.take()] == [("message", "a"), ("counters", 2)]
    assert outbox.take() == []


@given(st.lists(st.tuples(st.integers(0, 5) | st.none(), st.integers())), st.integers(1, 8))
def test_an_outbox_holds_no_more_than_it_may_and_counts_the_rest(
    puts: list[tuple[int | None, int]], most: int
) -> None:
    outbox = Outbox(most)
    expected: list[tuple[int | None, int]] = []
    dropped = 0
    for key, value in puts:
        outbox.put(Event("e", value), None if key is None else str(key))
        if key is not None:
            expected = [pair for pair in expected if pair[0] != key]
        expected.append((key, value))
        dropped += len(expected) > most
        expected = expected[-most:]
        assert len(outbox) == len(expected)
    taken = outbox.take()
    if dropped:
        assert taken.pop(0) == Event(GAP, {"dropped": dropped})
    assert [event.data for event in taken] == [value for _, value in expected]
