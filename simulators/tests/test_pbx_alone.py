"""`python -m simulators pbx`: it says where everything is, works, and ends clean."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulators.__main__ import app
from simulators.addresses import AddressPlan, claim_private
from simulators.errors import ConfigurationError

ROOT = Path(__file__).parents[2]
LIMIT_S = 60
ANY_PORT = ("--sip-port", "0", "--oai-port", "0", "--control-port", "0")


@pytest.fixture
def plan() -> Iterator[AddressPlan]:
    held = claim_private()
    yield held.plan
    held.release()


def places(plan: AddressPlan, nodes: int = 1) -> list[str]:
    """Options that keep it to the block that was claimed."""
    addresses = [word for n in range(1, nodes + 1) for word in ("--address", plan.node(n))]
    gateway = ["--ct-gateway", plan.ct_gateway, "--control-address", plan.control_of_pbx]
    return [*addresses, *gateway, *ANY_PORT]


def command(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "simulators", "pbx", *words],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Alone:
    """The command, running; `said` is what it printed when it was ready."""

    def __init__(self, *words: str) -> None:
        self.process = command(*words)
        assert self.process.stdout is not None
        self.said = ""
        while "until Ctrl-C" not in self.said:
            line = self.process.stdout.readline()
            assert line, f"it ended: {self.process.communicate(timeout=LIMIT_S)[1]}"
            self.said += line
        found = re.search(r"control API  (http://\S+)", self.said)
        assert found
        self.control = found[1]

    def ask(self, path: str) -> dict[str, list[dict[str, object]]]:
        with urllib.request.urlopen(self.control + path, timeout=LIMIT_S) as answer:
            document: dict[str, list[dict[str, object]]] = json.loads(answer.read())
            return document

    def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Its exit status and what it said of errors."""
        self.process.send_signal(how)
        _, errors = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, errors


@pytest.fixture
def start(plan: AddressPlan) -> Iterator[Callable[..., Alone]]:
    """Starts the command on so many nodes; what a failed test leaves running is ended."""
    started: list[Alone] = []

    def start(*words: str, nodes: int = 1) -> Alone:
        started.append(Alone(*places(plan, nodes), *words))
        return started[-1]

    yield start
    for alone in started:
        alone.process.kill()
        alone.process.communicate()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_everything_is_and_ends_clean(
    start: Callable[..., Alone], tmp_path: Path, how: signal.Signals
) -> None:
    file = tmp_path / "extensions.jsonl"
    file.write_text("older")
    file.chmod(0o644)
    alone = start("--extensions", "2", "--credentials", str(file), nodes=2)
    assert re.search(r"node 2 +\S+ UDP and TCP, Branch 2, release 6.3 SP1, .* 2103 to", alone.said)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["extension"] for row in rows] == ["2101", "2102", "2103", "2104"]
    assert all(len(row["auth_password"]) == 16 for row in rows)
    assert [node["extensions"] for node in alone.ask("/nodes")["items"]] == [2, 2]
    gateway = re.search(r"CT Gateway +([\d.]+):(\d+) TCP", alone.said)
    assert gateway
    with socket.create_connection((gateway[1], int(gateway[2])), timeout=LIMIT_S):
        pass
    assert alone.end(how) == (130, "")


def test_what_it_wrote_for_itself_goes_with_it(start: Callable[..., Alone]) -> None:
    alone = start("--extensions", "1", "--release", "6.2", "--no-udp")
    assert " TCP, Head Office, release 6.2, extensions 2101 to 2101" in alone.said
    found = re.search(r"credentials  (\S+)", alone.said)
    assert found
    (line,) = Path(found[1]).read_text().splitlines()
    assert json.loads(line)["auth_password"] == "", "6.2 makes no credentials (PRE-3)"
    assert alone.end() == (130, "")
    assert not Path(found[1]).exists()


def test_the_same_seed_repeats_a_run(start: Callable[..., Alone], tmp_path: Path) -> None:
    files: list[list[str]] = []
    for seed in ("7", "7", "8"):
        file = tmp_path / f"{len(files)}.jsonl"
        start("--seed", seed, "--credentials", str(file)).end()
        files.append([json.loads(line)["auth_password"] for line in file.read_text().splitlines()])
    assert files[0] == files[1] != files[2]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--release", "six"], "expected a release such as"),
        (["--gateway-release", "x"], "expected a release such as"),
        (["--extensions", "60001"], "expected 0 to 60000 extensions"),
        (["--extensions", "-1"], "expected 0 to 60000 extensions"),
        (["--control-address", "192.0.2.1"], "loopback alone"),
        (["--credentials", "/none/x.jsonl"], "can't write the credentials to /none/x.jsonl"),
        (["--seed", "spring"], "a seed is a whole number"),
    ],
)
def test_bad_options_are_refused_by_name(
    plan: AddressPlan, words: list[str], sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(sentence)):
        app(["pbx", *places(plan), *words], standalone_mode=False)


def test_a_refused_start_is_one_sentence_and_status_2(plan: AddressPlan) -> None:
    process = command(*places(plan), "--release", "six")
    output, errors = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, output) == (2, "")
    assert errors.strip().splitlines() == [
        "simulators: expected a release such as '6.3 SP1' or '5.0.64', got 'six'"
    ]
