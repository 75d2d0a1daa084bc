"""What a person typed into a form: read from a request, and kept with what is wrong with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from aiohttp import web

from system.site.inner import Refused

LARGEST_FORM = 256 * 1024
MOST_FIELDS = 1000
CONTENT_TYPE = "application/x-www-form-urlencoded"
CONFLICT = (
    "Somebody else has changed this since you opened it. Nothing of yours is lost and nothing was "
    "saved: below is what you typed, with what is stored now where it differs. Save again to "
    "put yours in its place."
)


@dataclass(slots=True)
class Form:
    """The fields of a form as text. One that is not checked, or not there, is absent.

    ``argument`` is what follows the act's name on the button (``retry:17``). ``problems`` says by
    field what is wrong, under ``""`` what is wrong with the form as a whole. ``stored`` holds what
    is stored meanwhile, after somebody else's change.
    """

    act: str = ""
    argument: str = ""
    values: dict[str, str] = field(default_factory=dict)
    many: list[tuple[str, str]] = field(default_factory=list, repr=False)
    etag: str = ""
    problems: dict[str, str] = field(default_factory=dict)
    conflict: bool = False
    stored: dict[str, str] = field(default_factory=dict)

    def exact(self, name: str) -> str:
        """A field as it came, "" without one."""
        return self.values.get(name, "")

    def text(self, name: str) -> str:
        """A field without blanks around it."""
        return self.exact(name).strip()

    def optional(self, name: str) -> str | None:
        """A field without blanks around it; an empty one is ``None``."""
        return self.text(name) or None

    def number(self, name: str) -> int | str | None:
        """A number where it is one; else what was typed, for the API to refuse."""
        text = self.text(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else text or None

    def checked(self, name: str) -> bool:
        """Whether a box is checked."""
        return name in self.values

    def all_of(self, name: str) -> list[str]:
        """All values of a field that may come several times."""
        return [value for key, value in self.many if key == name]

    def refused(self, refusal: Refused) -> None:
        """Take over why the API refused it."""
        if refusal.status == 412:
            self.conflict = True
            self.problems[""] = CONFLICT
            return
        message = refusal.message.removeprefix(f"{refusal.field}: ")
        self.problems[refusal.field.partition(".")[0]] = message[:1].upper() + message[1:]


def as_text(values: Mapping[str, object]) -> dict[str, str]:
    """What is stored, as a form's fields hold it."""
    shown = {name: value for name, value in values.items() if value is not False}
    return {
        name: "" if value is None else "on" if value is True else str(value)
        for name, value in shown.items()
    }


def filled(pairs: Iterable[tuple[str, str]]) -> Form:
    """A form as it was submitted."""
    many = [pair for pair in pairs if pair[0] != "csrf"]
    values = dict(many)
    act, _, argument = values.get("act", "").partition(":")
    return Form(act=act, argument=argument, values=values, many=many, etag=values.get("etag", ""))


async def read(request: web.Request) -> list[tuple[str, str]]:
    """Names and values that a request carries.

    Raises:
        Refused: 400, 413 or 415, it carries no form, or one that no page of ours has made.
    """
    if request.content_type != CONTENT_TYPE:
        raise Refused(415, "not_a_form", f"Expected a form ({CONTENT_TYPE}).")
    content = b""
    try:
        while len(content) <= LARGEST_FORM and (more := await request.content.read(LARGEST_FORM)):
            content += more
        if len(content) > LARGEST_FORM:
            raise Refused(413, "too_large", f"A form holds at most {LARGEST_FORM} octets.")
        text = content.decode("utf-8")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except (web.RequestPayloadError, ValueError):
        raise Refused(
            400, "form_unreadable", f"Expected a form of at most {MOST_FIELDS} fields in UTF-8."
        ) from None
