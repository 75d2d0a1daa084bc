"""What a person typed into a form: read from a request, and checked field by field."""

from collections.abc import Iterable
from urllib.parse import parse_qsl

from aiohttp import web

from simulators.hosts import is_host_name, is_ipv4
from simulators.mbg.refusals import Refused

MAX_FORM = 1 << 16
MAX_FIELDS = 100
CONTENT_TYPE = "application/x-www-form-urlencoded"
LONGEST_TEXT = 255


class Form:
    """The fields of a submitted form, and what is wrong with them (`problems`, by field)."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.values = dict(pairs)
        self.problems: dict[str, str] = {}

    def exact(self, name: str) -> str:
        """A field as it came, "" without one."""
        return self.values.get(name, "")

    def text(self, name: str) -> str:
        """A field without blanks around it; control characters are a problem."""
        value = self.exact(name).strip()
        if len(value) > LONGEST_TEXT or not value.isprintable():
            self.problems[name] = f"must be of at most {LONGEST_TEXT} printable characters"
        return value

    def needed(self, name: str) -> str:
        """A field that must not be empty."""
        value = self.text(name)
        if not value:
            self.problems[name] = "is needed"
        return value

    def chosen(self, name: str, choices: Iterable[str]) -> str:
        """One of several values."""
        value = self.exact(name)
        if value not in choices:
            self.problems[name] = "is needed: choose one of the list"
        return value

    def checked(self, name: str) -> bool:
        """Whether a box is checked."""
        return name in self.values

    def port(self, name: str) -> int:
        """A port number, 0 with a problem noted where it is none."""
        value = self.text(name)
        number = int(value) if value.isascii() and value.isdigit() and len(value) < 6 else 0
        if not 1 <= number <= 65_535:
            self.problems[name] = "must be a port from 1 to 65535"
        return number

    def ipv4(self, name: str) -> str:
        """An IPv4 address."""
        value = self.needed(name)
        if value and not is_ipv4(value):
            self.problems[name] = "must be an IPv4 address such as 127.10.0.5"
        return value

    def host(self, name: str) -> str:
        """An IPv4 address or a host name."""
        value = self.needed(name)
        if value and not is_ipv4(value) and not is_host_name(value):
            self.problems[name] = "must be a host name or an IPv4 address such as 127.10.0.21"
        return value

    def refused(self, error: Exception) -> None:
        """Take over what an act found: by field where it says so, else for the form as a whole."""
        fields = error.detail.get("fields") if isinstance(error, Refused) else None
        if isinstance(fields, dict):
            self.problems.update(fields)
            return
        field = str(error.detail.get("field", "")) if isinstance(error, Refused) else ""
        self.problems[field] = str(error).removeprefix(f"{field} ")


async def read(request: web.Request) -> Form:
    """The form that a request carries.

    Raises:
        Refused: 400, 413 or 415: it carries none, or one that no page of ours has made.
    """
    if request.content_type != CONTENT_TYPE:
        raise Refused(415, "not_a_form", f"expected a form ({CONTENT_TYPE})")
    try:
        body = await request.read()
        if len(body) > MAX_FORM:
            raise _too_large()
        text = body.decode("utf-8", "replace")
        return Form(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except web.HTTPRequestEntityTooLarge:
        raise _too_large() from None
    except (web.RequestPayloadError, ValueError):
        text = f"expected a form of at most {MAX_FIELDS} fields, as the page has it"
        raise Refused(400, "form_unreadable", text) from None


def _too_large() -> Refused:
    return Refused(413, "too_large", f"expected a form of at most {MAX_FORM} octets")
