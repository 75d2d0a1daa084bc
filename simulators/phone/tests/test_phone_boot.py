"""The boot on the local network: DHCP, TFTP, HTTPS, certificates, resync, the cable (PHN-1)."""

import pytest

from simulators.phone.habits import LifeSettings
from simulators.phone.life import actions as do
from simulators.phone.life.states import IN_SERVICE, State
from simulators.phone.life.use import TRANSITIONS as USES
from simulators.phone.life.use import Usage
from simulators.phone.local.dhcp import NO_OFFER, Offer
from simulators.phone.tests.boot_hands import FILES, at, local, minet, on, resyncing
from simulators.phone.tests.life_hands import (
    AT_TFTP,
    LINE,
    MAC,
    MCS,
    Hands,
    image,
    paths,
)

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
