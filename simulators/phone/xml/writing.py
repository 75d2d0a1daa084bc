"""Writes XML objects, as whoever plays a server does (domain reference 3.5).

What `reading.read_object` makes of the octets is the object again.
"""

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from simulators.phone.xml import objects as xml
from simulators.phone.xml.objects import SCREENS, XmlObject
from simulators.phone.xml.reading import ROOT


def write_object(what: XmlObject) -> bytes:
    """The object as UTF-8 octets."""
    root = Element(f"{ROOT}{type(what).__name__}")
    if isinstance(what, SCREENS):
        _head(root, what.head)
    else:
        _flag(root, "Beep", what.beep)
        _flag(root, "triggerDestroyOnExit", what.trigger_destroy)
    _WRITERS[type(what)](root, what)
    if isinstance(what, SCREENS):
        _softkeys(root, what.head)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _flag(node: Element, name: str, value: bool, default: bool = False) -> None:
    if value is not default:
        node.set(name, "yes" if value else "no")


def _set(node: Element, **values: object) -> None:
    for name, value in values.items():
        if value:
            node.set(name, str(value))


def _text(parent: Element, name: str, text: str, always: bool = False) -> Element | None:
    if not text and not always:
        return None
    node = SubElement(parent, name)
    node.text = text
    return node


def _head(root: Element, head: xml.Head) -> None:
    title = _text(root, "Title", head.title, always=head.wrap_title)
    if title is not None:
        _flag(title, "wrap", head.wrap_title)
    _flag(root, "destroyOnExit", head.destroy_on_exit)
    _flag(root, "Beep", head.beep)
    _flag(root, "LockIn", head.lock_in)
    _flag(root, "allowAnswer", head.allow_answer)
    _flag(root, "allowDrop", head.allow_drop)
    if head.timeout_s is not None:
        root.set("Timeout", str(head.timeout_s))
    _set(
        root,
        cancelAction=head.cancel_action,
        doneAction=head.done_action,
        GoodbyeLockInURI=head.goodbye_uri,
    )


def _softkeys(root: Element, head: xml.Head) -> None:
    for key in head.softkeys:
        node = SubElement(root, "SoftKey", index=str(key.index))
        _text(node, "Label", key.label, always=True)
        _text(node, "URI", key.uri, always=True)


def _menu_items(root: Element, items: tuple[xml.MenuItem, ...]) -> None:
    for item in items:
        node = SubElement(root, "MenuItem")
        _text(node, "Prompt", item.prompt, always=True)
        _text(node, "URI", item.uri)
        dial = _text(node, "Dial", item.dial, always=bool(item.line))
        if dial is not None:
            _set(dial, line=item.line)
        _text(node, "Selection", item.selection)


def _text_menu(root: Element, what: xml.TextMenu) -> None:
    _set(root, defaultIndex=what.default_index, style=what.style)
    _flag(root, "wrapList", what.wrap_list)
    _menu_items(root, what.items)


def _text_screen(root: Element, what: xml.TextScreen) -> None:
    _text(root, "Text", what.text)


def _formatted(root: Element, what: xml.FormattedTextScreen) -> None:
    block: Element | None = None
    for line in what.lines:
        if line.scrolls and block is None:
            block = SubElement(root, "Scroll")
        elif not line.scrolls:
            block = None
        node = SubElement(root if block is None else block, "Line")
        node.set("Size", line.size)
        node.set("Align", line.align)
        node.text = line.text


def _input_screen(root: Element, what: xml.InputScreen) -> None:
    _set(root, defaultIndex=what.default_index, displayMode=what.display_mode)
    _text(root, "URL", what.url)
    for field in what.fields:
        node = SubElement(root, "InputField", type=field.type)
        _flag(node, "password", field.password)
        _flag(node, "editable", field.editable, default=True)
        _text(node, "Prompt", field.prompt)
        _text(node, "Parameter", field.parameter)
        _text(node, "Default", field.default)
        _text(node, "Selection", field.selection)


def _directory(root: Element, what: xml.Directory) -> None:
    _set(root, previous=what.previous, next=what.next)
    _menu_items(root, what.items)


def _image(root: Element, image: xml.Image) -> None:
    node = SubElement(root, "Image")
    _set(node, width=image.width, height=image.height)
    node.text = image.data


def _image_screen(root: Element, what: xml.ImageScreen) -> None:
    _image(root, what.image)


def _image_menu(root: Element, what: xml.ImageMenu) -> None:
    _image(root, what.image)
    block = SubElement(root, "URIList")
    for key, uri in what.uris:
        SubElement(block, "URI", key=key).text = uri


def _call_log(root: Element, what: xml.CallLog) -> None:
    for entry in what.entries:
        node = SubElement(root, "LogItem")
        for name in ("name", "number", "date", "time", "selection"):
            _text(node, name.capitalize(), getattr(entry, name))


def _status(root: Element, what: xml.Status) -> None:
    _text(root, "Session", what.session)
    for message in what.messages:
        node = SubElement(root, "Message", index=str(message.index))
        node.set("Timeout", str(message.timeout_s))
        _set(node, type=message.type, URI=message.uri)
        node.text = message.text


def _execute(root: Element, what: xml.Execute) -> None:
    for item in what.items:
        node = SubElement(root, "ExecuteItem", URI=item.uri)
        _flag(node, "interruptCall", item.interrupt_call, default=True)


def _configuration(root: Element, what: xml.Configuration) -> None:
    for item in what.items:
        node = SubElement(root, "ConfigurationItem", setType=item.set_type)
        _text(node, "Parameter", item.parameter)
        _text(node, "Value", item.value, always=True)


_WRITERS: dict[type, Callable[[Element, Any], None]] = {
    xml.TextMenu: _text_menu,
    xml.TextScreen: _text_screen,
    xml.FormattedTextScreen: _formatted,
    xml.InputScreen: _input_screen,
    xml.Directory: _directory,
    xml.ImageScreen: _image_screen,
    xml.ImageMenu: _image_menu,
    xml.CallLog: _call_log,
    xml.Status: _status,
    xml.Execute: _execute,
    xml.Configuration: _configuration,
}
