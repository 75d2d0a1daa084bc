"""OAI octets: round trips, any cutting of the stream, and what is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from system.oai.codec import (
    LONGEST_FRAME,
    FrameReader,
    OaiFormatError,
    command,
    frame,
    log_in,
    parse_message,
    rows,
    split_fields,
    text,
)
from system.oai.link_events import (
    Changed,
    HotDeskMoved,
    Meaning,
    NodeCame,
    NodeWent,
    meaning_of,
)
from system.oai.records import (
    CredentialRecord,
    credential_records,
    nodes_down,
    part_of_list,
    station_records,
)

texts = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="|"))


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.integers(1, 50))
def test_frames_arrive_whole_however_the_stream_is_cut(payloads: list[bytes], step: int) -> None:
    stream = b"".join(frame(payload) for payload in payloads)
    reader, found = FrameReader(), []
    for start in range(0, len(stream), step):
        found += reader.feed(stream[start : start + step])
    assert found == payloads


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=8))
def test_text_fields_read_back(values: list[str]) -> None:
    assert split_fields(",".join(text(value) for value in values)) == values


def test_length_is_little_endian() -> None:
    assert frame(b"abc") == b"\x03\x00\x00\x00abc"
    assert log_in("pw", "MCS") == b"\x87pw\x00MCS\x00"
    assert command("_XC", 7, text("2101")) == b"_XC,7,|2101|\r"


def test_message_is_read() -> None:
    message = parse_message(b"014,CF,_QX,3,0,1,1,|2101|,|Home, Ada|,38,1\r")
    assert (message.sequence, message.event) == (14, "CF")
    assert message.fields == ("_QX", "3", "0", "1", "1", "2101", "Home, Ada", "38", "1")


@pytest.mark.parametrize("payload", [b"", b"CF,_QX", b"1234,CF", b"001", b"001,|CF", b"\xff,CF"])
def test_what_is_no_message_is_refused(payload: bytes) -> None:
    with pytest.raises(OaiFormatError):
        parse_message(payload)


@pytest.mark.parametrize("line", ["|open", "a|b|", "|a|b", "a,|b"])
def test_misplaced_pipes_are_refused(line: str) -> None:
    with pytest.raises(OaiFormatError):
        split_fields(line)


def test_values_that_would_break_the_stream_are_refused() -> None:
    for value in ("a|b", "a\rb", "ä"):
        with pytest.raises(OaiFormatError):
            text(value)
    with pytest.raises(OaiFormatError):
        log_in("a\0b", "MCS")
    with pytest.raises(OaiFormatError):
        FrameReader().feed((LONGEST_FRAME + 1).to_bytes(4, "little"))


def test_a_length_of_nothing_is_noticed_at_once() -> None:
    with pytest.raises(OaiFormatError):
        FrameReader().feed(b"\x00\x00\x00\x00")


@pytest.mark.parametrize(
    "payload", [b"014,EC,||,|2101|", b"014,EC,||,|21\r", b"014,EC\r\x05\x00\r"]
)
def test_a_wrong_length_is_noticed_by_the_missing_or_second_cr(payload: bytes) -> None:
    with pytest.raises(OaiFormatError):
        parse_message(payload)


def test_a_list_that_lost_items_is_no_list() -> None:
    assert part_of_list(["0", "1", "2101", "Ada", "38", "1"], 4) == ["2101", "Ada", "38", "1"]
    for fields in ([], ["0"], ["0", "2", "2101", "Ada", "38", "1"], ["0", "1"], ["2", "0"]):
        with pytest.raises(OaiFormatError):
            part_of_list(fields, 4)


def test_states_of_nodes() -> None:
    assert nodes_down(["2", "1", "1", "2", "0"]) == frozenset({2})
    assert nodes_down([]) is None
    with pytest.raises(OaiFormatError):
        nodes_down(["2", "1", "1"])


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("014,EC,||,|2101|", Changed()),
        ("014,XC,|2101|", Changed()),
        ("014,LS,,2,0,3", NodeWent(2)),
        ("014,LS,,2,1,4", NodeCame(2)),
        ("014,LS,,2,0,6", Changed()),
        ("014,CS,,1,1,,2", NodeCame(2)),
        ("014,CS,,1,0,,", None),
        ("014,XH,|2190|,|2101|,1", HotDeskMoved("2190", "2101", True)),
        ("014,XH,|2190|,||,0", HotDeskMoved("2190", "", False)),
        ("014,XH,|2190|", None),
        ("014,ZZ,1", None),
    ],
)
def test_events_mean(line: str, meaning: Meaning | None) -> None:
    assert meaning_of(parse_message(f"{line}\r".encode())) == meaning


def test_records() -> None:
    (station,) = station_records(["2101", "Ada", "38", "1"])
    assert (station.extension, station.device_type, station.node) == ("2101", 38, 1)
    records = credential_records(["2101", "2101", "hidden words"])
    assert records == [CredentialRecord("2101", "2101", "hidden words")]
    assert "hidden words" not in repr(records)
    for wrong in (["2101", "Ada", "38"], ["2101", "Ada", "x", "1"]):
        with pytest.raises(OaiFormatError):
            station_records(wrong)
    assert rows([], 4) == []
