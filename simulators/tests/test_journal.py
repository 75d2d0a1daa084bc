"""The journal: entries, waiting, views without secrets."""

import asyncio
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.errors import ConfigurationError, LocalProtocolError
from simulators.journal import Entry, Happened, Journal, Masker, NothingCame, SipEntry
from simulators.journal.masking import HIDDEN

MBG, PHONE = ("127.10.0.10", 5060), ("127.30.0.2", 40_000)
NOON = 1_795_435_200.0


@pytest.fixture
def journal() -> Journal:
    journal = Journal(lambda: NOON)
    journal.name(MBG[0], "MBG")
    journal.name(PHONE, "phone 1400E9123456")
    return journal


def register(journal: Journal, raw: bytes = b"REGISTER sip:mbg SIP/2.0\r\n\r\n") -> None:
    journal.sip(
        PHONE, MBG, method="REGISTER", status=None, reason="", user="tw1", call_id="c1",
        warning="", raw=raw,
    )  # fmt: skip


def is_register(entry: Entry) -> bool:
    return isinstance(entry, SipEntry) and entry.method == "REGISTER"


def test_entries_name_the_roles_and_count_from_one(journal: Journal) -> None:
    register(journal)
    journal.happened("MBG", "registered", device=7)
    first, second = journal.entries
    assert (first.seq, first.frm, first.to) == (1, "phone 1400E9123456", "MBG")
    assert (first.time, first.transport, first.summary) == (NOON, "UDP", "REGISTER tw1")
    assert isinstance(second, Happened)
    assert (second.seq, second.facts, second.detail) == (2, {"device": "7"}, "device: 7")


def test_a_port_may_have_another_role_than_its_host(journal: Journal) -> None:
    journal.name((MBG[0], 443), "MBG site")
    assert journal.role_at((MBG[0], 443)) == "MBG site"
    assert journal.role_at(MBG) == "MBG"
    assert journal.role_at(("192.0.2.1", 1)) == "192.0.2.1"


def test_only_a_socket_that_listens_records_what_reaches_it(journal: Journal) -> None:
    assert not journal.is_recorded_at(MBG), "its role is known, but nobody listens yet"
    journal.listens(MBG)
    assert journal.is_recorded_at(MBG)
    assert not journal.is_recorded_at((MBG[0], 5099)), "another port of the same role"
    journal.falls_silent(MBG)
    assert not journal.is_recorded_at(MBG)


def test_summaries_of_every_kind(journal: Journal) -> None:
    journal.sip(
        MBG, PHONE, method="REGISTER", status=403, reason="Forbidden", user="tw1", call_id="c1",
        warning="399", raw=b"",
    )  # fmt: skip
    journal.http("MCS", "MBG", method="GET", path="/mslrest/ping?x=1", interface="REST")
    journal.http("MBG", "MCS", method="GET", path="/a", status=401, code="token_expired")
    journal.oai(PHONE, MBG, command="_QX", text="_QX,1,1")
    journal.forwarded(PHONE, MBG, port=8202, snat=True, snat_source="127.10.0.10")
    journal.forwarded(PHONE, MBG, port=8202, snat=False, snat_source="127.30.0.2")
    journal.lost(PHONE, MBG, transport="UDP", reason="no path", what="REGISTER")
    assert [(e.protocol, e.summary) for e in journal.entries] == [
        ("SIP", "403 Forbidden (REGISTER tw1)"),
        ("REST", "GET ping"),
        ("HTTP", "401 token_expired (GET /a)"),
        ("OAI", "_QX"),
        ("TCP", "connection to 8202, SNAT: source 127.10.0.10"),
        ("TCP", "connection to 8202, no SNAT: source 127.30.0.2"),
        ("SIP", "lost: REGISTER (no path)"),
    ]


async def test_waiting_finds_what_has_come_already(journal: Journal) -> None:
    register(journal)
    assert (await journal.wait_for(is_register)).seq == 1


async def test_waiting_since_a_mark_does_not_see_what_came_before(journal: Journal) -> None:
    register(journal)
    with pytest.raises(NothingCame, match="a REGISTER; it did not come"):
        await journal.wait_for(is_register, since=journal.mark(), within_s=0, what="a REGISTER")
    assert journal.find(is_register, since=0)
    assert not journal.find(is_register, since=journal.mark())


async def test_two_who_wait_both_see_what_comes_later(journal: Journal) -> None:
    waiting = [asyncio.ensure_future(journal.wait_for(is_register)) for _ in range(2)]
    await asyncio.sleep(0)
    journal.happened("MBG", "something else")
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    register(journal)
    assert [entry.seq for entry in await asyncio.gather(*waiting)] == [2, 2]


async def test_a_failed_wait_shows_the_latest_entries_masked(journal: Journal) -> None:
    journal.masker.learn("s3cret-name")
    journal.happened("MBG", "registered as s3cret-name")
    with pytest.raises(NothingCame) as failure:
        await journal.wait_for(is_register, within_s=0)
    assert f"registered as {HIDDEN}" in str(failure.value)
    assert "s3cret-name" not in str(failure.value)


async def test_a_journal_that_is_off_keeps_nothing_and_refuses_to_wait() -> None:
    journal = Journal(lambda: NOON, enabled=False)
    register(journal)
    journal.happened("MBG", "registered")
    assert not journal.entries
    with pytest.raises(LocalProtocolError, match="journal is off"):
        await journal.wait_for(is_register)


async def test_a_bounded_journal_keeps_the_latest_and_counts_on() -> None:
    journal = Journal(lambda: NOON, most=100)
    for number in range(1000):
        journal.happened("MBG", "event", number=number)
    assert 90 <= len(journal.entries) <= 100
    assert [entry.seq for entry in journal.entries][-2:] == [999, 1000]
    assert journal.mark() == 1000
    assert [entry.seq for entry in journal.find(lambda e: True, since=998)] == [999, 1000]
    assert (await journal.wait_for(lambda e: e.seq % 100 == 0, since=950)).seq == 1000
    assert (await journal.wait_for(lambda e: True)).seq == journal.entries[0].seq
    later = asyncio.ensure_future(journal.wait_for(is_register, since=journal.mark()))
    await asyncio.sleep(0)
    register(journal)
    assert (await later).seq == 1001


@pytest.mark.parametrize("most", [0, -1, 9])
def test_a_journal_of_next_to_nothing_is_refused(most: int) -> None:
    with pytest.raises(ConfigurationError, match="10 entries or more"):
        Journal(lambda: NOON, most=most)


async def test_a_long_search_gives_others_their_turn(journal: Journal) -> None:
    for number in range(1000):
        journal.happened("MBG", "event", number=number)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    others_task = asyncio.ensure_future(others())
    found, place = await journal.search(lambda entry: entry.seq > 990)
    others_task.cancel()
    assert ([entry.seq for entry in found], place) == ([*range(991, 1001)], 1000)
    assert turns >= 9
    found, place = await journal.search(lambda entry: True, since=5, limit=2)
    assert ([entry.seq for entry in found], place) == ([6, 7], 7)


def test_written_down_it_is_json_lines_without_secrets(journal: Journal, tmp_path: Path) -> None:
    journal.masker.learn("Tops3cret~")
    register(journal, b'REGISTER sip:m SIP/2.0\r\nX: Tops3cret~\r\nAuthorization: response="abc"')
    path = tmp_path / "run" / "journal.jsonl"
    journal.write(path)
    [line] = path.read_text(encoding="utf-8").splitlines()
    view = json.loads(line)
    assert (view["seq"], view["from"], view["protocol"]) == (1, "phone 1400E9123456", "SIP")
    assert view["time"] == "2026-11-23T12:00:00Z"
    assert (view["source"], view["destination"]) == ("127.30.0.2:40000", "127.10.0.10:5060")
    assert "Tops3cret" not in line
    assert f'response="{HIDDEN}"' in view["detail"]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ('Digest username="2101", response="0a1b2c", nonce="n"', "0a1b2c"),
        ('OAuth oauth_token="tok", oauth_signature="c2ln"', "c2ln"),
        ("oauth_token=tok&oauth_token_secret=sesame", "sesame"),
        ("sip line1 password: open sesame", "open sesame"),
        ("sip line1 auth name: tw1\nsip line1 password: x", ": x"),
        ('{"set_password": "a\\"b", "id": "7"}', 'a\\"b'),
        ("Authorization: Bearer abc.def", "abc.def"),
    ],
)
def test_places_that_hold_secrets_are_masked_whoever_sent_them(text: str, secret: str) -> None:
    view = Masker().view(text)
    assert secret in text
    assert secret not in view
    assert HIDDEN in view


@pytest.mark.parametrize(
    "text", ["REGISTER sip:mbg SIP/2.0", "sip line1 user name: tw1", '{"id": "7"}', ""]
)
def test_innocent_text_stays_as_it_is(text: str) -> None:
    masker = Masker()
    masker.learn("abc", "another-secret")  # "abc" is too short to be searched for
    assert masker.view(text + " abc") == text + " abc"


def test_a_secret_that_begins_with_another_one_goes_as_a_whole() -> None:
    masker = Masker()
    masker.learn("s3cret", "s3cret-and-more")
    assert masker.view("s3cret-and-more s3cret") == f"{HIDDEN} {HIDDEN}"
    masker.learn("s3cret-and-more-still")  # learned after the first view
    assert masker.view("s3cret-and-more-still") == HIDDEN


secrets = st.text(st.sampled_from("abAB01-_.~/+ é"), min_size=6, max_size=12)


@given(st.lists(secrets, min_size=1, max_size=5), st.data())
def test_no_learned_secret_survives_not_even_in_part(known: list[str], data: st.DataObject) -> None:
    masker = Masker()
    masker.learn(*known)
    # The longest one stands alone: also when another is a part of it, nothing of it may be left.
    longest = max(known, key=len)
    written = data.draw(st.sampled_from([longest, quote(longest, safe="")]))
    assert masker.view(f"[{written}]") == f"[{HIDDEN}]"
    text = "|".join(data.draw(st.permutations(known)))
    assert not any(secret in masker.view(text) for secret in known)


def test_a_lone_surrogate_is_written_as_its_escape(journal: Journal, tmp_path: Path) -> None:
    journal.happened("MBG", "SIP device created", id="\ud800")
    register(journal)
    journal.write(tmp_path / "journal.jsonl")
    first, second = (tmp_path / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(first)["detail"] == "id: \ud800"
    assert json.loads(second)["summary"] == "REGISTER tw1"
