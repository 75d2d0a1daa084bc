"""`python -m simulators phones`: it says what each phone does, works, and ends as it should."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulators.__main__ import app
from simulators.errors import ConfigurationError
from simulators.estate.phones_site import running
from simulators.journal.entries import LostEntry
from simulators.phone.calls.line_table import Activity
from simulators.phone.credentials_file import read_credentials
from simulators.phone.life.states import State
from simulators.tests.pbx_bench import PbxBench, pbx_bench
from simulators.tests.phones_bench import phones_bench, site_on

ROOT = Path(__file__).parents[2]
LIMIT_S = 90


@pytest.fixture
async def pbx() -> AsyncIterator[PbxBench]:
    async with pbx_bench(nodes=1, extensions=3) as bench:
        yield bench


def options(bench: PbxBench, *words: str) -> list[str]:
    """Options that keep it to the block that was claimed."""
    plan = bench.plan
    places = [word for index in range(3) for word in ("--address", plan.local_phone(index))]
    control = ["--control-address", plan.control_of_phones, "--control-port", "0"]
    return [*places, *control, "--credentials", str(bench.credentials), *words]


async def run(bench: PbxBench, *words: str, end_when: str = "") -> tuple[int, str, str]:
    """Exit status, output, errors; Ctrl-C once it has said `end_when`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators", "phones", *options(bench, *words),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    try:
        said = b""
        while end_when and not re.search(end_when.encode(), said):
            line = await process.stdout.readline()
            assert line, (said, await process.stderr.read())
            said += line
        if end_when:
            process.send_signal(signal.SIGINT)
        out, errors = await asyncio.wait_for(process.communicate(), LIMIT_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, (said + out).decode(), errors.decode()


async def test_all_register_and_it_ends_with_a_table(pbx: PbxBench) -> None:
    status, said, errors = await run(pbx, "--count", "3", "--until", "registered")
    assert (status, errors) == (0, "")
    assert said.rstrip().endswith("3 phones: 3 registered")
    assert len(re.findall(r"\d s  14-00-E9-\S+  registered", said)) == 3
    assert len(pbx.pbx.nodes[0].registered_extensions()) == 3, "the node counts them, too"


async def test_one_that_is_refused_makes_it_fail(pbx: PbxBench) -> None:
    rows = [json.loads(line) for line in pbx.credentials.read_text().splitlines()]
    rows[1]["auth_password"] = "wrong-Passw0rd"
    pbx.credentials.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ("--count", "3", "--until", "registered", "--within", "4")
    status, said, _ = await run(pbx, *words)
    assert status == 1
    assert said.rstrip().endswith("3 phones: 1 refused, 2 registered")
    assert "wrong-Passw0rd" not in said


async def test_ctrl_c_ends_it_with_the_table(pbx: PbxBench) -> None:
    status, said, errors = await run(pbx, "--count", "1", end_when="  registered")
    assert (status, errors) == (130, "")
    assert said.rstrip().endswith("1 phones: 1 registered")


async def test_no_start_repeats_the_call_ids_of_another(pbx: PbxBench) -> None:
    """A registrar that still has the bindings would take them for old requests: 500."""
    site = site_on(pbx.plan, 1, pbx.credentials)
    for _ in range(2):
        async with running(site) as found:
            await found.phones.power(on=True)
            for phone in found.phones.by_mac.values():
                await phone.until(State.REGISTERED)
    sent = "\n".join(entry.detail for entry in pbx.pbx.journal.entries)
    assert len(set(re.findall(r"(?m)^Call-ID: (\S+)", sent))) == 2


async def test_phones_of_one_home_share_its_address() -> None:
    async with phones_bench(3) as bench:
        home = bench.pbx.plan.local_phone(5)
        for phone in bench.handsets:
            phone.move_to(home)
        await bench.registered()
        assert {phone.contact[0] for phone in bench.handsets} == {home}
        assert len({phone.contact[1] for phone in bench.handsets}) == 3


async def test_a_nat_mapping_ends_and_what_comes_in_is_lost() -> None:
    """A call reaches a phone while its mapping lives; later only after it has said something."""
    async with phones_bench(2, nat_timeout_s=60.0) as bench:
        await bench.registered()
        caller, called = bench.handsets
        caller.dial("2102")
        await called.until_call(Activity.INCOMING)
        caller.hang_up()
        await called.until_call(Activity.IDLE)
        await bench.phones.clock.advance(200)
        caller.dial("2102")
        await bench.phones.clock.advance(2)
        assert called.call is None
        lost = [e for e in bench.phones.journal.entries if isinstance(e, LostEntry)]
        assert lost and all("no mapping" in e.reason for e in lost)


async def test_without_anything_they_boot_and_wait() -> None:
    async with phones_bench(2, credentials=None) as bench:
        await bench.phones.power(on=True)
        for phone in bench.handsets:
            await phone.until(State.IDLE)
            assert "No configuration server" in phone.screen.message


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--count", "0"], "expected 1 to 2000 whole phones"),
        (["--address", "nowhere"], "expected IPv4 addresses"),
        (["--firmware-kind", "tea"], "expected firmware sip or minet"),
        (["--server", "127.0.0.1:x"], "expected --server HOST[:PORT]"),
        (["--models", "6999"], "there is no model '6999'"),
        (["--credentials", "/none.jsonl"], "can't read the credentials in /none.jsonl"),
        (["--control-address", "192.0.2.1"], "loopback alone"),
        (["--registrar", "there"], "expected --registrar ADDRESS:PORT"),
    ],
)
def test_bad_options_are_refused_by_name(words: list[str], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(sentence)):
        app(["phones", "--control-port", "0", *words], standalone_mode=False)


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "{}",
        '{"extension": "1"}',
        '{"extension": "1", "password": "x", "registrar": "y"}',
    ],
)
def test_a_line_without_credentials_is_named_and_not_repeated(tmp_path: Path, line: str) -> None:
    file = tmp_path / "accounts.jsonl"
    file.write_text('{"extension": "1", "auth_password": "secret"}\n' + line + "\n")
    with pytest.raises(ConfigurationError, match=r"accounts.jsonl, line 2: expected") as caught:
        read_credentials(file, 2)
    assert "secret" not in str(caught.value)
    (good,) = read_credentials(file, 1)
    assert (good.username, good.auth_name, good.password) == ("1", "1", "secret")
    assert "secret" not in repr(good)
    with pytest.raises(ConfigurationError, match="holds 2 credentials, 3 phones"):
        read_credentials(file, 3)
