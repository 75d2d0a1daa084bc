"""What may stand in a SIP device's fields, and which passwords are weak (EXT-4), pure."""

import string

from simulators.mbg.refusals import invalid

SHORTEST_PASSWORD = 8
LONGEST_TEXT = 255


def weak(username: str, password: str) -> str:
    """Why the MBG calls a password weak; "" when it does not."""
    if len(password) < SHORTEST_PASSWORD:
        return f"shorter than {SHORTEST_PASSWORD} characters"
    if password == username:
        return "equal to the user name"
    kinds = (string.ascii_letters, string.digits, string.punctuation)
    if sum(any(c in kind for c in password) for kind in kinds) < 2:
        return "only one of letters, digits and punctuation"
    return ""


class Fields:
    """Reads typed fields out of a JSON object and collects what is wrong with them."""

    def __init__(self, values: dict[str, object]) -> None:
        self._values = values
        self._problems: dict[str, str] = {}

    def text(self, name: str) -> str:
        """A text, "" where it is absent."""
        value = self._values.get(name, "")
        if not isinstance(value, str):
            self.refuse(name, "must be text")
            return ""
        if len(value) > LONGEST_TEXT or any(c < " " or "\ud800" <= c <= "\udfff" for c in value):
            self.refuse(name, f"must be of at most {LONGEST_TEXT} printable characters")
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """One of `choices`, the first where it is absent or empty."""
        value = self.text(name) or choices[0]
        if value not in choices:
            self.refuse(name, f"must be one of {', '.join(choices)}")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        value = self._values.get(name, default)
        if not isinstance(value, bool):
            self.refuse(name, "must be true or false")
            return default
        return value

    def refuse(self, name: str, reason: str) -> None:
        """Note what is wrong with a field."""
        self._problems[name] = reason

    def refuse_weak(self, name: str, username: str, password: str) -> None:
        """Note a weak password."""
        weakness = weak(username, password)
        if weakness:
            self.refuse(name, f"is weak: {weakness}")

    def refuse_unknown(self, known: tuple[str, ...]) -> None:
        """Note every field that nobody may write."""
        for name in self._values:
            if name not in known:
                self.refuse(name, "is unknown or can't be written")

    def finish(self) -> None:
        """Raise Refused 422 with a reason per field, if anything is wrong."""
        if self._problems:
            raise invalid(self._problems)
