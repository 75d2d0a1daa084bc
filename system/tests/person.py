"""A person with a browser, as far as tests need one: reads pages, fills in forms, keeps cookies."""

import ssl
from dataclasses import dataclass, field
from html.parser import HTMLParser

import aiohttp

from system.tests.conftest import PASSWORD

VOID = {"meta", "link", "input", "img", "br", "hr"}


@dataclass
class Field:
    """One control of a form."""

    name: str
    value: str
    kind: str
    attributes: dict[str, str]


@dataclass
class FormSeen:
    """A form of a page; ``buttons`` are their names' values with their labels."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)
    buttons: dict[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        return next(one.value for one in self.fields if one.name == name)

    def attributes(self, name: str) -> dict[str, str]:
        return next(one.attributes for one in self.fields if one.name == name)


class _Reader(HTMLParser):
    """Forms, labels, links, texts by id."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[FormSeen] = []
        self.links: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.by_id: dict[str, str] = {}
        self.title = ""
        self.texts: list[str] = []
        self.inline: list[str] = []
        self._open: list[tuple[str, dict[str, str], list[str]]] = []
        self._form: FormSeen | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        if tag == "form":
            self._form = FormSeen(given.get("action", ""), given.get("method", "get"))
            self.forms.append(self._form)
        if tag == "input" and self._form is not None and "name" in given:
            kind = given.get("type", "text")
            chosen = kind not in ("checkbox", "radio") or "checked" in given
            value = given.get("value", "on" if kind == "checkbox" else "")
            seen = Field(given["name"], value, kind if chosen else "unchecked", given)
            self._form.fields.append(seen)
        if tag == "option" and "selected" in given and self._form is not None:
            select = next(one for one in reversed(self._open) if one[0] == "select")
            self._form.fields.append(Field(select[1]["name"], given["value"], "select", select[1]))
        if tag not in VOID:
            self._open.append((tag, given, []))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        for _, _, texts in self._open:
            texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            name, given, texts = self._open.pop()
            text = " ".join("".join(texts).split())
            if "id" in given:
                self.by_id[given["id"]] = text
            if name == "title":
                self.title = text
            if name == "a":
                self.links[text] = given.get("href", "")
            if name == "label":
                self.labels[given["for"]] = text
            if self._form is not None and name == "button" and "value" in given:
                self._form.buttons[given["value"]] = text
            if self._form is not None and name == "textarea":
                value = "".join(texts).removeprefix("\n")
                self._form.fields.append(Field(given["name"], value, "textarea", given))
            if name == "form":
                self._form = None
            if name == tag:
                break


class PageSeen:
    """A page as it came."""

    def __init__(self, status: int, headers: dict[str, str], address: str, source: str) -> None:
        self.status, self.headers, self.address, self.source = status, headers, address, source
        reader = _Reader()
        reader.feed(source)
        self.title, self.links, self.labels = reader.title, reader.links, reader.labels
        self.forms, self.by_id, self.inline = reader.forms, reader.by_id, reader.inline
        self.text = " ".join(" ".join(reader.texts).split())

    def form(self, act: str) -> FormSeen:
        """The form of that act."""
        for one in self.forms:
            hidden = [f.value for f in one.fields if f.name == "act"]
            if act in one.buttons or act in hidden:
                return one
        raise AssertionError(f"no form for {act!r} on {self.address}: {self.text}")

    def offers(self, act: str) -> bool:
        """Whether it has a form for it."""
        try:
            self.form(act)
        except AssertionError:
            return False
        return True


class Person:
    """One browser; follows redirects like any, and tells where it has ended up."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.seen: list[PageSeen] = []
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        self.http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=tls),
            cookie_jar=aiohttp.CookieJar(unsafe=True),
        )

    async def __aenter__(self) -> "Person":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()

    async def get(self, path: str, **headers: str) -> PageSeen:
        async with self.http.get(self.url + path, headers=headers) as answer:
            return await self._seen(answer)

    async def post(self, path: str, pairs: dict[str, str], **headers: str) -> PageSeen:
        async with self.http.post(self.url + path, data=pairs, headers=headers) as answer:
            return await self._seen(answer)

    async def _seen(self, answer: aiohttp.ClientResponse) -> PageSeen:
        page = PageSeen(
            answer.status, dict(answer.headers), answer.url.path_qs, await answer.text()
        )
        self.seen.append(page)
        return page

    async def send(self, page: PageSeen, act: str, **typed: str | None) -> PageSeen:
        """Fill in the form of an act and press its button; ``None`` unchecks a box."""
        return await self.post(page.form(act).action, self.filled(page, act, **typed))

    def filled(self, page: PageSeen, act: str, **typed: str | None) -> dict[str, str]:
        """What a browser would send."""
        form = page.form(act)
        values = {one.name: one.value for one in form.fields if one.kind != "unchecked"}
        for name, value in typed.items():
            assert name in {one.name for one in form.fields}, f"no field {name!r}"
            values.pop(name, None)
            if value is not None:
                values[name] = value
        return values | {"act": act}

    async def log_in(self, username: str = "admin", password: str = PASSWORD) -> PageSeen:
        page = await self.get("/log-in")
        return await self.send(page, "log-in", username=username, password=password)
