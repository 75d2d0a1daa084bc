"""Reading configuration files and merging the layers (domain reference 3.2)."""

from hypothesis import given
from hypothesis import strategies as st

from simulators.phone.files.config_file import Layers, read

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,6}( [a-z0-9]{1,6}){0,3}", fullmatch=True)
VALUES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=20
).map(str.strip)


def values(text: str) -> dict[str, str]:
    return {name: parameter.value for name, parameter in read(text.encode()).parameters.items()}


def test_names_values_comments_and_blank_lines() -> None:
    text = "# a comment\r\n\r\n  SIP   Line1 user  name :  tw7k \r\nsip line1 password: a:b#c\r\n"
    assert values(text) == {"sip line1 user name": "tw7k", "sip line1 password": "a:b#c"}
    assert read(text.encode()).problems == ()


def test_quoting_is_kept() -> None:
    assert values('label: "Line 1"') == {"label": '"Line 1"'}


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
