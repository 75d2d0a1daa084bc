"""The boot on the local network: DHCP, TFTP, HTTPS, firmware from MiNET on, extras (PHN-1)."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from simulators.errors import LocalProtocolError
from simulators.phone.files.firmware import Running
from simulators.phone.habits import LifeSettings
from simulators.phone.life import actions as do
from simulators.phone.life.situation import Trouble
from simulators.phone.life.states import IN_SERVICE, State
from simulators.phone.life.use import TRANSITIONS as USES
from simulators.phone.life.use import Usage
from simulators.phone.local.dhcp import NO_OFFER, Offer
from simulators.phone.tests.life_hands import (
    AT_TFTP,
    LINE,
    MAC,
    MCS,
    SENT_ON,
    TFTP,
    Hands,
    image,
    paths,
)

FILES = ["startup.cfg", "aastra.cfg", "6930.cfg", f"{MAC}.cfg"]
FIRST = b"# nothing of interest\n"


def local(**options: object) -> Hands:
    """A phone on the LAN, whose TFTP server sends it on to HTTPS."""
    hands = Hands(offer=TFTP, **options)  # type: ignore[arg-type]
    hands.files = {
        f"{AT_TFTP}{MAC}.cfg": SENT_ON,
        f"{AT_TFTP}startup.cfg": FIRST,
        f"{MCS}startup.cfg": FIRST,
        f"{MCS}{MAC}.cfg": LINE,
    }
    return hands


def on(hands: Hands) -> Hands:
    return hands.give(do.PowerOn()).run()


def at(hands: Hands, state: State) -> bool:
    return hands.life.state is state


# DHCP, TFTP, then HTTPS


def test_tftp_sends_the_phone_on_to_https() -> None:
    hands = on(local())
    assert paths(hands.asked, AT_TFTP) == ["startup.cfg", "6930.cfg", f"{MAC}.cfg"]
    assert paths(hands.asked, MCS) == ["startup.cfg", "6930.cfg", f"{MAC}.cfg", "6930.st"]
    assert at(hands, State.REGISTERED) and "sent to another server" in hands.notes


def test_who_was_sent_on_remembers_the_way_and_whom_to_believe_there() -> None:
    hands = on(local())
    assert hands.life.configuration["https validate certificates"] == "0"
    hands.give(do.PowerOff())
    hands.offer = NO_OFFER  # the same phone where DHCP says nothing
    hands.asked.clear()
    on(hands)
    assert paths(hands.asked, AT_TFTP) == [] and paths(hands.asked, MCS)


def test_whom_to_believe_at_the_second_server_the_first_one_says() -> None:
    hands = local()
    hands.give(do.PowerOn()).run(do.Fetch)
    checked: list[tuple[bool, bool]] = []
    while fetches := [a for a in hands.pending if isinstance(a, do.Fetch)]:
        checked.append((fetches[0].url.startswith(MCS), fetches[0].validate))
        hands.finish(fetches[0])
    assert set(checked) == {(False, True), (True, False)}


def test_dhcp_goes_before_the_files_and_what_was_entered_goes_before_dhcp() -> None:
    hands = on(local())
    hands.give(do.RebootAsked("again"))
    hands.asked.clear()
    hands.run()
    assert hands.asked[0].startswith(AT_TFTP)
    entered = local(local={"download protocol": "HTTP", "http server": "127.10.0.9"})
    on(entered)
    assert entered.asked[0] == "http://127.10.0.9:80/startup.cfg"


def test_two_servers_that_send_to_each_other_are_followed_so_often_only() -> None:
    hands = local()
    hands.files[f"{MCS}{MAC}.cfg"] = LINE + b"download protocol: TFTP\ntftp server: 127.10.0.5\n"
    on(hands)
    assert len(paths(hands.asked, AT_TFTP)) == 7 and "sent to another server too often" in (
        hands.notes
    )
    assert hands.life.state in IN_SERVICE


def test_while_the_second_server_is_away_what_was_stored_counts() -> None:
    hands = on(local())
    hands.server_away = lambda url: "no answer" if url.startswith(MCS) else ""
    hands.give(do.RebootAsked("again")).run()
    assert at(hands, State.REGISTERED) and hands.life.message == "Configuration server away"
    hands.server_away = lambda url: ""
    hands.files[f"{MCS}{MAC}.cfg"] = LINE + b"language: 1\n"
    hands.asked.clear()
    hands.pass_time(121)
    assert hands.asked[0] == f"{MCS}startup.cfg"  # asked where it had been sent
    assert hands.life.configuration["language"] == "1" and hands.life.message == ""


def test_a_phone_that_never_got_further_asks_tftp_again() -> None:
    hands = local()
    hands.server_away = lambda url: "no answer" if url.startswith(MCS) else ""
    on(hands)
    assert at(hands, State.IDLE) and hands.life.configuration == {}
    hands.server_away = lambda url: ""
    hands.pass_time(121)
    assert at(hands, State.REGISTERED)


def test_a_file_that_forces_the_server_back_sends_the_phone_there() -> None:
    hands = Hands(local={"download protocol": "HTTP", "http server": "127.10.0.9"})
    hands.files["http://127.10.0.9:80/startup.cfg"] = b"^http server: 127.10.0.8\n"
    hands.files[f"http://127.10.0.8:80/{MAC}.cfg"] = LINE
    on(hands)
    assert at(hands, State.REGISTERED) and "http server" not in hands.life.layers.local


# The order of files


def test_the_older_name_counts_where_there_is_no_first_file() -> None:
    hands = Hands(offer=Offer({66: "http://127.10.0.5"}))
    base = "http://127.10.0.5:80/"
    hands.files = {f"{base}aastra.cfg": b"a: 1\nb: 1\n", f"{base}{MAC}.cfg": b"b: 2\n"}
    on(hands)
    assert paths(hands.asked, base)[:4] == FILES
    assert hands.life.configuration == {"a": "1", "b": "2"}
    stubborn = Hands(offer=hands.offer, settings=LifeSettings(asks_older_first_file=False))
    stubborn.files = hands.files
    on(stubborn)
    assert stubborn.life.configuration == {"b": "2"}


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("body", [b"", b" \r\n", b"# a comment is something\n"])
def test_an_empty_first_file_may_end_it(ends: bool, body: bytes) -> None:
    hands = local(settings=LifeSettings(empty_first_file_ends=ends))
    hands.files[f"{MCS}startup.cfg"] = body
    on(hands)
    stopped = ends and not body.strip()
    assert (f"{MCS}{MAC}.cfg" in hands.asked) is not stopped
    assert at(hands, State.IDLE if stopped else State.REGISTERED)


# Firmware from MiNET on (PHN-1)


def minet(offer: Offer = TFTP) -> Hands:
    hands = local(running=Running("1.2", "minet"))
    hands.offer = offer
    hands.files |= {
        f"{AT_TFTP}6930.boot.st": image("2.0", "boot"),
        f"{AT_TFTP}6930.st": image("5.1"),
        f"{MCS}6930.st": image("5.1"),
    }
    return hands


def test_minet_takes_the_boot_loader_and_that_takes_sip() -> None:
    hands = on(minet())
    assert hands.asked[:2] == [f"{AT_TFTP}6930.boot.st", f"{AT_TFTP}6930.st"]
    assert hands.life.running == Running("5.1", "sip", "2.0")
    assert at(hands, State.REGISTERED) and hands.life.reboots == 2


@pytest.mark.parametrize(
    "offer", [NO_OFFER, Offer({66: "http://127.10.0.5:8203"}), Offer({43: "https://127.10.0.5"})]
)
def test_minet_knows_tftp_alone(offer: Offer) -> None:
    hands = on(minet(offer))
    assert at(hands, State.MINET) and hands.asked == []
    assert hands.life.trouble is Trouble.NO_FIRMWARE


def test_minet_asks_again_until_there_is_a_boot_loader() -> None:
    hands = minet()
    boot = hands.files.pop(f"{AT_TFTP}6930.boot.st")
    on(hands)
    assert at(hands, State.MINET) and hands.waits() == {"firmware": 60.0}
    hands.wake("firmware")
    assert hands.asked == [f"{AT_TFTP}6930.boot.st"] * 2
    hands.files[f"{AT_TFTP}6930.boot.st"] = boot
    hands.wake("firmware")
    assert at(hands, State.REGISTERED)


@pytest.mark.parametrize(
    "bad",
    [
        image("5.1"),  # SIP firmware without the boot loader
        image("2.0", "boot", "6940"),
        image("2.0", "boot")[:-1],
        image("2.0", "boot") + b"x",
        image("2.0", "boot")[:-1] + b"x",
        image("1.9", "minet"),
        b"",
        b"<html>",
        b"TELEWORKER-FIRMWARE/1\n{}\n",
    ],
)
def test_minet_refuses_what_is_no_boot_loader_for_it(bad: bytes) -> None:
    hands = minet()
    hands.files[f"{AT_TFTP}6930.boot.st"] = bad
    on(hands)
    assert at(hands, State.MINET) and hands.life.running == Running("1.2", "minet")
    assert "firmware refused" in hands.notes


def test_power_lost_while_flashing_leaves_the_old_image_and_half_way_the_boot_loader() -> None:
    hands = minet()
    hands.give(do.PowerOn()).run(do.Install)
    assert at(hands, State.FLASHING)
    hands.give(do.PowerOff())
    assert hands.life.running == Running("1.2", "minet") and hands.pending == []
    del hands.files[f"{AT_TFTP}6930.st"]
    on(hands)
    assert at(hands, State.BOOT_LOADER) and hands.life.running == Running("2.0", "boot", "2.0")
    hands.give(do.PowerOff())
    on(hands)
    assert at(hands, State.BOOT_LOADER)  # half-way: it keeps asking
    hands.files[f"{AT_TFTP}6930.st"] = image("5.1")
    hands.wake("firmware")
    assert at(hands, State.REGISTERED)


def test_the_boot_loader_takes_sip_firmware_alone() -> None:
    hands = minet()
    hands.files[f"{AT_TFTP}6930.st"] = image("1.3", "minet")
    on(hands)
    assert at(hands, State.BOOT_LOADER) and "firmware refused" in hands.notes


def test_several_images_one_after_the_other() -> None:
    hands = local()
    hands.files[f"{MCS}6930.st"] = image("6.0")
    hands.give(do.PowerOn()).run(do.Install)
    hands.files[f"{MCS}6930.st"] = image("6.4")  # the next is there when this one has booted
    hands.run()
    assert hands.life.running.version == "6.4" and hands.life.reboots == 2
    hands.files[f"{MCS}6930.st"] = image("5.0")
    hands.give(do.RebootAsked("again")).run()
    assert hands.life.running.version == "5.0"  # older is different too


def test_firmware_may_come_from_a_server_of_its_own() -> None:
    hands = local()
    hands.files[f"{MCS}{MAC}.cfg"] = LINE + b"firmware server: http://127.10.0.7/images/\n"
    hands.files["http://127.10.0.7:80/images/6930.st"] = image("6.4")
    on(hands)
    assert hands.life.running.version == "6.4" and f"{MCS}6930.st" not in hands.asked
    hands.files[f"{MCS}{MAC}.cfg"] = LINE + b"firmware server: gopher://x\n"
    hands.give(do.RebootAsked("again")).run()
    assert "firmware server not usable" in hands.notes and f"{MCS}6930.st" in hands.asked


# User certificates, resync, directories


def test_user_certificates_are_stored_before_the_configuration_counts() -> None:
    hands = local()
    hands.files[f"{MCS}{MAC}.cfg"] = LINE + b"https user certificates: own.pem\n"
    pem = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    hands.files[f"{MCS}own.pem"] = pem
    on(hands)
    assert hands.life.certificates == pem and at(hands, State.REGISTERED)
    hands.files[f"{MCS}own.pem"] = b"no certificate"
    hands.give(do.RebootAsked("again")).run()
    assert hands.life.certificates == pem and "user certificates not usable" in hands.notes
    hands.life.set_local({}, erase=True)
    assert hands.life.certificates == b""


RESYNC = b"auto resync time: 03:00\nauto resync max delay: 60\nauto resync mode: "


def resyncing(mode: bytes, **options: object) -> Hands:
    hands = local(calendar_s=2 * 3600.0, chance=0.5, **options)
    hands.files[f"{MCS}{MAC}.cfg"] = LINE + RESYNC + mode
    on(hands)
    hands.asked.clear()
    return hands


def test_a_resync_comes_at_its_time_and_a_random_part_of_the_delay_later() -> None:
    hands = resyncing(b"3")
    assert hands.waits() == {"resync": 3600 + 1800}
    hands.calendar_s += 3600 + 1800
    hands.wake("resync")
    assert hands.asked == [f"{MCS}{f}" for f in ("startup.cfg", "6930.cfg", f"{MAC}.cfg")] + [
        f"{MCS}6930.st"
    ]
    assert hands.life.reboots == 0 and hands.waits() == {"resync": 86_400 - 1800 + 1800}


def test_mode_1_leaves_the_firmware_alone_and_mode_2_the_configuration() -> None:
    one, two = resyncing(b"1"), resyncing(b"2")
    for hands in (one, two):
        hands.files[f"{MCS}6930.st"] = image("6.4")
        hands.wake("resync")
    assert one.asked == [f"{MCS}{f}" for f in ("startup.cfg", "6930.cfg", f"{MAC}.cfg")]
    assert one.life.running.version == "5.1"
    assert two.asked[0] == f"{MCS}6930.st"
    assert two.life.running.version == "6.4" and two.life.reboots == 2


def test_a_resync_that_finds_news_waits_for_the_end_of_a_call() -> None:
    hands = resyncing(b"1")
    hands.files[f"{MCS}{MAC}.cfg"] += b"\nlanguage: 1\n"
    hands.give(do.InUse(True))
    hands.wake("resync")
    assert hands.life.reboots == 0
    hands.give(do.InUse(False)).run()
    assert hands.life.reboots == 1 and hands.life.configuration["language"] == "1"


@pytest.mark.parametrize("mode", [b"0", b"4", b"", b"x"])
def test_without_a_mode_there_is_no_resync(mode: bytes) -> None:
    assert resyncing(mode).waits() == {}


def test_directories_are_fetched_in_the_background_and_anew_each_day() -> None:
    hands = local()
    hands.files[f"{MCS}{MAC}.cfg"] = (
        LINE + b"directory 1: system.csv\ndirectory 2: http://127.10.0.7/own.csv\n"
    )
    hands.files[f"{MCS}system.csv"] = b"first name,last name,company,number\nAda,Home,,2101\n"
    hands.files["http://127.10.0.7:80/own.csv"] = b""
    on(hands)
    found = hands.life.directory.of_number("2101")
    assert found is not None and found.name == "Ada Home"
    assert hands.waits() == {"directories": 86_400.0}
    hands.files[f"{MCS}system.csv"] = b"Ben,Away,,2102\n"
    hands.wake("directories")
    assert hands.life.directory.of_number("2101") is None
    assert hands.life.directory.of_number("2102") is not None
    hands.server_away = lambda url: "no answer"
    hands.wake("directories")
    assert hands.life.directory.of_number("2102") is not None  # kept


# The cable


def test_a_phone_without_a_cable_waits_for_one() -> None:
    hands = local()
    hands.give(do.CablePulled()).give(do.PowerOn()).run()
    assert at(hands, State.NO_CABLE) and hands.asked == []
    assert hands.life.message == "No network cable"
    hands.give(do.CableBack()).run()
    assert at(hands, State.REGISTERED) and hands.life.message == ""


def test_a_cable_pulled_while_dhcp_answers_begins_anew() -> None:
    hands = local()
    hands.give(do.PowerOn()).run(do.BringUpNetwork)
    hands.give(do.CablePulled())
    assert at(hands, State.NO_CABLE)
    hands.run()
    assert at(hands, State.NO_CABLE)
    hands.give(do.CableBack()).run()
    assert at(hands, State.REGISTERED)


def test_a_cable_pulled_in_service_and_back_registers_and_asks_at_once() -> None:
    hands = on(local())
    hands.give(do.CablePulled()).give(do.CablePulled())
    assert at(hands, State.REGISTERED) and hands.life.message == "No network cable"
    hands.pass_time(300)
    assert at(hands, State.TIMED_OUT)  # nobody could refresh it
    hands.give(do.CableBack())
    assert any(isinstance(a, do.RegisterAnew) for a in hands.pending)
    hands.run()
    assert at(hands, State.REGISTERED) and hands.life.message == ""


def test_a_cable_that_flaps_asks_tftp_once() -> None:
    hands = minet()
    hands.give(do.PowerOn()).run(do.Fetch)
    hands.give(do.CablePulled()).give(do.CableBack()).run(do.Fetch)
    assert [a.path for a in hands.pending if isinstance(a, do.Fetch)] == ["6930.boot.st"]


def test_use_is_a_table_of_its_own() -> None:
    assert set(USES) == set(Usage)


# All instants

KINDS = (None, do.Boot, do.BringUpNetwork, do.Fetch, do.Install, do.StartRegistration, do.Wake)
ASKED = (
    do.RebootAsked("menu"),
    do.RebootAsked("resync", when_idle=True),
    do.CheckSyncAsked(),
    do.InUse(True),
    do.InUse(False),
)


class Instants(RuleBasedStateMachine):
    """Power and cable fail at any instant of any boot; nothing is left over, and all ends well.

    What the phone wanted may be answered in any order; whatever it is, the phone takes it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.hands = minet()
        self.hands.files |= {
            f"{MCS}{MAC}.cfg": LINE + RESYNC + b"3\ndirectory 1: system.csv\n"
            b"https user certificates: own.pem\naction uri poll: https://127.10.0.5:8202/poll\n"
            b"action uri poll interval: 60\n",
            f"{MCS}system.csv": b"Ada,Home,,2101\n",
            f"{MCS}own.pem": b"-----BEGIN CERTIFICATE-----\n",
        }
        self.versions = iter(f"7.{n}" for n in range(1000))

    @initialize(kind=st.sampled_from(["sip", "sip", "minet", "boot"]), until=st.sampled_from(KINDS))
    def begin(self, kind: str, until: type[do.Action] | None) -> None:
        """Begin with some firmware, at the moment when something is wanted, or off."""
        self.hands.life.running = Running("1.0", kind)
        if until is not None:
            self.hands.give(do.PowerOn()).run(until)

    @property
    def off(self) -> bool:
        return self.hands.life.state is State.OFF

    @precondition(lambda self: self.off)
    @rule(until=st.sampled_from(KINDS[1:]))
    def power_on(self, until: type[do.Action]) -> None:
        self.hands.give(do.PowerOn()).run(until)

    @precondition(lambda self: not self.off)
    @rule()
    def power_off(self) -> None:
        running = self.hands.life.running
        self.hands.give(do.PowerOff())
        assert self.hands.life.running == running and self.hands.pending == []

    @rule(back=st.booleans())
    def cable(self, back: bool) -> None:
        self.hands.give(do.CableBack() if back else do.CablePulled())

    @precondition(lambda self: self.hands.pending)
    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        self.hands.finish(data.draw(st.sampled_from(self.hands.pending)))

    @rule(steps=st.integers(1, 6))
    def things_happen_in_order(self, steps: int) -> None:
        for _ in range(steps):
            if self.hands.pending:
                self.hands.finish(self.hands.pending[0])

    @rule()
    def cable_flaps(self) -> None:
        self.hands.give(do.CablePulled()).give(do.CableBack())

    @precondition(lambda self: not self.off)
    @rule(until=st.sampled_from(KINDS[1:]))
    def power_flaps(self, until: type[do.Action]) -> None:
        self.hands.give(do.PowerOff()).give(do.PowerOn()).run(until)

    @rule(seconds=st.sampled_from([1.0, 61.0, 130.0, 400.0]))
    def time(self, seconds: float) -> None:
        self.hands.now += seconds
        self.hands.life.handle_timer(self.hands.now)
        self.hands.collect()

    @precondition(lambda self: self.hands.life.state in IN_SERVICE)
    @rule(asked=st.sampled_from(ASKED))
    def somebody_asks(self, asked: do.Result) -> None:
        self.hands.give(asked)

    @rule()
    def other_firmware(self) -> None:
        self.hands.files[f"{MCS}6930.st"] = image(next(self.versions))

    @rule(away=st.booleans())
    def server(self, away: bool) -> None:
        self.hands.server_away = (lambda url: "no answer") if away else (lambda url: "")

    @invariant()
    def one_life_and_nothing_left_over(self) -> None:
        life, pending = self.hands.life, self.hands.pending
        single = (
            do.Boot,
            do.BringUpNetwork,
            do.Install,
            do.Poll,
            do.StartRegistration,
            do.Unregister,
        )
        for kind in single:
            assert sum(isinstance(a, kind) for a in pending) <= 1, kind
        paths = [a.path for a in pending if isinstance(a, do.Fetch)]
        files = [p for p in paths if p.endswith(".cfg")]
        assert len(files) <= 1 and len([p for p in paths if p.endswith(".st")]) <= 1
        if life.state is State.OFF:
            assert not pending and life.timer_at() is None and not life.lines
        assert (life.state is State.MINET) <= (life.running.kind == "minet")
        assert (life.state is State.BOOT_LOADER) <= (life.running.kind == "boot")
        assert (life.state in IN_SERVICE) <= (life.running.kind == "sip")
        if life.state is State.REGISTERED:
            assert any(line.state is not None for line in life.lines.values())

    def teardown(self) -> None:
        hands = self.hands
        hands.server_away = lambda url: ""
        hands.give(do.CableBack())
        if self.off:
            hands.give(do.PowerOn())
        else:
            hands.give(do.PowerOff()).give(do.PowerOn())
        hands.run()
        assert at(hands, State.REGISTERED) and hands.life.running.kind == "sip"
        assert hands.life.message == "" and hands.life.directory.of_number("2101")


TestInstants = Instants.TestCase
TestInstants.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)


def test_what_makes_no_sense_is_our_mistake() -> None:
    hands = on(local())
    for result in (do.Booted(), do.Flashed(), do.NetworkUp(("127.0.0.1", 1)), do.PowerOn()):
        with pytest.raises(LocalProtocolError):
            hands.give(result)
