"""Reading configuration files and merging the layers (domain reference 3.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.phone.files.config_file import MAX_FILE, Layers, read
from simulators.phone.files.known import unknown

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,6}( [a-z0-9]{1,6}){0,3}", fullmatch=True)
VALUES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters='\n"#'), max_size=20
).map(str.strip)


def values(text: str) -> dict[str, str]:
    return {name: parameter.value for name, parameter in read(text.encode()).parameters.items()}


def test_names_values_comments_and_blank_lines() -> None:
    text = "# a comment\r\n\r\n  SIP   Line1 user  name :  tw7k \r\nsip line1 password: a:b#c\r\n"
    assert values(text) == {"sip line1 user name": "tw7k", "sip line1 password": "a:b#c"}
    assert read(text.encode()).problems == ()


@pytest.mark.parametrize(
    "written, value",
    [
        ('"Line 1"', "Line 1"),
        ('"192.0.2.1"', "192.0.2.1"),
        ('"*32#"  # the code', "*32#"),
        ('" kept "', " kept "),
        ('""', ""),
        ('"no end', '"no end'),
        ('"a" b', '"a" b'),
        ('say "hi"', 'say "hi"'),
        ('"x+#""', '"x+#""'),  # as one public template has it
        ("120   # in minutes", "120"),
        ("2101\t#Enter the extension", "2101"),
        ("*72#", "*72#"),
        ("#72", "#72"),
        ("a:b#c", "a:b#c"),
        ("", ""),
    ],
)
def test_quotes_and_comments_after_a_value(written: str, value: str) -> None:
    for spacing in (" ", "", "\t "):
        file = read(f"softkey1 value:{spacing}{written}\r\n".encode())
        assert file.parameters["softkey1 value"].value == value and not file.problems


@pytest.mark.parametrize("marks", ["!^", "^!", " ! ^ ", "\t^\t!", "!!^"])
def test_marks_come_in_any_order_and_spacing(marks: str) -> None:
    (parameter,) = read(f"{marks} A\t NAME : 1".encode()).parameters.values()
    assert parameter.name == "a name" and parameter.locked and parameter.forced


def test_a_mark_after_the_name_begins_is_part_of_it() -> None:
    assert list(values("a!: 1\nb ^c: 2")) == ["a!", "b ^c"]


def test_very_long_lines_are_read_and_take_no_longer_than_their_length() -> None:
    blanks = " " * 100_000
    assert values(f"a: 1{blanks}2\nb{blanks}c: {'x' * 100_000}")["b c"] == "x" * 100_000


def test_what_is_too_long_is_reported() -> None:
    file = read(b"a: 1\nb: " + b"x" * MAX_FILE)
    assert file.problems[0].line == 0 and file.parameters["a"].value == "1"


def test_names_that_no_phone_knows_are_told() -> None:
    known = [
        "sip line1 user name", "sip proxy ip", "topsoftkey12 label", "expmod1 key3 type",
        "auto resync max delay", "log module user interface", "https validate hostname",
        "action uri poll interval", "directory 1", "time zone name", "dst start relative date",
        "sip registration retry timer", "options password enabled", "ldap base dn",
    ]  # fmt: skip
    assert unknown(known) == ()
    odd = ["sip line1 usr name", "topsoftkey type", "https validate all", "any thing"]
    assert unknown([*odd, *known]) == tuple(odd)


def test_marks_lock_and_force() -> None:
    file = read(b"!a: 1\n^b: 2\n!^c: 3\nd: 4")
    marks = {name: (p.locked, p.forced) for name, p in file.parameters.items()}
    assert marks == {
        "a": (True, False),
        "b": (False, True),
        "c": (True, True),
        "d": (False, False),
    }


def test_what_cannot_be_read_is_reported_by_line_and_the_rest_is_used() -> None:
    file = read(b"a: 1\nnonsense\n: 2\na: 3\nb: 4")
    assert [problem.line for problem in file.problems] == [2, 3, 4]
    assert {n: p.value for n, p in file.parameters.items()} == {"a": "3", "b": "4"}


def test_a_problem_never_quotes_the_line() -> None:
    assert "c5W-rm7Y" not in repr(read(b"sip line1 password c5W-rm7Y"))
    assert "c5W-rm7Y" not in repr(read(b"sip line1 password: c5W-rm7Y"))


def test_octets_that_are_no_text_are_reported() -> None:
    file = read(b"a: 1\nb: \xff\xfe\nc: 3")
    assert [problem.line for problem in file.problems] == [2]
    assert file.parameters["c"].value == "3"
    assert read(b"\xef\xbb\xbfa: 1").parameters["a"].value == "1"


def layered(startup: str = "", model: str = "", mac: str = "", **local: str) -> Layers:
    return Layers(read(startup.encode()), read(model.encode()), read(mac.encode()), local)


def test_later_files_win_and_the_local_value_beats_all() -> None:
    assert layered("a: 1", "a: 2", "a: 3").merged == {"a": "3"}
    assert layered("a: 1", "a: 2").merged == {"a": "2"}
    assert layered("a: 1", "a: 2", "a: 3", a="local").merged == {"a": "local"}
    assert layered(mac="b: 1", a="local").merged == {"a": "local", "b": "1"}


def test_only_a_forced_value_beats_the_local_one() -> None:
    forced = layered(mac="^a: 3", a="local", b="kept")
    assert forced.merged == {"a": "3", "b": "kept"}
    assert forced.local_left == {"b": "kept"}
    assert layered(mac="!a: 3", a="local").merged == {"a": "local"}
    assert layered("^a: 1", mac="a: 3", a="local").merged == {"a": "local"}  # the last line counts


def test_locked_names_and_secrets() -> None:
    layers = layered("!a: 1\nadmin password: 34567", mac="sip line1 password: hush")
    assert layers.locked == {"a"}
    assert set(layers.secrets) == {"34567", "hush"}


@given(st.binary(max_size=300))
def test_any_octets_are_read_without_an_exception(data: bytes) -> None:
    file = read(data)
    lines = data.count(b"\n") + 1
    assert all(1 <= problem.line <= lines for problem in file.problems)
    assert all(name and parameter.line <= lines for name, parameter in file.parameters.items())


@given(st.dictionaries(NAMES, VALUES, max_size=8))
def test_what_is_written_is_read_back(parameters: dict[str, str]) -> None:
    text = "\n".join(f"{name}: {value}" for name, value in parameters.items())
    assert values(text) == parameters


@given(*[st.dictionaries(NAMES, VALUES, max_size=4)] * 4)
def test_merging_follows_the_order(
    one: dict[str, str], two: dict[str, str], three: dict[str, str], local: dict[str, str]
) -> None:
    def text(parameters: dict[str, str]) -> str:
        return "\n".join(f"{name}: {value}" for name, value in parameters.items())

    merged = layered(text(one), text(two), text(three), **local).merged
    assert merged == {**one, **two, **three, **local}
