"""TFTP, syslog and LDAP for local phones: cores, sockets, and clients that are none of ours."""

import asyncio
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pyasn1_modules import rfc2251

from system.local.ldap_messages import (
    LdapFormatError,
    MessageReader,
    ResultCode,
    entry,
    parse_message,
    result,
)
from system.local.ports import LOW_PORT_OFFSET, lowest_open_port, open_port
from system.local.syslog import LINES_KEPT, Lines, parse_line
from system.local.tftp import (
    MOST_TRIES,
    ErrorCode,
    InMemory,
    TftpError,
    Transfer,
    parse_request,
)
from system.tests.conftest import Site
from system.tests.helpers import LOCAL_PHONE, eventually
from system.tests.phone_client import MAC, PhoneClient, parameters
from system.tests.test_phones import image, put_image

INSTALL = "apt-get install ldap-utils atftp curl"


def foreign(program: str) -> str:
    """A program's path; without it the test is skipped and says how to get it."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is missing: {INSTALL}")
    return found


async def run(*command: str) -> tuple[int, str]:
    """Exit status and output of a program."""
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout + done.stderr


@contextmanager
def datagrams(source: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((source, 0))
        sock.settimeout(10)
        yield sock


# TFTP


def rrq(name: str, *options: str, mode: str = "octet") -> bytes:
    parts = [name, mode, *options]
    return b"\0\1" + b"".join(part.encode() + b"\0" for part in parts)


@settings(deadline=None)
@given(st.binary(max_size=3000), st.integers(8, 700), st.booleans())
def test_any_file_arrives_whole_in_blocks(octets: bytes, block: int, with_options: bool) -> None:
    options = {"blksize": str(block), "tsize": "0"} if with_options else {}
    transfer, received, number = Transfer(InMemory(octets), options), b"", 1
    datagram: bytes | None = transfer.first()
    if with_options:
        assert datagram == b"\0\6blksize\0%d\0tsize\0%d\0" % (block, len(octets))
        datagram = transfer.receive(b"\0\4\0\0")
    while datagram is not None:
        assert datagram[:4] == b"\0\3" + number.to_bytes(2, "big")
        received += datagram[4:]
        assert transfer.receive(b"\0\4\xff\xf0") is None, "an old confirmation sends nothing"
        datagram = transfer.receive(b"\0\4" + number.to_bytes(2, "big"))
        number += 1
    assert received == octets
    assert transfer.was_whole


def test_block_numbers_begin_anew_after_65535() -> None:
    transfer = Transfer(InMemory(b"x" * (8 * 65_537)), {"blksize": "8"})
    transfer.receive(b"\0\4\0\0")
    for number in range(1, 65_537):
        datagram = transfer.receive(b"\0\4" + (number & 0xFFFF).to_bytes(2, "big"))
    assert datagram == b"\0\3\0\1" + b"x" * 8


def test_silent_client_is_given_up() -> None:
    transfer = Transfer(InMemory(b"abc"), {"timeout": "3"})
    assert transfer.timeout_s == 3
    assert [transfer.timed_out() for _ in range(MOST_TRIES - 1)] == [transfer.first()] * 4
    assert transfer.timed_out() is None
    assert transfer.is_over
    assert not transfer.was_whole


def test_options_that_cannot_be_are_not_confirmed() -> None:
    for options in ({"blksize": "7"}, {"blksize": "x"}, {"timeout": "0"}, {"windowsize": "4"}):
        assert Transfer(InMemory(b"abc"), options).first() == b"\0\3\0\1abc", options
    assert b"65464" in Transfer(InMemory(b""), {"blksize": "70000"}).first()


@given(st.binary(max_size=80))
def test_any_datagram_is_a_request_or_an_error(datagram: bytes) -> None:
    try:
        assert parse_request(datagram).name
    except TftpError as error:
        assert error.code in (ErrorCode.ILLEGAL_OPERATION, ErrorCode.ACCESS_VIOLATION)


def test_writing_is_refused() -> None:
    with pytest.raises(TftpError) as caught:
        parse_request(b"\0\2" + rrq("startup.cfg")[2:])
    assert caught.value.code is ErrorCode.ACCESS_VIOLATION


async def ask(site: Site, datagram: bytes, source: str = LOCAL_PHONE) -> bytes:
    """The first answer to a request."""
    with datagrams(source) as sock:
        sock.sendto(datagram, ("127.0.0.1", site.mcs.local_ports.tftp or 0))
        answer, peer = await asyncio.to_thread(sock.recvfrom, 70000)
        sock.sendto(b"\0\5\0\0bye\0", peer)
        return answer


async def test_tftp_serves_files_without_a_credential(site: Site) -> None:
    await site.add_phone_system()
    await site.ok("PUT", f"/phones/{MAC}", {"extension": "2101"})
    answer = await ask(site, rrq(f"{MAC}.cfg"))
    file = parameters(answer[4:].decode())
    assert file == {
        "download protocol": "HTTPS",
        "https server": "127.0.0.1",
        "https port": str(site.mcs.phones_port),
        "https validate certificates": "0",
    }
    assert (await ask(site, rrq("/startup.cfg")))[4:].startswith(b"#")
    assert (await ask(site, rrq("6930.st")))[:4] == b"\0\5\0\1"
    assert (await ask(site, rrq("../mcs.db")))[:4] == b"\0\5\0\1"
    assert (await ask(site, rrq("secret.key")))[:4] == b"\0\5\0\1"
    assert (await ask(site, b"\0\2" + rrq("startup.cfg")[2:]))[:4] == b"\0\5\0\2"
    assert (await ask(site, b"rubbish"))[:4] == b"\0\5\0\4"


async def test_local_services_are_not_for_the_mbg(site: Site) -> None:
    await site.set_mbg()
    assert (await ask(site, rrq("startup.cfg"), site.mbg.address))[:4] == b"\0\5\0\2"
    assert (await ask(site, rrq("startup.cfg")))[:2] == b"\0\3"
    port = site.mcs.local_ports.ldap or 0
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, local_addr=(site.mbg.address, 0)
    )
    writer.write(search("(cn=*)"))
    assert await all_that_comes(reader, writer) == b""


async def all_that_comes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """What a server says until it closes; one that does not read to the end resets."""
    found = b""
    with suppress(ConnectionResetError):
        found = await reader.read()
    writer.close()
    with suppress(ConnectionResetError):
        await writer.wait_closed()
    return found


async def test_foreign_tftp_clients_fetch_an_image(site: Site, tmp_path: Path) -> None:
    curl, atftp = foreign("curl"), foreign("atftp")
    octets = image(content=bytes(range(256)) * 400)
    await put_image(site, "6930", octets)
    port = str(site.mcs.local_ports.tftp)
    status, output = await run(
        curl,
        "-sS",
        "--tftp-blksize",
        "1024",
        "-o",
        str(tmp_path / "curl"),
        f"tftp://127.0.0.1:{port}/6930.st",
    )
    assert (status, output) == (0, "")
    assert (tmp_path / "curl").read_bytes() == octets
    status, output = await run(
        atftp,
        "--option",
        "blksize 700",
        "--option",
        "tsize",
        "-g",
        "-r",
        "6930.st",
        "-l",
        str(tmp_path / "atftp"),
        "127.0.0.1",
        port,
    )
    assert status == 0, output
    assert (tmp_path / "atftp").read_bytes() == octets
    status, output = await run(curl, "-sS", f"tftp://127.0.0.1:{port}/none.cfg")
    assert status == 68, output


# Syslog


@given(st.binary(max_size=200))
def test_any_datagram_is_a_line(datagram: bytes) -> None:
    line = parse_line(datagram, 1.0)
    assert line.text.isprintable()
    assert 0 <= line.facility < 24


def test_lines_are_read_and_bounded() -> None:
    line = parse_line(b"<134>Nov  7 12:00:01 phone sip: REGISTER sent\r\n", 5.0)
    assert (line.facility, line.severity, line.text) == (16, "info", "sip: REGISTER sent")
    assert parse_line(b"no header", 5.0).severity == "notice"
    assert parse_line(b"<999>x", 5.0).text == "<999>x"
    lines = Lines()
    for number in range(LINES_KEPT + 5):
        lines.add("a", parse_line(str(number).encode(), 1.0))
    assert [len(lines.of("a")), lines.of("a")[0].text, lines.of("b")] == [LINES_KEPT, "5", []]


async def test_lines_of_a_phone_are_shown_with_it(site: Site) -> None:
    await site.set_mbg()
    phone = PhoneClient(site)
    file = await phone.starts()
    assert file["log server ip"] == "127.0.0.1" and file["log module sip"] == "39"
    to = ("127.0.0.1", int(file["log server port"]))
    with datagrams(site.mbg.address) as sock:
        sock.sendto(b"<11>from the MBG", to)
    with datagrams(LOCAL_PHONE) as sock:
        sock.sendto(b"<11>Nov  7 12:00:01 6930 sip: 403", to)

    async def shown() -> bool:
        found = (await site.ok("GET", f"/phones/{MAC}"))["syslog"]
        return [(line["severity"], line["text"]) for line in found] == [("error", "sip: 403")]

    await eventually(shown, "the line is shown with its phone")


# LDAP


def search(text: str, base: str = "dc=mcs", *, scope: int = 2, size: int = 0) -> bytes:
    """A search for ``(attribute=value)``, ``(attribute=*)`` or ``(!(attribute=value))``."""
    message = rfc2251.LDAPMessage()
    message["messageID"] = 7
    body = message["protocolOp"]["searchRequest"]
    body["baseObject"], body["scope"], body["derefAliases"] = base, scope, 0
    body["sizeLimit"], body["timeLimit"], body["typesOnly"] = size, 0, False
    name, _, value = text.strip("()").partition("=")
    if value == "*":
        body["filter"]["present"] = name
    else:
        body["filter"]["equalityMatch"]["attributeDesc"] = name
        body["filter"]["equalityMatch"]["assertionValue"] = value
    body["attributes"].clear()
    octets: bytes = encoder.encode(message)
    return octets


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([search("(cn=*)"), search("(sn=x)")]), max_size=4), st.integers(1, 9)
)
def test_messages_arrive_whole_however_the_stream_is_cut(sent: list[bytes], step: int) -> None:
    reader, found, stream = MessageReader(), 0, b"".join(sent)
    for start in range(0, len(stream), step):
        found += len(reader.feed(stream[start : start + step]))
    assert found == len(sent)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=120), st.integers(0, 60), st.integers(0, 255))
def test_malformed_ber_is_one_clear_error(noise: bytes, position: int, octet: int) -> None:
    damaged = bytearray(search("(cn=Ada)"))
    damaged[position % len(damaged)] = octet
    for octets in (noise, bytes(damaged), b"0\x84\xff\xff\xff\xff" + noise, b"0\x80" + noise):
        try:
            MessageReader().feed(octets)
        except LdapFormatError:
            continue


def test_filter_that_is_too_deep_is_refused() -> None:
    deep = b"\x87\x02cn"
    for _ in range(400):
        deep = b"\xa2\x82" + len(deep).to_bytes(2, "big") + deep
    head = b"\x02\x01\x01"
    with pytest.raises(LdapFormatError):
        parse_message(b"0\x82" + (len(head + deep) + 4).to_bytes(2, "big") + head + deep + b"1234")


def test_answers_are_ber() -> None:
    assert result(1, "bindResponse", ResultCode.SUCCESS) == bytes.fromhex(
        "300c02010161070a010004000400"
    )
    found, rest = decoder.decode(
        entry(7, "cn=Ä,dc=mcs", {"cn": ("Ä", "b"), "sn": ()}), asn1Spec=rfc2251.LDAPMessage()
    )
    shown = found["protocolOp"]["searchResEntry"]
    assert (bytes(shown["objectName"]).decode(), rest) == ("cn=Ä,dc=mcs", b"")
    values = [[bytes(value).decode() for value in one["vals"]] for one in shown["attributes"]]
    assert values == [["Ä", "b"], []]


async def ldapsearch(site: Site, *arguments: str) -> tuple[int, str]:
    program = foreign("ldapsearch")
    url = f"ldap://127.0.0.1:{site.mcs.local_ports.ldap}"
    return await run(program, "-x", "-LLL", "-o", "nettimeout=20", "-H", url, *arguments)


async def test_foreign_client_searches_the_directory(site: Site) -> None:
    await site.add_phone_system()
    zoe = {"first_name": "Zoë", "last_name": "Bär", "company": "Out, Side", "number": "0049 7"}
    await site.ok("PUT", "/directories/system", {"entries": [zoe]})
    below = ("-b", "dc=mcs")
    status, output = await ldapsearch(site, *below, "(|(cn=ada*)(telephoneNumber=2102))", "cn")
    assert status == 0
    assert "cn: Ada Home" in output
    assert "cn: Bob Home" in output
    assert "Cleo" not in output
    assert "telephoneNumber:" not in output
    status, output = await ldapsearch(site, *below, "(&(sn=home)(!(givenName=Ada))(cn=*o*))")
    assert ("givenName: Ada" in output, "givenName: Bob" in output) == (False, True)
    status, output = await ldapsearch(site, *below, "(sn=Bär)", "telephoneNumber")
    assert "telephoneNumber: 0049 7" in output
    status, output = await ldapsearch(site, *below, "-z", "2", "(telephoneNumber=*)")
    assert (status, output.count("telephoneNumber: ")) == (4, 2)
    status, output = await ldapsearch(site, "-b", "", "-s", "base", "+", "*")
    assert "namingContexts: dc=mcs" in output
    assert (await ldapsearch(site, "-b", "dc=other", "(cn=*)"))[0] == 32
    assert "numEntries" not in (await ldapsearch(site, *below, "-s", "base", "(cn=*)"))[1]
    status, output = await ldapsearch(site, *below, "-D", "cn=x", "-w", "secret", "(cn=*)")
    assert status == 49


async def test_directory_is_read_only_and_survives_rubbish(site: Site) -> None:
    foreign("ldapadd")
    ldif = "dn: cn=X,dc=mcs\nobjectClass: person\ncn: X\nsn: X\n"
    port = site.mcs.local_ports.ldap or 0
    done = await asyncio.to_thread(
        subprocess.run,
        ["ldapadd", "-x", "-H", f"ldap://127.0.0.1:{port}"],
        input=ldif,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 53, done.stderr
    for octets in (b"\xff" * 500, b"0\x84\x7f\xff\xff\xff", b"0\x03\x02\x01"):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, local_addr=(LOCAL_PHONE, 0)
        )
        writer.write(octets)
        writer.write_eof()
        assert await all_that_comes(reader, writer) == b""
    assert (await ldapsearch(site, "-b", "dc=mcs", "-s", "base"))[0] == 0


# Ports


def test_low_ports_move_where_they_are_closed(tmp_path: Path) -> None:
    assert open_port(69, lowest=1024) == 69 + LOW_PORT_OFFSET
    assert open_port(69, lowest=1) == 69
    assert open_port(8205, lowest=1024) == 8205
    assert open_port(0, lowest=1024) == 0
    status, setting = tmp_path / "status", tmp_path / "setting"
    status.write_text("Name:\tx\nCapEff:\t0000000000000400\n")
    setting.write_text("1024\n")
    assert lowest_open_port(status, setting) == 1
    status.write_text("Name:\tx\nCapEff:\t0000000000000000\n")
    assert lowest_open_port(status, setting) == 1024
    assert lowest_open_port(tmp_path / "none", setting) == 1024
