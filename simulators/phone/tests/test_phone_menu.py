"""The handset's menu (PHN-2): the way to the Configuration Server form, and what gets nowhere."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from simulators.errors import LocalProtocolError
from simulators.phone.files.config_file import Layers, read
from simulators.phone.menu.menu import (
    Erased,
    FactoryDefault,
    Menu,
    RestartAsked,
    Saved,
    admin_password,
)
from simulators.phone.menu.menu_table import KEYS, SECTIONS, TRANSITIONS, Place, Step
from simulators.phone.models import MODELS, model


def menu(configuration: str = "", name: str = "6930", **local: str) -> Menu:
    return Menu(model(name), lambda: Layers(mac=read(configuration.encode()), local=local))


def press(menu: Menu, *keys: str) -> None:
    for key in keys:
        menu.press(key)


def at(menu: Menu, place: Place) -> bool:
    return menu.place is place


def log_in(menu: Menu, password: str = "22222") -> None:
    press(menu, "Settings", "Advanced")
    menu.type_text(password)
    menu.press("Enter")


def open_form(menu: Menu) -> None:
    log_in(menu)
    press(menu, "Down", "Down", "Select")
    assert at(menu, Place.FORM)


def line(menu: Menu, label: str) -> str:
    return next(text for text in menu.screen().lines if text.startswith(label))


def test_the_whole_way_by_d_pad() -> None:
    handset = menu()
    open_form(handset)
    assert handset.screen().title == "Configuration Server"
    press(handset, "Select", "Select", "Select")
    assert line(handset, "Download Protocol") == "Download Protocol: HTTPS"
    press(handset, "Down", "Select")
    handset.type_text("203.0.113.10")
    press(handset, "Done", "Down", "Down", "Select")
    handset.type_text("8202")
    press(handset, "Done", "Down", "Select")
    assert line(handset, "Cert Validation") == "Cert Validation: false"
    press(handset, "Save")
    assert handset.screen().softkeys == ("Yes", "No")
    press(handset, "Yes")
    saved, restart = handset.outcomes()
    assert saved == Saved(
        {
            "download protocol": "HTTPS",
            "https server": "203.0.113.10",
            "https port": "8202",
            "https validate certificates": "0",
        }
    )
    assert isinstance(restart, RestartAsked)
    assert at(handset, Place.IDLE) and handset.outcomes() == []


def test_only_what_was_changed_is_saved() -> None:
    handset = menu("https server: 203.0.113.10\nhttps port: 8202")
    open_form(handset)
    press(handset, "Up", "Select", "Save", "No")
    assert handset.outcomes() == [Saved({"https validate certificates": "0"})]


def test_a_wrong_password_shows_a_message_and_the_third_ends_at_idle() -> None:
    handset = menu()
    log_in(handset, "11111")
    assert at(handset, Place.PASSWORD) and handset.screen().message == "Wrong password"
    for _ in range(2):
        assert at(handset, Place.PASSWORD)
        handset.type_text("11111")
        handset.press("Enter")
    assert at(handset, Place.IDLE) and handset.outcomes() == []
    log_in(handset)
    assert at(handset, Place.ADVANCED)


def test_the_password_is_never_on_the_screen() -> None:
    handset = menu()
    press(handset, "Settings", "Advanced", *"2222")
    assert handset.screen().lines == ("Administrator password", "****")
    press(handset, "Backspace")
    assert handset.screen().lines[1] == "***"


def test_the_password_takes_digits_only() -> None:
    handset = menu()
    press(handset, "Settings", "Advanced")
    handset.type_text("2a2")
    assert handset.screen().message in ("Digits only", "") and handset.screen().lines[1] == "**"


@pytest.mark.parametrize(
    "configured, password",
    [("", "22222"), ("admin password: 34567", "34567"), ("admin password: secret1", "22222")],
)
def test_the_configured_password_counts_if_it_is_all_digits(configured: str, password: str) -> None:
    handset = menu(configured)
    log_in(handset, "99999")
    assert at(handset, Place.PASSWORD)
    handset.type_text(password)
    handset.press("Enter")
    assert at(handset, Place.ADVANCED)
    assert admin_password(Layers(mac=read(configured.encode())).merged) == password


def test_a_port_that_is_none_is_not_saved() -> None:
    handset = menu("https port: 8202")
    open_form(handset)
    press(handset, "Down", "Down", "Down", "Select", *"99999", "Done", "Save")
    assert at(handset, Place.FORM) and handset.screen().message == "HTTPS Port is not valid"
    press(handset, "Select", *"8202", "Done", "Save")
    assert at(handset, Place.CONFIRM)


def test_a_locked_field_cannot_be_changed() -> None:
    handset = menu("!https server: 203.0.113.10")
    open_form(handset)
    press(handset, "Down", "Select")
    assert at(handset, Place.FORM) and handset.screen().message == "Locked"
    handset.type_text("x")
    assert line(handset, "HTTPS Server").endswith("203.0.113.10")


def test_typing_replaces_a_value_and_backspace_corrects_it() -> None:
    handset = menu("https server: mcs")
    open_form(handset)
    press(handset, "Down", "Select", "Backspace", "Done")
    assert line(handset, "HTTPS Server") == "HTTPS Server: mc"
    press(handset, "Select")
    handset.type_text("new")
    press(handset, "Cancel")
    assert line(handset, "HTTPS Server") == "HTTPS Server: mc"
    handset.type_text("new")
    press(handset, "Done")
    assert line(handset, "HTTPS Server") == "HTTPS Server: new"


def test_cancel_and_goodbye_lead_back_and_save_nothing() -> None:
    handset = menu()
    open_form(handset)
    press(handset, "Select", "Cancel")
    assert at(handset, Place.ADVANCED)
    press(handset, "Back")
    assert at(handset, Place.SETTINGS)
    log_in(handset)
    press(handset, "Goodbye")
    assert at(handset, Place.IDLE) and handset.outcomes() == []


def test_touch_works_where_there_is_touch_only() -> None:
    with_touch, without = menu(name="6940"), menu(name="6930")
    for handset in (with_touch, without):
        log_in(handset)
    assert with_touch.touch("Configuration Server") and at(with_touch, Place.FORM)
    assert not without.touch("Configuration Server") and at(without, Place.ADVANCED)
    assert not with_touch.touch("Toaster")


def test_restart_and_erase_ask_first() -> None:
    handset = menu()
    log_in(handset)
    press(handset, "Up", "Select")
    assert at(handset, Place.CONFIRM) and handset.outcomes() == []
    press(handset, "No")
    assert handset.outcomes() == []
    log_in(handset)
    press(handset, "Up", "Select", "Yes")
    assert handset.outcomes() == [Erased(), RestartAsked("local configuration erased")]
    log_in(handset)
    assert handset.find("Factory Default") is not None
    press(handset, "Up", "Up", "Up", "Select", "Yes")
    assert handset.outcomes() == [FactoryDefault(), RestartAsked("factory default")]


def choose(handset: Menu, section: str) -> None:
    index = handset.find(section)
    assert index is not None
    press(handset, *["Down"] * index, "Select")


@pytest.mark.parametrize(
    "section, keys, typed, saved",
    [
        ("Network", ["Up", "Select", "Select"], "", {"dhcp config option override": "66"}),
        ("Network", ["Down", "Select"], "192.0.2.7", {"ip": "192.0.2.7"}),
        ("SIP Settings", ["Select"], "2101", {"sip user name": "2101"}),
        ("SIP Settings", ["Down", "Down", "Select"], "pass word", {"sip password": "pass word"}),
        ("SIP Settings", ["Up", "Select"], "", {"sip transport protocol": "2"}),
    ],
)
def test_other_sections_save_their_own_parameters(
    section: str, keys: list[str], typed: str, saved: dict[str, str]
) -> None:
    handset = menu()
    log_in(handset)
    choose(handset, section)
    assert handset.screen().title == section
    press(handset, *keys)
    if typed:
        handset.type_text(typed)
        assert ("pass" not in str(handset.screen())) or "password" not in str(saved)
        press(handset, "Done")
    press(handset, "Save", "No")
    (outcome,) = handset.outcomes()
    assert isinstance(outcome, Saved) and outcome.values == saved


def test_status_is_read_only() -> None:
    handset = Menu(model("6930"), Layers, lambda: ("Firmware Version: 5.1",))
    log_in(handset)
    choose(handset, "Firmware Status")
    press(handset, "Select", "Down", *"123", "Right")
    assert handset.screen().lines == ("Firmware Version: 5.1",)
    press(handset, "Back")
    assert at(handset, Place.ADVANCED) and handset.outcomes() == []


def change_password(handset: Menu, *values: str) -> str:
    log_in(handset)
    choose(handset, "Admin Password")
    for value in values:
        press(handset, "Select")
        handset.type_text(value)
        press(handset, "Done", "Down")
    assert not any(value and value in str(handset.screen()) for value in values)
    press(handset, "Save")
    return handset.screen().message


@pytest.mark.parametrize(
    "values, message",
    [
        (("22222", "345", "345"), "Password Changed"),
        (("22222", "3a4b5", "345"), "Password Changed"),  # letters aren't taken
        (("11111", "345", "345"), "Wrong password"),
        (("22222", "345", "346"), "Passwords do not match"),
        (("22222", "", ""), "Enter a new password"),
    ],
)
def test_the_administrator_password_is_changed_by_who_knows_it(
    values: tuple[str, ...], message: str
) -> None:
    handset = menu()
    assert change_password(handset, *values) == message
    done = message == "Password Changed"
    saved = [Saved({"admin password": "345"}, "administrator password")]
    assert handset.outcomes() == (saved if done else [])
    assert at(handset, Place.ADVANCED if done else Place.FORM)


def test_a_locked_password_stays() -> None:
    assert change_password(menu("!admin password: 22222"), "22222", "345", "345") == "Locked"


GUARDED = "options password enabled: 1\nuser password: 777\n"


@pytest.mark.parametrize("password", ["777", "22222"])
def test_the_options_password_guards_the_whole_menu(password: str) -> None:
    handset = menu(GUARDED)
    press(handset, "Settings")
    assert at(handset, Place.GUARD) and handset.screen().softkeys[0] == "Enter"
    press(handset, "Advanced", "Enter")
    assert at(handset, Place.GUARD) and handset.screen().message == "Wrong password"
    handset.type_text(password)
    assert handset.screen().lines[1] == "*" * len(password)
    press(handset, "Enter")
    assert at(handset, Place.SETTINGS)


def test_three_wrong_options_passwords_return_to_idle() -> None:
    handset = menu(GUARDED)
    press(handset, "Settings")
    for _ in range(3):
        assert at(handset, Place.GUARD)
        handset.type_text("778")
        press(handset, "Enter")
    assert at(handset, Place.IDLE)
    open_ = menu("user password: 777")
    press(open_, "Settings")
    assert at(open_, Place.SETTINGS)


def test_a_key_that_no_handset_has_is_our_mistake() -> None:
    with pytest.raises(LocalProtocolError):
        menu().press("Eject")


def test_the_table_has_no_dead_end() -> None:
    assert set(TRANSITIONS) == set(Place)
    for place, steps in TRANSITIONS.items():
        assert Step.QUIT in steps, place


class AnyKeys(RuleBasedStateMachine):
    """Whatever is pressed, nothing is raised, and without the password nothing is saved."""

    def __init__(self) -> None:
        super().__init__()
        self.menu = menu("^https port: 8202\n!https path: locked", name="6940")
        self.been_inside = False

    @rule(key=st.sampled_from(sorted(KEYS)))
    def press(self, key: str) -> None:
        self.menu.press(key)

    @rule(text=st.text(max_size=6))
    def type_text(self, text: str) -> None:
        self.menu.type_text(text)

    @rule()
    def log_in(self) -> None:
        log_in(self.menu)

    @rule(text=st.sampled_from([*SECTIONS, "HTTPS Port", "Cert Validation", "?"]))
    def touch(self, text: str) -> None:
        self.menu.touch(text)

    @rule()
    def unknown(self) -> None:
        with pytest.raises(LocalProtocolError):
            self.menu.press("unknown")

    @invariant()
    def nothing_is_saved_from_outside(self) -> None:
        self.been_inside |= self.menu.place is Place.ADVANCED
        outcomes = self.menu.outcomes()
        assert self.been_inside or not outcomes
        for outcome in outcomes:
            if isinstance(outcome, Saved):
                assert "https path" not in outcome.values
        screen = self.menu.screen()
        assert screen.selected is None or 0 <= screen.selected < len(screen.lines)


TestAnyKeys = AnyKeys.TestCase
TestAnyKeys.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
assert MODELS["6940"].touch
