"""Directories as tables: whatever is written is read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.domain.directory_csv import COLUMNS, TableUnreadable, read, written
from system.phones.directory_person import Person

WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20).map(str.strip)
PEOPLE = st.builds(Person, WORDS, WORDS, WORDS, WORDS.filter(bool))


@given(st.lists(PEOPLE, max_size=8))
def test_what_is_written_is_read_again(people: list[Person]) -> None:
    wanted = [{name: getattr(person, name) for name in COLUMNS} for person in people]
    assert read(written(people)) == wanted


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert all(entry["number"] for entry in read(text))
    except TableUnreadable as error:
        assert str(error)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("first_name,last_name\nA,B\n", "number is needed"),
        ("number,shoe size\n1,2\n", "shoe_size"),
        ("number,number\n1,2\n", "not: number, number"),
        ("number,company\n1,a,b\n", "Line 2 has 3 columns, not 2"),
        ("number,company\n,a\n", "Line 2 has no number"),
        ('number\n"1\n', "can't be read"),
    ],
)
def test_a_refusal_says_where_and_why(text: str, why: str) -> None:
    with pytest.raises(TableUnreadable, match=why):
        read(text)
