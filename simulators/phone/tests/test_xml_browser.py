"""Screens of an XML application: keys, fields, time-outs, what is shown after what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.phone.screen import Screen
from simulators.phone.xml import input_fields
from simulators.phone.xml import objects as xml
from simulators.phone.xml.browser import MOST_SCREENS, Browser
from simulators.phone.xml.browser_table import Place
from simulators.phone.xml.objects import Head, InputField, InputScreen, MenuItem, SoftKey, TextMenu


def menu(*prompts: str, head: Head | None = None, **more: str) -> TextMenu:
    items = tuple(MenuItem(prompt, f"http://h/{prompt}", **more) for prompt in prompts)  # type: ignore[arg-type]
    return TextMenu(head or Head("Menu"), items)


def text(words: str = "words", **head: object) -> xml.TextScreen:
    return xml.TextScreen(Head("Text", **head), words)  # type: ignore[arg-type]


def fields(*found: InputField, **head: object) -> InputScreen:
    return InputScreen(Head("Form", **head), "http://h/form?a=1", found)  # type: ignore[arg-type]


def screen(browser: Browser) -> Screen:
    found = browser.screen()
    assert found is not None
    return found


def showing(*objects: xml.XmlScreen) -> Browser:
    browser = Browser()
    for what in objects:
        browser.show(what, 0.0)
    return browser


def press(browser: Browser, *keys: str, now: float = 1.0) -> list[str]:
    for key in keys:
        browser.press(key, now)
    return browser.wishes()


# Lists


def test_a_menu_is_numbered_scrolled_around_its_ends_and_chosen_from() -> None:
    browser = showing(menu("a", "b", "c"))
    assert screen(browser) == Screen("Menu", ("1. a", "2. b", "3. c"), 0, ("Select", "Exit"))
    assert press(browser, "Down", "Select") == ["http://h/b"]
    assert press(browser, "Up", "Up", "Right") == ["http://h/c"]
    assert press(browser, "2") == [] and screen(browser).selected == 1
    assert press(browser, "9") == [] and screen(browser).selected == 1


def test_styles_and_the_first_selected() -> None:
    items = (MenuItem("a"), MenuItem("b"))
    radio = showing(TextMenu(Head(), items, 2, "radio"))
    assert screen(radio).lines == ("( ) a", "(*) b")
    assert screen(showing(TextMenu(Head(), items, 1, "none"))).lines == ("a", "b")


def test_touch_selects_and_chooses_a_line() -> None:
    browser = showing(menu("a", "b"))
    browser.touch(1, 1.0)
    assert browser.wishes() == ["http://h/b"]
    browser.touch(7, 1.0)
    assert browser.wishes() == []


def test_an_item_is_dialled_off_hook_and_by_dial2() -> None:
    keys = (SoftKey(1, "Call", "SoftKey:Dial2"), SoftKey(2, "Open", "SoftKey:Select"))
    item = MenuItem("a", "Dial:456", "123", line=2)
    browser = showing(TextMenu(Head("M", softkeys=keys), (item,)))
    assert press(browser, "Speaker") == ["DialLine:2:123"]
    assert press(browser, "Call") == ["DialLine:2:123"]
    assert press(browser, "Open") == ["Dial:456"]
    assert not showing(menu("a")).press("Speaker", 1.0), "nothing to dial: the phone's own business"


def test_own_softkeys_take_the_place_of_the_phone_s_and_tell_what_is_selected() -> None:
    keys = (SoftKey(2, "Delete", "http://h/del?x=1"), SoftKey(5, "Back", "SoftKey:Exit"))
    browser = showing(menu("a", head=Head("M", softkeys=keys), selection="a b&c"))
    assert screen(browser).softkeys == ("Delete", "Back")
    assert press(browser, "Delete") == ["http://h/del?x=1&selection=a%20b%26c"]
    assert press(browser, "Back") == [] and browser.place is Place.NOTHING


def test_directories_and_call_logs_dial_and_turn_to_their_neighbours() -> None:
    directory = xml.Directory(Head("D"), (MenuItem("Ada", "2101"),), "http://h/0", "http://h/2")
    browser = showing(directory)
    assert screen(browser).softkeys == ("Dial", "Exit", "Previous", "Next")
    assert press(browser, "Dial", "Next") == ["Dial:2101", "http://h/2"]
    log = showing(xml.CallLog(Head("L"), (xml.LogEntry("Ben", "2102", time="10:00"),)))
    assert screen(log).lines == ("Ben 2102",) and press(log, "Dial") == ["Dial:2102"]
    assert press(showing(xml.CallLog(Head(), ())), "Dial", "Down") == []


def test_pictures() -> None:
    image = xml.Image("ff", 8, 1)
    browser = showing(xml.ImageMenu(Head("I"), image, (("1", "http://h/1"), ("2", ""))))
    assert screen(browser).lines == ("[image 8x1]", "1", "2")
    assert press(browser, "1", "2", "3") == ["http://h/1"]
    assert screen(showing(xml.ImageScreen(Head("I"), image))).lines == ("[image 8x1]",)
    lines = (xml.FormattedLine("a", scrolls=True), xml.FormattedLine("b"))
    assert screen(showing(xml.FormattedTextScreen(Head(), lines))).lines == ("a", "b")


# Fields


def test_fields_are_filled_in_and_sent_as_query() -> None:
    browser = showing(
        fields(
            InputField("Number", "n", type="number"),
            InputField("Name", "name", default="A&", selection="s"),
            InputField(type="empty"),
        )
    )
    press(browser, *"12x#", "Down", "Backspace", " ", "ß")
    assert screen(browser).lines == ("Number 12#", "Name A ß_", "")
    assert press(browser, "Done") == ["http://h/form?a=1&n=12%23&name=A%20%C3%9F&selection=s"]


def test_what_is_not_complete_is_not_sent_and_said() -> None:
    browser = showing(fields(InputField("a", "a"), InputField("IP", "ip", type="IP")))
    press(browser, "Down", *"10*0*0*300")
    assert press(browser, "Select") == []
    assert screen(browser).message == "Invalid IP address" and screen(browser).selected == 1
    assert press(browser, "Backspace", "Done") == ["http://h/form?a=1&a=&ip=10.0.0.30"]


def test_a_password_is_hidden_and_what_is_not_editable_stays() -> None:
    browser = showing(
        fields(
            InputField("p", "p", password=True), InputField("q", "q", default="x", editable=False)
        )
    )
    press(browser, *"123", "Down", *"456")
    assert screen(browser).lines == ("p ***", "q x_")


@pytest.mark.parametrize(
    ("kind", "keys", "there", "why"),
    [
        ("timeInt", "235959", "23:59:59", ""),
        ("timeInt", "246060", "24:60:60", "Invalid time"),
        ("timeInt", "12", "12", "Invalid time"),
        ("timeUS", "115959p", "11:59:59 PM", ""),
        ("timeUS", "135959a", "13:59:59 AM", "Invalid time"),
        ("timeUS", "115959", "11:59:59", "Invalid time"),
        ("dateUS", "02292024", "02/29/2024", ""),
        ("dateUS", "02292023", "02/29/2023", "Invalid date"),
        ("dateInt", "31122026", "31/12/2026", ""),
        ("dateInt", "12312026", "12/31/2026", "Invalid date"),
        ("dateInt", "31042026x9", "31/04/2026", "Invalid date"),
        ("IP", "127.0.0.1", "127.0.0.1", ""),
        ("number", "1*#a2", "1*#2", ""),
    ],
)
def test_types_of_fields(kind: str, keys: str, there: str, why: str) -> None:
    field, typed = InputField(type=kind), ""
    for key in keys:
        if input_fields.takes(field, typed, key):
            typed = input_fields.appended(field, typed, key)
    assert (typed, input_fields.mistake(field, typed)) == (there, why)
    while typed:
        shorter = input_fields.shortened(field, typed)
        assert len(shorter) < len(typed) and not shorter.endswith((":", "/", " "))
        typed = shorter


# One after the other


def test_exit_shows_the_screen_before_unless_it_was_to_be_destroyed() -> None:
    browser = showing(menu("a"), text("kept"), text("gone", destroy_on_exit=True), text("last"))
    assert browser.depth == 3
    press(browser, "Done")
    assert screen(browser).lines == ("kept",)
    press(browser, "Left")
    assert screen(browser).title == "Menu"
    press(browser, "Exit")
    assert browser.screen() is None and browser.place is Place.NOTHING


def test_cancel_and_done_actions_are_called() -> None:
    assert press(showing(text(done_action="http://h/d")), "Done") == ["http://h/d"]
    assert press(showing(fields(InputField(), cancel_action="http://h/c")), "Cancel") == [
        "http://h/c"
    ]
    assert press(showing(text(cancel_action="http://h/c")), "Left") == ["http://h/c"]


def test_no_more_screens_are_kept_than_there_is_room_for() -> None:
    assert showing(*(text(str(n)) for n in range(30))).depth == MOST_SCREENS


def test_goodbye_leaves_all_but_what_is_locked_in() -> None:
    browser = showing(text(), text())
    press(browser, "Goodbye")
    assert browser.depth == 0
    locked = showing(text(lock_in=True))
    assert press(locked, "Goodbye", "Left", "Right") == [] and locked.depth == 1
    assert screen(locked).softkeys == ()
    own = showing(text(lock_in=True, goodbye_uri="http://h/bye", timeout_s=5))
    assert press(own, "Goodbye") == ["http://h/bye"] and own.depth == 1


def test_time_outs() -> None:
    assert showing(text()).timer_at() == 45
    assert showing(text(timeout_s=5)).timer_at() == 5
    assert showing(text(timeout_s=0)).timer_at() is None
    assert showing(text(lock_in=True)).timer_at() is None
    browser = showing(text(), text(timeout_s=5))
    press(browser, "Down", now=4.0)
    assert browser.timer_at() == 9, "a key begins it anew"
    browser.handle_timer(8.9)
    assert browser.depth == 2
    browser.handle_timer(9.0)
    assert browser.depth == 0 and browser.timer_at() is None


def test_an_object_without_a_screen_destroys_the_asking_one_only_if_both_say_so() -> None:
    for marked in (False, True):
        for destroys in (False, True):
            browser = showing(text(destroy_on_exit=marked))
            browser.acted(1.0, destroys=destroys)
            assert browser.depth == (0 if marked and destroys else 1)


def test_while_an_answer_is_awaited_people_can_leave() -> None:
    browser = Browser()
    browser.asking()
    assert screen(browser).message == "Loading..." and not browser.press("1", 1.0)
    assert browser.press("Goodbye", 1.0) and browser.screen() is None and browser.left == 1
    browser.asking()
    browser.failed("no answer", 1.0)
    assert browser.notice == "no answer" and browser.place is Place.NOTHING


keys = st.sampled_from(
    ("Up", "Down", "Left", "Right", "Select", "Goodbye", "Backspace", "Done", "Exit", "1", "*", "x",
     "Dot", "Cancel", "Dial", "Speaker", "Nonsense")
)  # fmt: skip
kinds = st.sampled_from(
    (
        menu("a", "b"), text(), text(destroy_on_exit=True, lock_in=True),
        fields(*(InputField("f", "f", type=kind) for kind in xml.INPUT_TYPES)),
        xml.CallLog(Head(), ()), xml.ImageMenu(Head(), xml.Image(""), (("1", "x"),)),
        xml.Directory(Head(), (MenuItem("a", "1"),)), xml.ImageScreen(Head(), xml.Image("")),
    )
)  # fmt: skip


@given(st.lists(keys | kinds | st.none(), max_size=40))
def test_any_keys_and_objects_are_survived(steps: list[str | xml.XmlScreen | None]) -> None:
    browser = Browser()
    for now, step in enumerate(steps):
        if step is None:
            browser.asking()
        elif isinstance(step, str):
            browser.press(step, float(now))
        else:
            browser.show(step, float(now))
        browser.handle_timer(float(now))
        if browser.front is None:
            assert browser.place in (Place.NOTHING, Place.WAITING)
        elif browser.place is not Place.WAITING:
            assert browser.place is not Place.NOTHING and browser.screen() is not None
