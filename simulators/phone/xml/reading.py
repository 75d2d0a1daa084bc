"""Reads one XML object of any octets; never raises (domain reference 3.5).

Tolerant in what is harmless: names of elements and attributes count in any case, what is not known
is passed over, what is too many is cut off. Refused with a reason: too many octets, what is no XML,
a document type (a phone needs no entities, and they are how XML is made to explode), another root.
"""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator

from simulators.phone.xml import objects as xml
from simulators.phone.xml.objects import Nothing, Unusable, XmlObject

MAX_OBJECT = 65_536
"""Octets of the largest answer that is read.

The guide of 2014 says 10,000; a server that sends a whole set of parameters needs more.
"""
MOST_ITEMS, MOST_FIELDS, MOST_SOFTKEYS = 100, 10, 10
MOST_PARAMETERS = 1000
"""Items of a Configuration, its ranges written out."""
MAX_URI, MAX_LABEL = 2048, 256
"""Characters; what is longer is cut (a label) or left empty (a URI)."""
ROOT = "AastraIPPhone"
_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_DEEPEST = 32


class _Refused(Exception):
    """The object can't be taken; says why."""


class _Node:
    """An element whose names count in any case."""

    def __init__(self, element: ElementTree.Element) -> None:
        self._attributes = {name.lower(): value for name, value in element.attrib.items()}
        self._children = [child for child in element if isinstance(child.tag, str)]
        self.name = element.tag
        self.text = "".join(element.itertext()).strip() if not len(element) else ""

    def all(self, *names: str) -> Iterator["_Node"]:
        wanted = {name.lower() for name in names}
        return (_Node(child) for child in self._children if child.tag.lower() in wanted)

    def child(self, name: str) -> str:
        return next((found.text for found in self.all(name)), "")

    def label(self, name: str) -> str:
        return self.child(name)[:MAX_LABEL]

    def uri(self, name: str) -> str:
        return _uri(self.child(name))

    def attribute(self, name: str) -> str:
        return self._attributes.get(name.lower(), "").strip()

    def flag(self, name: str, default: bool = False) -> bool:
        found = self.attribute(name).lower()
        return found == "yes" if found in ("yes", "no") else default

    def number(self, name: str, default: int = 0) -> int:
        return _number(self.attribute(name), default)

    def choice(self, name: str, known: tuple[str, ...], default: str) -> str:
        found = self.attribute(name).lower()
        return next((value for value in known if value.lower() == found), default)


def _uri(text: str) -> str:
    return text if len(text) <= MAX_URI else ""


def _number(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else default


def read_object(data: bytes) -> XmlObject | Nothing | Unusable:
    """Read one object; an answer without anything in it is `Nothing`."""
    if not data.strip():
        return Nothing()
    if len(data) > MAX_OBJECT:
        return Unusable(f"the object has {len(data)} octets, {MAX_OBJECT} at most are read")
    try:
        root = _parsed(data)
        read = _READERS.get(root.name.lower())
        if read is None:
            raise _Refused(f"a {root.name[:60]} object, expected one of {ROOT}...")
        return read(root)
    except _Refused as refused:
        return Unusable(str(refused))


def _parsed(data: bytes) -> _Node:
    """The root element.

    The text is decoded here, so that no encoding hides a document type from the check.
    """
    declared = _ENCODING.search(data[:400])
    encoding = declared[1].decode().lower() if declared else "utf-8"
    if encoding not in ("utf-8", "us-ascii", "iso-8859-1"):
        raise _Refused(f"encoding {encoding}, expected UTF-8 or ISO-8859-1")
    try:
        text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        raise _Refused(f"not {encoding} at octet {error.start}") from error
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise _Refused("a document type is not accepted")
    try:
        parser = ElementTree.XMLParser(encoding="utf-8")
        parser.feed(text.lstrip().encode())
        root = parser.close()
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise _Refused(f"no XML: {error}") from error
    if not _shallow(root):
        raise _Refused(f"elements stand more than {_DEEPEST} deep in each other")
    return _Node(root)


def _shallow(root: ElementTree.Element) -> bool:
    level = [root]
    for _ in range(_DEEPEST):
        level = [child for element in level for child in element]
        if not level:
            return True
    return False


# Screens


def _head(root: _Node) -> xml.Head:
    titles = list(root.all("Title"))
    timeout = root.attribute("Timeout")
    keys = [
        xml.SoftKey(key.number("index"), key.label("Label"), key.uri("URI"))
        for key in root.all("SoftKey")
        if key.number("index") > 0
    ]
    return xml.Head(
        title=titles[0].text[:MAX_LABEL] if titles else "",
        wrap_title=any(title.flag("wrap") for title in titles[:1]) or root.flag("wrapTitle"),
        destroy_on_exit=root.flag("destroyOnExit"),
        cancel_action=_uri(root.attribute("cancelAction")),
        done_action=_uri(root.attribute("doneAction")),
        beep=root.flag("Beep"),
        timeout_s=_number(timeout, xml.DEFAULT_TIMEOUT_S) if timeout else None,
        lock_in=root.flag("LockIn"),
        goodbye_uri=_uri(root.attribute("GoodbyeLockInURI")),
        allow_answer=root.flag("allowAnswer"),
        allow_drop=root.flag("allowDrop"),
        softkeys=tuple(sorted(keys[:MOST_SOFTKEYS], key=lambda key: key.index)),
    )


def _menu_items(root: _Node) -> tuple[xml.MenuItem, ...]:
    """The items; a `base` goes before the addresses from there on."""
    items: list[xml.MenuItem] = []
    base = ""
    for node in list(root.all("MenuItem"))[:MOST_ITEMS]:
        base = node.attribute("base") or base
        uri = node.uri("URI")
        if base and uri and ":" not in uri.split("/")[0]:
            uri = _uri(base + uri)
        dial = next(node.all("Dial"), None)
        number, line = (dial.text[:MAX_LABEL], dial.number("line")) if dial else ("", 0)
        items.append(xml.MenuItem(node.label("Prompt"), uri, number, line, node.label("Selection")))
    if not items:
        raise _Refused(f"{root.name} without a MenuItem")
    return tuple(items)


def _text_menu(root: _Node) -> xml.TextMenu:
    items = _menu_items(root)
    return xml.TextMenu(
        _head(root),
        items,
        min(max(root.number("defaultIndex", 1), 1), len(items)),
        root.choice("style", xml.MENU_STYLES, "numbered"),
        root.flag("wrapList"),
    )


def _text_screen(root: _Node) -> xml.TextScreen:
    return xml.TextScreen(_head(root), root.child("Text"))


def _formatted(root: _Node) -> xml.FormattedTextScreen:
    lines: list[xml.FormattedLine] = []
    for node in root.all("Line", "Scroll"):
        scrolls = node.name.lower() == "scroll"
        for line in node.all("Line") if scrolls else (node,):
            size = line.attribute("Size").lower() or "normal"
            align = line.choice("Align", ("left", "center", "right"), "left")
            lines.append(xml.FormattedLine(line.text[:MAX_LABEL], size, align, scrolls))
    return xml.FormattedTextScreen(_head(root), tuple(lines[:MOST_ITEMS]))


def _input_screen(root: _Node) -> xml.InputScreen:
    """Fields, each with what the root says for all of them; without any the root is the one."""
    shared = _field(root, xml.InputField())
    fields = tuple(_field(node, shared) for node in root.all("InputField"))[:MOST_FIELDS]
    url = root.uri("URL")
    if not url:
        raise _Refused(f"{root.name} without a URL")
    fields = fields or (shared,)
    mode = root.choice("displayMode", ("normal", "condensed"), "normal")
    first = min(max(root.number("defaultIndex", 1), 1), len(fields))
    return xml.InputScreen(_head(root), url, fields, first, mode)


def _field(node: _Node, otherwise: xml.InputField) -> xml.InputField:
    return xml.InputField(
        prompt=node.label("Prompt") or otherwise.prompt,
        parameter=node.label("Parameter") or otherwise.parameter,
        default=node.label("Default") or otherwise.default,
        type=node.choice("type", xml.INPUT_TYPES, otherwise.type),
        password=node.flag("password", otherwise.password),
        editable=node.flag("editable", otherwise.editable),
        selection=node.label("Selection") or otherwise.selection,
    )


def _directory(root: _Node) -> xml.Directory:
    previous, following = _uri(root.attribute("previous")), _uri(root.attribute("next"))
    return xml.Directory(_head(root), _menu_items(root), previous, following)


def _image(root: _Node) -> xml.Image:
    found = next(root.all("Image"), None)
    if found is None:
        raise _Refused(f"{root.name} without an Image")
    return xml.Image(found.text, found.number("width"), found.number("height"))


def _image_screen(root: _Node) -> xml.ImageScreen:
    return xml.ImageScreen(_head(root), _image(root))


def _image_menu(root: _Node) -> xml.ImageMenu:
    lists = list(root.all("URIList"))[:1]
    base = lists[0].attribute("base") if lists else ""
    nodes = [node for found in lists for node in found.all("URI")][:MOST_ITEMS]
    uris = tuple((node.attribute("key"), _uri(base + node.text)) for node in nodes)
    return xml.ImageMenu(_head(root), _image(root), uris)


def _call_log(root: _Node) -> xml.CallLog:
    names = ("Name", "Number", "Date", "Time", "Selection")
    nodes = list(root.all("LogItem"))[:MOST_ITEMS]
    return xml.CallLog(
        _head(root), tuple(xml.LogEntry(*(node.label(name) for name in names)) for node in nodes)
    )


# What acts and is gone


def _acts(root: _Node) -> tuple[bool, bool]:
    return root.flag("Beep"), root.flag("triggerDestroyOnExit")


def _status(root: _Node) -> xml.Status:
    messages = tuple(
        xml.StatusMessage(
            node.number("index"),
            node.text[:MAX_LABEL],
            node.choice("type", ("alert", "icon"), ""),
            node.number("Timeout", 3),
            _uri(node.attribute("URI")),
        )
        for node in list(root.all("Message"))[:MOST_ITEMS]
    )
    if not messages:
        raise _Refused(f"{root.name} without a Message")
    return xml.Status(messages, root.label("Session") or "0", *_acts(root))


def _execute(root: _Node) -> xml.Execute:
    items = tuple(
        xml.ExecuteItem(
            _uri(" ".join(node.attribute("URI").split())), node.flag("interruptCall", True)
        )
        for node in list(root.all("ExecuteItem"))[:MOST_ITEMS]
    )
    if not items:
        raise _Refused(f"{root.name} without an ExecuteItem")
    return xml.Execute(items, *_acts(root))


def _configuration(root: _Node) -> xml.Configuration:
    usual = root.choice("setType", xml.SET_TYPES, "remote")
    items: list[xml.ConfigurationItem] = []
    for node in root.all("ConfigurationItem"):
        kept, value = node.choice("setType", xml.SET_TYPES, usual), node.child("Value")
        for parameter in node.all("Parameter"):
            items += [xml.ConfigurationItem(name, value, kept) for name in _names(parameter)]
        if len(items) > MOST_PARAMETERS:
            raise _Refused(f"{root.name} with more than {MOST_PARAMETERS} parameters")
    if not items:
        raise _Refused(f"{root.name} without a ConfigurationItem that names a Parameter")
    return xml.Configuration(tuple(items), *_acts(root))


def _names(parameter: _Node) -> Iterator[str]:
    """The parameter's name, or those of a range: `softkey# type` from `firstItem` to `lastItem`."""
    name = " ".join(parameter.text.split()).lower()
    first, last = parameter.number("firstItem"), parameter.number("lastItem")
    if "#" not in name or not first:
        return iter((name,) if name else ())
    if not first <= last <= first + MOST_PARAMETERS:
        raise _Refused(f"a range from {first} to {last} of {name[:60]}")
    return (name.replace("#", str(number)) for number in range(first, last + 1))


_READERS: dict[str, Callable[[_Node], XmlObject]] = {
    f"{ROOT}{name}".lower(): reader
    for name, reader in (
        ("TextMenu", _text_menu),
        ("TextScreen", _text_screen),
        ("FormattedTextScreen", _formatted),
        ("InputScreen", _input_screen),
        ("Directory", _directory),
        ("ImageScreen", _image_screen),
        ("ImageMenu", _image_menu),
        ("CallLog", _call_log),
        ("Status", _status),
        ("Execute", _execute),
        ("Configuration", _configuration),
    )
}
