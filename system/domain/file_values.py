"""Values of configuration files, such that a phone reads what was meant (``docs/wire.md`` 3).

A phone takes a ``#`` after a blank for a comment, blanks at the ends for nothing, and quotes around
a whole value for marks. So such a value is written in quotes. There is no escape: what would need
quotes and has some of its own, or begins with one, cannot be written.
"""


def one_line(text: str) -> str:
    """The text with blanks for control characters; line breaks among them would forge lines."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else " " for character in text)


def is_writable(value: str) -> bool:
    """Whether a phone can be told exactly this value."""
    if one_line(value) != value or value.startswith('"'):
        return False
    return not (_needs_quotes(value) and '"' in value)


def nearest(text: str) -> str:
    """The text itself, or one for people that can be written: apostrophes stand for quotes."""
    value = one_line(text)
    return value if is_writable(value) else value.replace('"', "'")


def written(value: str) -> str:
    """The value as it stands after ``name:``.

    Raises:
        ValueError: it is not writable.
    """
    if not is_writable(value):
        raise ValueError("a configuration file cannot hold this value")
    return f'"{value}"' if _needs_quotes(value) else value


def _needs_quotes(value: str) -> bool:
    return value != value.strip() or value.startswith("#") or " #" in value
