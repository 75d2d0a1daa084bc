"""The desk: what objects and URIs make a phone do, how deep, and what comes too late."""

import pytest

from simulators.phone.calls.line_table import Lamp
from simulators.phone.xml import objects as xml
from simulators.phone.xml.desk import MAX_DEPTH, MOST_OUTSTANDING, Desk, Get, Noted, Press, Restart
from simulators.phone.xml.media import EndFile, EndStream, PlayFile, Receive, Send
from simulators.phone.xml.objects import Head
from simulators.phone.xml.push import Answer, admitted, allowed_senders, may_send, taken
from simulators.phone.xml.status import SCROLL_S
from simulators.phone.xml.uris import (
    Command,
    DialNumber,
    NoOperation,
    PressKey,
    PressPlace,
    SetLamp,
    SoftKeyAct,
    Unknown,
    Visit,
    read_uri,
    with_query,
)
from simulators.phone.xml.writing import write_object


def execute(*uris: str, **more: bool) -> bytes:
    return write_object(xml.Execute(tuple(xml.ExecuteItem(uri) for uri in uris), **more))


TEXT = write_object(xml.TextScreen(Head("T"), "words"))


def gets(desk: Desk) -> list[Get]:
    return [outcome for outcome in desk.outcomes() if isinstance(outcome, Get)]


def notes(desk: Desk) -> list[str]:
    return [outcome.name for outcome in desk.outcomes() if isinstance(outcome, Noted)]


# URIs


@pytest.mark.parametrize(
    ("uri", "wish"),
    [
        ("", NoOperation()),
        ("Command:", NoOperation()),
        ("Command: FastReboot", Command("fastreboot")),
        ("command:reset", Command("reset")),
        ("Command: Explode", Unknown("Command: Explode")),
        ("Dial: 2101", DialNumber("2101")),
        ("DialLine:2:2101", DialNumber("2101", 2)),
        ("DialLine:x:1", Unknown("DialLine:x:1")),
        ("DialLine:2:", Unknown("DialLine:2:")),
        ("Dial:", Unknown("Dial:")),
        ("Led: softkey1=fastflash", SetLamp("softkey1", Lamp.FAST)),
        ("Led: expmod2 key20=SlowFlash", SetLamp("expmod2 key20", Lamp.SLOW)),
        ("Led: all=off", SetLamp("all", Lamp.OFF)),
        ("Led: softkey1=purple", Unknown("Led: softkey1=purple")),
        ("Led: door=on", Unknown("Led: door=on")),
        ("Key:KeyPadPound", PressKey("#")),
        ("Key: TopSoftKey12", PressPlace("topsoftkey", 12)),
        ("Key:ExpMod1SoftKey60", PressPlace("expmod1", 60, 1)),
        ("Key:Line2", PressPlace("line", 2)),
        ("Key:Door", Unknown("Key:Door")),
        ("SoftKey:Exit", SoftKeyAct("exit")),
        ("HTTP://h/x", Visit("HTTP://h/x")),
        ("https://h:1/", Visit("https://h:1/")),
        ("RTPRx:1.2.3.4:5000", Receive("1.2.3.4", 5000)),
        ("RTPRx: 1.2.3.4:5000:-3:mix", Receive("1.2.3.4", 5000, volume=-3, mix=True)),
        ("rtpmrx:239.0.1.20:5000:mix:disableIcon", Receive("239.0.1.20", 5000, True, mix=True)),
        ("RTPTx:1.2.3.4:5000", Send("1.2.3.4", 5000)),
        ("RTPMTx:239.0.1.20:5000:mix", Send("239.0.1.20", 5000, True, True)),
        ("RTPRx:Stop", EndStream(receiving=True)),
        ("RTPTx:stop", EndStream(receiving=False)),
        ("RTPRx:1.2.3.4:5", Unknown("RTPRx:1.2.3.4:5")),
        ("RTPRx:239.0.1.20:5000", Unknown("RTPRx:239.0.1.20:5000")),
        ("RTPMRx:1.2.3.4:5000", Unknown("RTPMRx:1.2.3.4:5000")),
        ("RTPTx:1.2.3.4:70000", Unknown("RTPTx:1.2.3.4:70000")),
        ("RTPTx:1.2.3.4:5000:loud", Unknown("RTPTx:1.2.3.4:5000:loud")),
        ("Wav.Play:http://h:1/a.wav", PlayFile("http://h:1/a.wav")),
        ("Wav.Play:7:10.3.1.2/a.wav", PlayFile("http://10.3.1.2/a.wav", 7)),
        ("Wav.Play:5:tftp://h/a.wav", PlayFile("tftp://h/a.wav", 5)),
        ("Wav.Play:https://h/a.wav", Unknown("Wav.Play:https://h/a.wav")),
        ("Wav.Stop:", EndFile()),
        ("Melody.Play:http://h:80/a.wav:2", PlayFile("http://h:80/a.wav", 2, melody=True)),
        ("Melody.Stop:", EndFile(melody=True)),
        ("ftp://h", Unknown("ftp://h")),
        ("nonsense", Unknown("nonsense")),
    ],
)
def test_uris(uri: str, wish: object) -> None:
    assert read_uri(f" {uri} ") == wish


def test_queries() -> None:
    assert with_query("http://h", [("a", "b c")]) == "http://h?a=b%20c"
    assert with_query("http://h?", [("a", "1"), ("", "x")]) == "http://h?a=1"
    assert with_query("http://h?x=1", [("a", "")]) == "http://h?x=1&a="
    assert with_query("http://h", []) == "http://h"


# Objects


def test_commands_in_their_order_until_a_restart() -> None:
    desk = Desk()
    desk.take(execute("Led: all=on", "Command: Lock", "", "Dial:1", "Command: Reset", "Dial:2"),
              "push", 0.0)  # fmt: skip
    outcomes = [each for each in desk.outcomes() if not isinstance(each, Noted)]
    assert outcomes == [DialNumber("1"), Restart("reset", "push")]
    assert desk.locked and desk.lamps == {"all": Lamp.ON}
    desk.take(execute("Command: Unlock", "Led: softkey2=slowflash"), "push", 0.0)
    assert not desk.locked and desk.lamps["softkey2"] is Lamp.SLOW
    desk.take(execute("Led: all=off"), "push", 0.0)
    assert desk.lamps == {}


def test_an_item_may_ask_not_to_interrupt_a_call() -> None:
    item = xml.ExecuteItem("Dial:1", interrupt_call=False)
    desk = Desk()
    desk.call_began()
    desk.take(write_object(xml.Execute((item,))), "push", 0.0)
    assert "command not obeyed" in notes(desk)
    desk.call_ended()
    desk.take(write_object(xml.Execute((item,))), "push", 0.0)
    assert DialNumber("1") in desk.outcomes()


def test_answers_that_ask_again_come_to_an_end() -> None:
    desk = Desk()
    desk.take(execute("http://h/again"), "poll", 0.0)
    asked = 0
    while found := gets(desk):
        (get,) = found
        asked += 1
        desk.answered(get.number, 200, execute("http://h/again"), 0.0)
    assert asked == MAX_DEPTH + 1
    desk.open("http://h/again", 0.0)
    assert len(gets(desk)) == 1, "a person's key begins anew"


def test_a_key_pressed_by_xml_is_as_deep_as_what_presses_it() -> None:
    desk = Desk()
    desk.take(execute("Key: SoftKey1"), "push", 0.0, depth=3)
    assert Press(PressPlace("softkey", 1), 3) in desk.outcomes()


def test_too_many_at_once_are_not_followed() -> None:
    desk = Desk()
    desk.take(execute(*["http://h"] * (MOST_OUTSTANDING + 3)), "push", 0.0)
    outcomes = desk.outcomes()
    assert sum(isinstance(each, Get) for each in outcomes) == MOST_OUTSTANDING
    assert sum(isinstance(each, Noted) and each.name == "XML address not followed"
               for each in outcomes) == 3  # fmt: skip


def test_an_answer_after_the_person_has_left_is_not_shown() -> None:
    desk = Desk()
    desk.open("http://h", 0.0)
    (get,) = gets(desk)
    assert desk.in_front and desk.press("Goodbye", 1.0)
    desk.answered(get.number, 200, TEXT, 2.0)
    assert desk.screen() is None and notes(desk) == ["XML answer too late"]
    desk.answered(get.number, 200, TEXT, 2.0)
    assert desk.outcomes() == [], "and never twice"


def test_an_object_that_acts_meanwhile_does_not_end_the_waiting() -> None:
    desk = Desk()
    desk.open("http://h", 0.0)
    (get,) = gets(desk)
    desk.take(execute("Led: all=on"), "poll", 0.0)
    shown = desk.screen()
    assert shown is not None and shown.message == "Loading..."
    desk.answered(get.number, 200, TEXT, 1.0)
    shown = desk.screen()
    assert shown is not None and shown.lines == ("words",)


def test_what_fails_is_said_on_the_screen_that_asked() -> None:
    desk = Desk()
    menu = xml.TextMenu(Head("M"), (xml.MenuItem("a", "http://h"),))
    desk.take(write_object(menu), "push", 0.0)
    for answer, said in ((500, "Error 500"), (None, "Server not reachable"), (200, "XML error")):
        desk.press("Select", 0.0)
        (get,) = gets(desk)
        if answer is None:
            desk.failed(get.number, "no answer", 0.0)
        else:
            desk.answered(get.number, answer, b"<x>", 0.0)
        shown = desk.screen()
        assert shown is not None and (shown.title, shown.message) == ("M", said)


def test_calls_go_before_screens_and_later_screens_before_calls() -> None:
    desk = Desk()
    desk.take(TEXT, "push", 0.0)
    desk.call_began()
    assert desk.screen() is None and not desk.press("Done", 0.0)
    screen = xml.TextScreen(Head("Caller", allow_answer=True), "Ada")
    desk.take(write_object(screen), "action uri incoming", 0.0)
    shown = desk.screen()
    assert shown is not None and shown.title == "Caller"
    assert desk.call_keys() == (True, False)
    desk.call_ended()
    assert desk.in_front


def test_a_screen_is_refreshed_in_its_place_as_its_header_says() -> None:
    desk = Desk()
    desk.open("http://h", 0.0)
    (get,) = gets(desk)
    desk.answered(get.number, 200, TEXT, 0.0, refresh="3; url=http://h/later")
    desk.handle_timer(2.9)
    assert desk.timer_at() == 3.0 and gets(desk) == []
    desk.handle_timer(3.0)
    (again,) = gets(desk)
    shown = desk.screen()
    assert again.url == "http://h/later" and shown is not None and shown.lines == ("words",)
    other = write_object(xml.TextScreen(Head("T"), "newer words"))
    desk.answered(again.number, 200, other, 4.0, refresh="no; url=http://h/")
    shown = desk.screen()
    assert shown is not None and shown.lines == ("newer words",)
    assert desk.browser.depth == 1, "it took the place of the older one"
    desk.handle_timer(10.0)
    assert gets(desk) == [], "this header says nothing"


def test_a_refresh_after_the_person_has_left_is_not_shown() -> None:
    desk = Desk()
    desk.take(TEXT, "push", 0.0, refresh="1; url=http://h")
    desk.handle_timer(1.0)
    (get,) = gets(desk)
    assert desk.press("Goodbye", 1.5)
    desk.answered(get.number, 200, TEXT, 2.0)
    assert desk.screen() is None and notes(desk) == ["XML answer too late"]


def test_sounds_are_not_for_keys_to_ask_for() -> None:
    desk = Desk()
    desk.take(execute("Wav.Stop:", "RTPTx:Stop"), "push", 0.0)
    assert {EndFile(), EndStream(receiving=False)} <= {
        each for each in desk.outcomes() if not isinstance(each, Noted)
    }
    desk.carry_out("Wav.Stop:", "key", 0.0)
    assert notes(desk) == ["command not obeyed"]


def test_a_restart_clears_everything() -> None:
    desk = Desk()
    status = xml.Status((xml.StatusMessage(0, "s"),))
    for data in (TEXT, write_object(status), execute("Led: all=on", "Command: Lock")):
        desk.take(data, "push", 0.0)
    desk.open("http://h", 0.0)
    desk.clear(1.0)
    assert desk.screen() is None and desk.status.messages == () and desk.lamps == {}
    assert not desk.locked and desk.outcomes() == [] and desk.timer_at() is None


def test_any_octets_are_noted_with_where_they_came_from() -> None:
    desk = Desk()
    desk.take(b"\xff<", "push", 0.0)
    assert notes(desk) == ["push not usable"]
    desk.take(b"", "push", 0.0)
    assert desk.outcomes() == []


# Status


def test_status_messages_come_change_scroll_and_go() -> None:
    def status(*found: xml.StatusMessage, session: str = "a") -> None:
        desk.take(write_object(xml.Status(found, session)), "push", 100.0)

    desk = Desk()
    status(xml.StatusMessage(0, "one"), xml.StatusMessage(1, "two"))
    status(xml.StatusMessage(0, "other"), session="b")
    assert list(desk.status.messages) == ["one", "two", "other"]
    seen = {desk.status.shown(100.0 + SCROLL_S * step) for step in range(3)}
    assert seen == {"one", "two", "other"}
    status(xml.StatusMessage(0, "ONE"), xml.StatusMessage(1))
    assert list(desk.status.messages) == ["ONE", "other"]
    status(xml.StatusMessage(5, "alarm", "alert", 10), xml.StatusMessage(6, "", "icon"))
    assert desk.status.shown(109.9) == "alarm" and desk.status.shown(110.0) != "alarm"
    status(xml.StatusMessage(5, "stays", "alert", 0))
    assert desk.status.shown(9999.0) == "stays"
    status(xml.StatusMessage(5, "", "alert"))
    assert desk.status.shown(9999.0) != "stays"


# Push


def test_who_may_push() -> None:
    senders = allowed_senders({"xml application post list": '"10.0.0.5, 10.1.0.0/16 10.2.*"'})
    assert senders == ("10.0.0.5", "10.1.0.0/16", "10.2.*")
    assert all(may_send(sender, senders) for sender in ("10.0.0.5", "10.1.9.9", "10.2.3.4"))
    assert not any(may_send(sender, senders) for sender in ("10.0.0.50", "10.3.0.1", ""))
    assert not may_send("10.0.0.5", allowed_senders({}))


def test_what_is_admitted() -> None:
    senders = ("1.1.1.1",)
    assert admitted("POST", "/", "1.1.1.1", senders).status == 200
    assert admitted("POST", "/?a=1", "1.1.1.1", senders).status == 200
    assert admitted("POST", "/", "1.1.1.2", senders).status == 403
    assert admitted("POST", "/x", "1.1.1.1", senders).status == 404
    assert admitted("PUT", "/", "1.1.1.1", senders).status == 405


def test_bodies() -> None:
    assert taken(b"xml=<a b='1+1%20'/>", 99) == Answer(200, "", b"<a b='1+1%20'/>")
    assert taken(b"xml=%3Ca+b%3D%271%27%2F%3E", 99) == Answer(200, "", b"<a b='1'/>")
    assert taken(b" <a/>", 99) == Answer(200, "", b"<a/>")
    assert taken(b"a=<a/>", 99).status == 400
    assert taken(b"xml=" + b"<" * 96, 99).status == 413
