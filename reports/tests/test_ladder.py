"""Geometry of the ladder."""

import pytest

from reports.ladder import LONGEST, Ladder, draw, is_phone
from reports.model import Entry, Protocol
from reports.tests.made import entry


def drawn(*entries: Entry, longest: int = LONGEST) -> Ladder:
    ladder = draw(entries, longest)
    assert ladder is not None
    return ladder


def test_nothing_to_draw() -> None:
    assert draw([]) is None


def test_columns_run_from_the_home_to_the_telephone_system() -> None:
    ladder = drawn(
        entry(1, "PBX HQ", "CT Gateway"),
        entry(2, "MCS", "MBG"),
        entry(3, "Phone Manager 2001", "MBG"),
        entry(4, "clock", "clock"),
        entry(5, "phone A", "MBG"),
        entry(6, "installer", "MCS"),
    )
    names = [f"{column.label} {column.code}".strip() for column in ladder.columns]
    assert names == [
        "installer", "phone A", "Phone Manager 2001", "MBG", "MCS", "PBX HQ", "CT Gateway", "clock",
    ]  # fmt: skip
    xs = [column.x for column in ladder.columns]
    assert xs == sorted(xs) and ladder.width > xs[-1]
    for left, right in zip(ladder.columns, ladder.columns[1:], strict=False):
        assert left.x + left.width / 2 < right.x - right.width / 2


def test_arrows_point_at_the_receiver_and_follow_in_time() -> None:
    ladder = drawn(entry(1, "phone A", "MBG"), entry(2, "MBG", "phone A", 0.25))
    there, back = ladder.messages
    phone, mbg = (column.x for column in ladder.columns)
    assert (there.x1, there.x2, back.x1, back.x2) == (phone, mbg, mbg, phone)
    assert there.head.startswith(f"M{mbg:.0f} 0l-8") and back.head.startswith(f"M{phone:.0f} 0l8")
    assert there.shaft == f"M{phone:.0f} 0H{mbg - 8:.0f}"
    assert ladder.top < there.y < back.y < ladder.bottom < ladder.height
    assert (there.offset, back.offset) == ("+0.000 s", "+0.250 s")


def test_a_note_stays_on_its_lifeline() -> None:
    ladder = drawn(
        entry(1, "MCS", "MBG"),
        entry(2, "MBG", "MBG", summary="x" * 500),
        entry(3, "MBG", "MCS", protocol=Protocol.EVENT),
    )
    for message in ladder.messages[1:]:
        assert message.x1 == message.x2 == ladder.columns[0].x
        assert not message.head
        assert message.x1 - message.width / 2 >= 0 and message.x1 + message.width / 2 < ladder.width


def test_further_phones_share_a_column() -> None:
    ladder = drawn(
        *(entry(n, f"phone {n}", "MBG") for n in range(9)), entry(10, "phone 7", "phone 8")
    )
    labels = [(column.label, column.code) for column in ladder.columns]
    assert labels[5:] == [("phone", "5"), ("3 more", "phones"), ("MBG", "")]
    assert [column.stands_for for column in ladder.columns] == [1] * 6 + [3, 1]
    assert "phone 8" in ladder.columns[6].title
    assert not ladder.messages[-1].head  # both ends in the shared column


def test_six_phones_have_a_column_each() -> None:
    ladder = drawn(*(entry(n, f"phone {n}", "MBG") for n in range(6)))
    assert all(column.stands_for == 1 for column in ladder.columns)


@pytest.mark.parametrize(("count", "omitted"), [(150, 0), (151, 1), (1000, 850)])
def test_a_long_ladder_is_cut_in_the_middle_and_says_so(count: int, omitted: int) -> None:
    ladder = drawn(*(entry(n, "MBG", "MCS") for n in range(count)))
    assert (ladder.total, ladder.omitted, len(ladder.messages)) == (count, omitted, min(count, 150))
    assert ladder.messages[0].entry.seq == 0 and ladder.messages[-1].entry.seq == count - 1
    cuts = [band for band in ladder.bands if band.is_cut]
    assert [band.label for band in cuts] == ([f"{omitted} messages not drawn"] if omitted else [])
    if omitted:
        assert ladder.messages[74].y < cuts[0].y < ladder.messages[75].y


def test_time_that_passes_has_a_band() -> None:
    ladder = drawn(entry(1, "MBG", "MCS"), entry(2, "MBG", "MCS", 365 * 86400.0))
    (band,) = ladder.bands
    assert band.label == "365 d 0 h later" and not band.is_cut
    assert ladder.messages[0].y < band.y < ladder.messages[1].y


def test_labels_fit_between_their_lifelines() -> None:
    ladder = drawn(
        entry(1, "MBG", "MCS", summary="é" * 300), entry(2, "MCS", "PBX HQ", summary="字" * 300)
    )
    for message in ladder.messages:
        width = sum(2 if char == "字" else 1 for char in message.label) * 6.7
        assert width <= abs(message.x2 - message.x1)
        assert message.label.endswith("…")


def test_what_a_phone_is() -> None:
    assert is_phone("phone 1400E9123456") and is_phone("Phone 7") and is_phone("phone")
    assert not is_phone("Phone Manager 2001") and not is_phone("phones") and not is_phone("MBG")
