"""Parameters that count at once, and action URIs with their variables, in a phone's life."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.phone.calls.line_table import TRANSITIONS, Activity
from simulators.phone.files.firmware import Running
from simulators.phone.identity import Identity
from simulators.phone.life import actions as do
from simulators.phone.life.action_uris import LONGEST, CallFacts, events, fill_in
from simulators.phone.life.life import POLL, Life
from simulators.phone.life.states import State
from simulators.phone.models import model

NUMBER = "1400E9123456"
LINE = {
    "sip line1 user name": "tw 7k",
    "sip line1 auth name": "auth7k",
    "sip line1 display name": "Ada",
    "sip line1 registrar ip": "127.20.0.10",
    "sip line1 proxy ip": "127.20.0.11",
}


class Bench:
    """A phone in service; `called` are its action URIs, `polled` its polls."""

    def __init__(self, files: dict[str, str], local: dict[str, str] | None = None) -> None:
        self.life = Life(
            Identity(NUMBER), model("6930"), Running("5.1.0.6044", "sip"),
            dhcp_server="http://127.10.0.5:8203", local=local,
        )  # fmt: skip
        self.files = files
        self.called: list[tuple[str, str]] = []
        self.polled: list[str] = []
        self.changed: list[tuple[int, ...]] = []
        self.objects: list[do.TakeObject] = []
        self.notes: list[str] = []
        self.now = 0.0
        self.give(do.PowerOn())

    def give(self, result: do.Result) -> None:
        self.life.handle(result, self.now)
        self.work()

    def work(self) -> None:
        while actions := self.life.actions():
            for action in actions:
                self._do(action)

    def _do(self, action: do.Action) -> None:
        match action:
            case do.Boot():
                self.life.handle(do.Booted(), self.now)
            case do.BringUpNetwork():
                self.life.handle(do.NetworkUp(("127.10.64.2", 5060)), self.now)
            case do.Fetch(path):
                body = "".join(f"{n}: {v}\n" for n, v in self.files.items()).encode()
                mine = path == f"{NUMBER}.cfg"
                self.life.handle(do.Fetched(path, 200 if mine else 404, body), self.now)
            case do.CallActionUri(name, url):
                self.called.append((name.removeprefix("action uri "), url))
            case do.Poll(url):
                self.polled.append(url)
            case do.ChangeLines(lines):
                self.changed.append(tuple(line.number for line in lines.lines))
            case do.TakeObject():
                self.objects.append(action)
            case do.Note(name):
                self.notes.append(name)

    def given(self, kind: str = "remote", **values: str) -> None:
        named = {name.replace("_", " "): value for name, value in values.items()}
        self.give(do.ParametersGiven({kind: named}))

    def state(self) -> State:
        return self.life.state

    def parameter(self, name: str) -> str:
        return self.life.configuration.get(name, "")

    def at(self, now: float) -> None:
        self.now = now
        self.life.handle_timer(now)
        self.work()


# Parameters


def test_a_line_that_is_given_registers_without_a_restart() -> None:
    bench = Bench({})
    assert bench.state() is State.IDLE
    bench.give(do.ParametersGiven({"remote": LINE}))
    assert bench.state() is State.REGISTERING and bench.changed == [(1,)]
    bench.give(do.Registered(1, 300))
    assert bench.state() is State.REGISTERED and bench.life.reboots == 0


def test_an_empty_value_takes_a_line_back() -> None:
    bench = Bench(LINE)
    bench.give(do.Registered(1, 300))
    bench.give(do.ParametersGiven({"remote": dict.fromkeys(LINE, "")}))
    assert bench.state() is State.IDLE and bench.life.lines == {} and bench.changed == [()]


def test_another_account_has_no_outcome_yet_and_the_same_one_keeps_its() -> None:
    bench = Bench(LINE)
    bench.give(do.Registered(1, 300))
    bench.given(sip_line1_screen_name="Other")
    assert bench.state() is State.REGISTERED and bench.life.lines[1].line.screen_name == "Other"
    bench.given(sip_line1_user_name="tw9")
    assert bench.state() is State.REGISTERING and bench.life.lines[1].state is None
    bench.give(do.Registered(1, 300))
    assert bench.state() is State.REGISTERED


def test_parameters_that_are_no_line_s_change_no_line() -> None:
    bench = Bench(LINE)
    bench.given(topsoftkey1_type="line")
    assert bench.changed == [] and bench.parameter("topsoftkey1 type") == "line"


def test_given_values_are_gone_with_the_next_start() -> None:
    bench = Bench(LINE)
    bench.given(language="1")
    bench.given(kind="override", language="2")
    bench.give(do.PowerOff())
    assert not bench.life.layers.given and not bench.life.layers.override
    bench.given(language="3")
    assert bench.parameter("language") == "", "nothing is taken without power"
    bench.give(do.PowerOn())
    bench.given(language="4")
    bench.give(do.RebootAsked("restart"))
    assert bench.parameter("language") == "" and bench.life.reboots == 1


def test_layers_have_their_order() -> None:
    bench = Bench({"a": "file", "b": "file", "^c": "file"}, {"b": "local", "c": "local"})
    bench.give(do.ParametersGiven({"remote": {"a": "xml", "b": "xml", "c": "xml"}}))
    assert [bench.parameter(name) for name in "abc"] == ["xml", "local", "xml"]
    bench.given(kind="override", b="over")
    assert bench.parameter("b") == "over"
    bench.given(kind="local", d="kept")
    bench.give(do.RebootAsked("restart"))
    assert (bench.parameter("b"), bench.parameter("d")) == ("local", "kept")


def test_a_locked_parameter_stays_as_it_is() -> None:
    bench = Bench({"!a": "file", "b": "file"})
    bench.give(do.ParametersGiven({"override": {"a": "xml", "b": "xml"}}))
    assert (bench.parameter("a"), bench.parameter("b")) == ("file", "xml")
    assert "parameter is locked" in bench.notes


def test_a_locked_key_is_the_server_s() -> None:
    local = {"softkey1 label": "mine", "softkey2 label": "mine"}
    bench = Bench(
        {"softkey1 locked": "1", "softkey1 label": "theirs", "softkey2 label": "x"}, local
    )
    assert bench.parameter("softkey1 label") == "theirs"
    assert bench.parameter("softkey2 label") == "mine"


def test_the_same_values_in_new_files_are_no_news() -> None:
    bench = Bench(LINE)
    bench.give(do.Registered(1, 300))
    bench.given(sip_line1_user_name="tw9")
    bench.give(do.Registered(1, 300))
    bench.files = LINE | {"sip line1 user name": "tw9"}
    bench.give(do.CheckSyncAsked())
    assert bench.state() is State.REGISTERED and bench.life.reboots == 0
    bench.given(topsoftkey1_type="line")
    bench.give(do.CheckSyncAsked())
    assert bench.state() is State.REGISTERED, "what was given is no difference of the files"
    bench.files = LINE | {"language": "1"}
    bench.give(do.CheckSyncAsked())
    assert bench.state() is State.RESTARTING


def test_another_poll_counts_at_once() -> None:
    poll = {"action uri poll": "http://m/?rev=1", "action uri poll interval": "60"}
    bench = Bench(poll)
    bench.at(60)
    bench.give(do.Fetched(POLL, 200))
    bench.given(action_uri_poll="http://m/?rev=2", action_uri_poll_interval="10")
    bench.at(70)
    assert bench.polled == ["http://m/?rev=1", "http://m/?rev=2"]
    bench.give(do.Fetched(POLL, 200))
    bench.given(action_uri_poll="")
    assert bench.life.timer_at() is None


def test_a_poll_s_object_goes_out_unless_it_only_restarts() -> None:
    def answer(xml: str) -> None:
        bench.at(bench.now + 60)
        bench.give(do.Fetched(POLL, 200, xml.encode()))

    bench = Bench({"action uri poll": "http://m/", "action uri poll interval": "60"})
    mixed = '<AastraIPPhoneExecute><ExecuteItem URI="Command: Reset"/><ExecuteItem URI="Dial:1"/>'
    answer(f"{mixed}</AastraIPPhoneExecute>")
    answer("<AastraIPPhoneTextScreen/>")
    assert [each.source for each in bench.objects] == ["poll", "poll"] and bench.life.reboots == 0
    answer('<AastraIPPhoneExecute><ExecuteItem URI="Command: FastReboot"/></AastraIPPhoneExecute>')
    assert bench.life.reboots == 1 and len(bench.objects) == 2


# Action URIs

ALL = (
    "u=$$SIPUSERNAME$$&a=$$SIPAUTHNAME$$&p=$$PROXYURL$$&x=$$ACTIVEPROXY$$",
    "i=$$LOCALIP$$&d=$$DISPLAYNAME$$&s=$$REGISTRATIONSTATE$$&c=$$REGISTRATIONCODE$$",
    "l=$$LINESTATE$$&r=$$REMOTENUMBER$$&n=$$INCOMINGNAME$$&w=$$CALLDIRECTION$$&t=$$CALLDURATION$$",
)


def test_variables_of_the_line_and_the_phone() -> None:
    bench = Bench(
        LINE
        | {
            "action uri startup": f"http://m/?{ALL[0]}",
            "action uri registered": f"http://m/?{ALL[1]}",
        }
    )
    bench.give(do.Registered(1, 300))
    assert bench.called == [
        ("startup", "http://m/?u=tw%207k&a=auth7k&p=127.20.0.11&x=127.20.0.11"),
        ("registered", "http://m/?i=127.10.64.2&d=Ada&s=REGISTERED&c=200"),
    ]


def used(before: Activity, after: Activity, **facts: object) -> do.LineUsed:
    return do.LineUsed(before, CallFacts(1, after, "2102", "Ben B", **facts))  # type: ignore[arg-type]


def test_variables_of_a_call_that_came_and_ended() -> None:
    names = ("incoming", "offhook", "connected", "disconnected", "onhook")
    bench = Bench(LINE | {f"action uri {name}": f"http://m/?{ALL[2]}" for name in names})
    bench.give(used(Activity.IDLE, Activity.INCOMING, incoming=True))
    bench.give(used(Activity.INCOMING, Activity.CONNECTED, incoming=True))
    bench.give(used(Activity.CONNECTED, Activity.IDLE, incoming=True, talked_s=17))
    told = "r=2102&n=Ben%20B&w=Incoming"
    assert bench.called == [
        ("incoming", f"http://m/?l=INCOMING&{told}&t=0"),
        ("offhook", f"http://m/?l=CONNECTED&{told}&t=0"),
        ("connected", f"http://m/?l=CONNECTED&{told}&t=0"),
        ("disconnected", f"http://m/?l=CONNECTED&{told}&t=17"),
        ("onhook", f"http://m/?l=CONNECTED&{told}&t=17"),
    ]
    assert bench.life.url("$$LINESTATE$$ $$REMOTENUMBER$$") == "IDLE ", "nothing is left of it"


@pytest.mark.parametrize(
    ("before", "after", "called"),
    [
        (Activity.IDLE, Activity.DIALING, ("offhook",)),
        (Activity.DIALING, Activity.CALLING, ("outgoing",)),
        (Activity.CALLING, Activity.OUTGOING, ()),
        (Activity.OUTGOING, Activity.CONNECTED, ("connected",)),
        (Activity.CONNECTED, Activity.HELD, ()),
        (Activity.HELD, Activity.CONNECTED, ()),
        (Activity.HELD, Activity.CLEARING, ("disconnected", "onhook")),
        (Activity.CLEARING, Activity.IDLE, ()),
        (Activity.DIALING, Activity.IDLE, ("onhook",)),
        (Activity.INCOMING, Activity.IDLE, ("disconnected",)),
        (Activity.INCOMING, Activity.CLEARING, ("disconnected",)),
        (Activity.OUTGOING, Activity.IDLE, ("disconnected", "onhook")),
    ],
)
def test_which_change_calls_which(
    before: Activity, after: Activity, called: tuple[str, ...]
) -> None:
    assert events(before, after) == called


@given(st.data())
def test_on_any_way_back_to_idle_off_and_on_hook_match(data: st.DataObject) -> None:
    """Whoever goes off the hook goes on it again, once, before the line is idle."""
    activity = Activity.IDLE
    told: list[str] = []
    for _ in range(30):
        following = data.draw(st.sampled_from(list(TRANSITIONS[activity].values())))
        told += events(activity, following)
        activity = following
        if activity is Activity.IDLE:
            hooks = [name for name in told if name.endswith("hook")]
            assert hooks in ([], ["offhook", "onhook"]), told
            ends = [name for name in told if name in ("incoming", "outgoing", "disconnected")]
            assert ends in ([], ["incoming", "disconnected"], ["outgoing", "disconnected"]), told
            told = []


def test_the_state_of_a_call_that_failed_is_told_at_its_end() -> None:
    bench = Bench(LINE | {"action uri disconnected": "http://m/?$$LINESTATE$$"})
    for before in (Activity.CALLING, Activity.OUTGOING, Activity.INCOMING, Activity.HELD):
        bench.give(used(before, Activity.IDLE))
    states = [url.partition("?")[2] for _, url in bench.called]
    assert states == ["CALLING", "OUTGOING", "INCOMING", "CONNECTED"]


def test_what_is_for_one_boot_restarts_the_phone_and_outlives_that_alone() -> None:
    bench = Bench({"sip line1 screen name": "File"})
    bench.given("oneBoot", sip_line1_screen_name="Once")
    assert bench.life.reboots == 1 and bench.parameter("sip line1 screen name") == "Once"
    bench.give(do.RebootAsked("restart"))
    assert bench.life.reboots == 2 and bench.parameter("sip line1 screen name") == "File"


def test_what_is_for_one_boot_goes_before_the_server_and_behind_local_values() -> None:
    bench = Bench({"a": "file", "b": "file"}, local={"b": "local"})
    bench.given(a="remote")
    bench.given("oneBoot", a="once", b="once")
    assert (bench.parameter("a"), bench.parameter("b")) == ("once", "local")
    bench.give(do.PowerOff())
    bench.give(do.PowerOn())
    assert bench.parameter("a") == "file", "the power counts as a start, too"


def test_parameters_of_other_kinds_restart_nothing() -> None:
    bench = Bench({})
    for kind in ("remote", "local", "override"):
        bench.given(kind, sip_line1_screen_name=kind)
    assert bench.life.reboots == 0


def test_a_file_that_plays_calls_action_uris_with_its_name() -> None:
    said = {f"action uri {name}": f"http://m/{name}?n=$$INCOMINGNAME$$"
            for name in ("incoming", "onhook")}  # fmt: skip
    bench = Bench(said)
    bench.give(do.SoundPlayed("a b.wav", begins=True))
    assert bench.called == [("incoming", "http://m/incoming?n=a%20b.wav")]
    bench.give(do.SoundPlayed("a b.wav", begins=False))
    assert bench.called[1:] == [("onhook", "http://m/onhook?n=a%20b.wav")]


def test_a_uri_that_is_too_long_is_not_called_and_said() -> None:
    fits = "http://m/".ljust(LONGEST, "x")
    bench = Bench({"action uri startup": fits})
    assert len(bench.called) == 1 and "action URI too long" not in bench.notes
    bench = Bench({"action uri startup": f"{fits}x"})
    assert bench.called == [] and "action URI too long" in bench.notes


def test_xml_sip_notify() -> None:
    bench = Bench(LINE | {"action uri xml sip notify": "http://m/?i=$$LOCALIP$$"})
    bench.give(do.XmlNotified())
    assert bench.called == [("xml sip notify", "http://m/?i=127.10.64.2")]


def test_variables_are_encoded_and_unknown_ones_empty() -> None:
    values = {"A": "t&w"}
    assert fill_in("http://x/?u=$$A$$", values) == "http://x/?u=t%26w"
    assert fill_in("http://x/?a=$$NOSUCH$$", values) == "http://x/?a="
    assert fill_in("http://x/?a=$$b", values) == "http://x/?a=$$b"
    assert fill_in("http://x/", {}) == "http://x/"
