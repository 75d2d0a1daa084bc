"""Configuration files: reading one, and merging the phone's layers (domain reference 3.2).

    line     = [marks] name ":" value [blank "#" comment] | "#" comment | nothing
    marks    = "!" and "^", in any order and with any blanks
    value    = text | DQUOTE text DQUOTE

`!name` locks a parameter against changes on the phone, `^name` forces the phone's own value back to
the file's. Names are in any case, with any blanks between their words. Public templates end lines
with comments and put names, numbers and addresses in quotes, so both are understood; a `#` that no
blank precedes belongs to the value. Lines end with LF or CR LF. A phone has to live with any
octets, so nothing here raises: what can't be read is reported with its line number, and what the
phone doesn't know is kept.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

MAX_FILE = 1_048_576
"""Octets that a phone reads of one file; the rest is reported and dropped."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One line of a file.

    `name` is in lower case with single blanks, `value` without quotes around it.
    """

    name: str
    value: str
    line: int
    locked: bool = False
    forced: bool = False

    def __repr__(self) -> str:
        value = "•••" if is_secret(self.name) else self.value
        return f"Parameter({self.name}: {value})"


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be read, and in which line (from 1)."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class ConfigurationFile:
    """What one file says: parameters by name (the last of a name wins) and the problems found."""

    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


EMPTY = ConfigurationFile()

_QUOTED = re.compile(r'"([^"]*)"(?:\s+#.*|\s*)', re.DOTALL)
_COMMENT = re.compile(r"(?<=\s)#")


def is_secret(name: str) -> bool:
    """Whether a parameter's value may not be shown."""
    return name.endswith("password")


@lru_cache(maxsize=64)
def read(data: bytes) -> ConfigurationFile:
    """Read a file; never raises.

    Those read last are remembered by their octets: the first two files are the same for all phones
    of a model. Nobody changes what one says.
    """
    problems: list[Problem] = []
    if len(data) > MAX_FILE:
        problems.append(Problem(0, f"the file has {len(data)} octets; {MAX_FILE} are read"))
        data = data[:MAX_FILE]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        bad = data.count(b"\n", 0, error.start) + 1
        problems.append(Problem(bad, "not UTF-8; the octets are replaced"))
        text = data.decode("utf-8-sig", "replace")
    parameters: dict[str, Parameter] = {}
    # split at \n alone: a value may hold what else Unicode calls a line's end
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        found = _parameter(line, number)
        if isinstance(found, Problem):
            problems.append(found)
            continue
        if found.name in parameters:
            first = parameters[found.name].line
            problems.append(Problem(number, f"'{found.name}' stands in line {first} too"))
        parameters[found.name] = found
    return ConfigurationFile(parameters, tuple(problems))


def _parameter(line: str, number: int) -> Parameter | Problem:
    marks, rest = "", line
    while rest[:1] and (rest[0] in "!^" or rest[0].isspace()):
        marks, rest = marks + rest[0], rest[1:]
    name, colon, value = rest.partition(":")
    name = " ".join(name.split()).lower()
    if not colon:
        # the line itself isn't quoted: it may be a password that lost its name
        return Problem(number, "expected 'name: value', no colon came")
    if not name:
        return Problem(number, "expected a name before the colon")
    return Parameter(name, _value(value.strip()), number, "!" in marks, "^" in marks)


def _value(text: str) -> str:
    """A value without the quotes around it, or the comment after it.

    What is in quotes that don't fit is kept as it is written.
    """
    quoted = _QUOTED.fullmatch(text)
    if quoted is not None:
        return quoted[1]
    return _COMMENT.split(text, maxsplit=1)[0].rstrip()


def _locks_key(name: str, value: str) -> bool:
    """Whether this is `softkey1 locked: 1` or the like: the server's settings of it count."""
    return value == "1" and name.endswith(" locked") and "key" in name


@dataclass(frozen=True)
class Layers:
    """`elsewhere` < `startup` < `model` < `mac` < `given` < `once` < `local` < `override`.

    A forced value beats the local one. `given` and `override` came by XML since the start and go
    with the next one; an empty value in them takes a parameter back. `once` came by XML too and
    outlives one restart: `coming` is what the next start takes as its `once`. `elsewhere` is what
    the files of a first server said of the one that the others came from.

    What they come to is worked out once: a phone asks for it some twenty times in a boot.
    """

    startup: ConfigurationFile = EMPTY
    model: ConfigurationFile = EMPTY
    mac: ConfigurationFile = EMPTY
    local: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    override: Mapping[str, str] = field(default_factory=dict)
    elsewhere: ConfigurationFile = EMPTY
    once: Mapping[str, str] = field(default_factory=dict)
    coming: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def server(self) -> Mapping[str, Parameter]:
        """What the files say together: of one name the last file's line, marks included."""
        files = (self.elsewhere, self.startup, self.model, self.mac)
        return {name: p for file in files for name, p in file.parameters.items()}

    @cached_property
    def merged(self) -> Mapping[str, str]:
        """The configuration that counts."""
        values = {name: parameter.value for name, parameter in self.server.items()}
        return {**values, **self.given, **self.once, **self.local_left, **self.override}

    @cached_property
    def local_left(self) -> Mapping[str, str]:
        """The local values without those that the files force back, or of keys that they lock."""
        server = self.server
        forced = {name for name, parameter in server.items() if parameter.forced}
        keys = {n.removesuffix("locked") for n, p in server.items() if _locks_key(n, p.value)}
        return {
            name: value
            for name, value in self.local.items()
            if name not in forced and not any(name.startswith(key) for key in keys)
        }

    @property
    def locked(self) -> frozenset[str]:
        """Names that may not be changed on the phone."""
        return frozenset(n for n, p in self.server.items() if p.locked)

    @property
    def secrets(self) -> tuple[str, ...]:
        """All values in all layers that may not be shown."""
        files = (self.startup, self.model, self.mac)
        found = [p.value for f in files for p in f.parameters.values() if is_secret(p.name)]
        for layer in (self.local, self.given, self.override, self.once, self.coming):
            found += [value for name, value in layer.items() if is_secret(name)]
        return tuple(value for value in found if value)
