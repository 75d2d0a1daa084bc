"""Which entries stand on a phone's ladder, and what their rungs say."""

import pytest

from simulators.faces.live_map.ladder import PhoneLadder, requirement
from simulators.journal import Entry, ForwardEntry, Happened, HttpEntry, LostEntry, Masker
from simulators.journal.entries import Interface, SipEntry

PHONE = "phone 1400E9000001"
OTHER = "phone 1400E9000002"
LIFELINES = {"MBG": "MBG", "MCS": "MCS", "PBX node 1": "PBX"}
LADDER = PhoneLadder(PHONE, lambda: {"2101"}, lambda role: LIFELINES.get(role, ""))


def sip(frm: str, to: str, user: str = "2101", status: int | None = None, warning: str = ""
        ) -> SipEntry:  # fmt: skip
    return SipEntry(
        seq=5, time=12.3456, frm=frm, to=to, method="REGISTER", status=status, reason="Forbidden",
        user=user, call_id="c", warning=warning, raw=b"",
    )  # fmt: skip


def http(
    frm: str, to: str, path: str, method: str = "GET", text: str = "",
    interface: Interface = "HTTP",
) -> HttpEntry:  # fmt: skip
    return HttpEntry(
        seq=6, time=1.0, frm=frm, to=to, method=method, path=path, text=text, interface=interface
    )


@pytest.mark.parametrize(
    ("entry", "is_on_it"),
    [
        (sip(PHONE, "MBG", "tw1"), True),
        (sip("MBG", PHONE, "tw1", 200), True),
        (sip(OTHER, "MBG", "2101"), False),
        (sip("MBG", "PBX node 1", "2101"), True),
        (sip("MBG", "PBX node 1", "2102"), False),
        (sip("PBX node 1", "MBG", "2101", 200), True),
        (sip("PBX node 1", OTHER, "2101"), False),
        (http("MCS", "MBG", "/devices/", "POST", '{"icp_username": "2101"}', "REST"), True),
        (http("MCS", "MBG", "/devices/", "POST", '{"icp_username": "21012"}', "REST"), False),
        (http("installer", "MCS", "/x", text='"2101"'), False),
        (Happened(seq=1, time=0, frm=PHONE, to=PHONE, name="registered"), True),
        (Happened(seq=1, time=0, frm="MBG", to="MBG", name="restarted"), False),
    ],
)
def test_a_ladder_holds_what_concerns_its_phone(entry: Entry, is_on_it: bool) -> None:
    assert LADDER.concerns(entry) is is_on_it


def test_a_rung_has_its_lifelines_and_a_masked_label() -> None:
    masker = Masker()
    masker.learn("twSecretName")
    rung = LADDER.rung(sip(PHONE, "MBG", "twSecretName"), masker.view)
    assert rung == {
        "seq": 5, "t": 12.346, "from": "phone", "to": "MBG", "p": "SIP",
        "label": "REGISTER •••", "bad": False, "requirement": "",
    }  # fmt: skip


def test_a_note_tells_its_first_fact() -> None:
    note = Happened(seq=1, time=0, frm=PHONE, to=PHONE, name="booted", facts={"version": "5.1"})
    rung = LADDER.rung(note, lambda text: text)
    assert (rung["label"], rung["from"], rung["to"]) == ("booted: version: 5.1", "phone", "phone")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (sip("MBG", PHONE, status=200), "PHN-7"),
        (sip("PBX node 1", "MBG", status=200), ""),
        (sip("MBG", PHONE, status=401), ""),
        (sip("MBG", PHONE, status=403, warning="No teleworker licence is free"), "PRV-3"),
        (sip("MBG", PHONE, status=403, warning="name 9 is not the extension number 2"), "EXT-6"),
        (sip("MBG", PHONE, status=403, warning="SIP device is unknown or disabled"), "EXT-3"),
        (sip("MBG", PHONE, status=403, warning="something else"), ""),
        (http(PHONE, "MCS", "/1400E9000001.cfg"), "PHN-4"),
        (http(PHONE, "MCS", "/token/6930.st"), "PHN-3"),
        (http(PHONE, "MCS", "/phones/hotdesk/login?mac=x"), "EXT-7"),
        (http(PHONE, "MCS", "/phones/poll?mac=x"), ""),
        (http("MCS", "MBG", "/mslrest/mbg/v1/devices/", "POST", interface="REST"), "PRV-1"),
        (http("MCS", "MBG", "/mslrest/mbg/v1/devices/3/", "DELETE", interface="REST"), "EXT-3"),
        (http("MCS", "MBG", "/mslrest/mbg/v1/icps/", interface="REST"), ""),
        (ForwardEntry(seq=1, time=0, frm=PHONE, to="MBG", outside_port=1, snat=True,
                      snat_source="x"), "FWD-1"),
        (ForwardEntry(seq=1, time=0, frm=PHONE, to="MBG", outside_port=1, snat=False,
                      snat_source="x"), "FWD-3"),
    ],
)  # fmt: skip
def test_a_rung_names_the_requirement_that_it_shows(entry: Entry, expected: str) -> None:
    assert requirement(entry) == expected


def test_what_is_lost_or_refused_is_marked() -> None:
    gone = LostEntry(seq=1, time=0, frm=PHONE, to="MBG", reason="no path", what="x")
    for entry, bad in (
        (gone, True),
        (sip("MBG", PHONE, status=403), True),
        (sip(PHONE, "MBG"), False),
    ):
        assert LADDER.rung(entry, str)["bad"] is bad
