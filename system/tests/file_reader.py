"""A reader of configuration files, from ``docs/wire.md`` section 3 alone: a second opinion.

line  = [marks] name ":" value [blanks "#" comment] | "#" comment | nothing
value = text | DQUOTE text without DQUOTE DQUOTE
"""


def read_file(body: str) -> dict[str, str]:
    """Parameters by name; a line that is none of the above is an error here."""
    found: dict[str, str] = {}
    for line in body.split("\n"):
        line = line.strip()
        if not line or line[0] == "#":
            continue
        name, colon, rest = line.partition(":")
        assert colon, f"no parameter: {line!r}"
        assert name not in found, f"twice: {name}"
        found[name] = _value(rest)
    return found


def _value(rest: str) -> str:
    text = rest.strip()
    if text.startswith('"'):
        inside, end, after = text[1:].partition('"')
        after = after.lstrip()
        if end and (not after or after.startswith("#")):
            return inside
    for place, character in enumerate(rest):
        if character == "#" and rest[:place][-1:].isspace():
            return rest[:place].strip()
    return text
