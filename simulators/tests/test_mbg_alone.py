"""`python -m simulators mbg`: where everything is, a clean end, a state that comes back."""

import json
import os
import re
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.__main__ import app
from simulators.addresses import AddressPlan, claim_private
from simulators.errors import ConfigurationError
from simulators.tls import Authority

ROOT = Path(__file__).parent.parent.parent
LIMIT_S = 60
ANY_PORT = ["--rest-port", "0", "--sip-port", "0", "--sip-tls-port", "0", "--control-port", "0"]


@pytest.fixture
def plan() -> Iterator[AddressPlan]:
    held = claim_private()
    yield held.plan
    held.release()


def places(plan: AddressPlan) -> list[str]:
    return [
        "--outside", plan.mbg_outside, "--inside", plan.mbg_inside,
        "--control-address", plan.control_of_mbg(1),
    ]  # fmt: skip


class Alone:
    """A running MBG and what it printed."""

    def __init__(self, plan: AddressPlan, *options: str) -> None:
        self.process = command(*places(plan), *ANY_PORT, *options)
        assert self.process.stdout is not None
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if "until Ctrl-C" in line:
                return
        raise AssertionError(self.process.communicate(timeout=LIMIT_S))

    @property
    def control(self) -> str:
        return self.printed(r"control API  (http://\S+) ")

    def printed(self, pattern: str) -> str:
        found = re.search(pattern, self.said)
        assert found, f"{pattern} in {self.said}"
        return found[1]

    def ask(self, method: str, path: str, body: object = None) -> dict[str, object]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.control + path, data, method=method)
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
            document: dict[str, object] = json.loads(answer.read())
            return document

    def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Its exit status and what it said of errors."""
        self.process.send_signal(how)
        _, errors = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, errors


def command(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "simulators", "mbg", *words],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_everything_is_and_ends_clean(
    plan: AddressPlan, tmp_path: Path, how: signal.Signals
) -> None:
    ca = tmp_path / "ca.crt"
    alone = Alone(plan, "--ca-file", str(ca), "--icp", "Head Office=127.10.0.21",
                  "--forward", "0=127.10.0.5:8202", "--licences", "3")  # fmt: skip
    assert "3 licences" in alone.said
    assert "Head Office at 127.10.0.21" in alone.said
    assert alone.printed(r"forward      (TCP) \d+") == "TCP"
    rest = alone.printed(r"REST API     (https://\S+)/mslrest")
    with pytest.raises(urllib.error.HTTPError, match="503"):
        urllib.request.urlopen(
            f"{rest}/mslrest/ping", context=ssl.create_default_context(cafile=str(ca))
        )
    assert alone.ask("GET", "/health") == {"status": "ok", "role": "MBG"}
    alone.ask("PUT", "/web-services", {"running": True})
    made = alone.ask("POST", "/consumers", {"name": "My client", "consumer_id": "me"})
    assert made["shared_secret"]
    assert alone.end(how) == (130, "")


def test_its_state_comes_back_and_new_secrets_differ(plan: AddressPlan, tmp_path: Path) -> None:
    state = str(tmp_path / "state.json")
    secrets = []
    for consumer in ("first", "second"):
        alone = Alone(plan, "--state", state, "--icp", "Head Office=127.10.0.21")
        wish = {"name": consumer, "consumer_id": consumer}
        secrets.append(alone.ask("POST", "/consumers", wish)["shared_secret"])
        icps, consumers = alone.ask("GET", "/icps"), alone.ask("GET", "/consumers")
        alone.end()
    assert len(set(secrets)) == 2, "the same seed, and yet nothing is drawn twice"
    assert isinstance(icps["items"], list) and len(icps["items"]) == 1, "no second one of a name"
    assert isinstance(consumers["items"], list) and len(consumers["items"]) == 2


def test_the_same_seed_repeats_a_run(plan: AddressPlan) -> None:
    secrets = []
    for seed in ("7", "7", "8"):
        alone = Alone(plan, "--seed", seed)
        wish = {"name": "x", "consumer_id": "x"}
        secrets.append(alone.ask("POST", "/consumers", wish)["shared_secret"])
        alone.end()
    assert secrets[0] == secrets[1] != secrets[2]


def test_a_certificate_of_ones_own_is_shown(plan: AddressPlan, tmp_path: Path) -> None:
    authority = Authority()
    files = authority.write(tmp_path, plan.mbg_inside)
    alone = Alone(plan, "--certificate", str(files.certificate), "--key", str(files.key))
    rest = alone.printed(r"REST API     (https://\S+)/mslrest")
    with pytest.raises(urllib.error.HTTPError, match="503"):
        urllib.request.urlopen(f"{rest}/mslrest/ping", context=authority.client_context())
    with pytest.raises(urllib.error.HTTPError, match="409"):
        alone.ask("POST", "/faults", {"name": "expired-certificate"})
    assert alone.end() == (130, "")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--mode", "dmz"], "mode is gateway or server-only"),
        (["--icp", "Head Office"], "expected --icp NAME=ADDRESS"),
        (["--forward", "8202"], "expected --forward PORT=HOST:PORT"),
        (["--forward", "8202=host:8202"], "IPv4 address of the destination host"),
        (["--forward", "8202=127.10.0.5:8202", "--mode", "server-only"], "no port forwarding"),
        (["--certificate", "x.crt"], "--certificate and --key go together"),
        (["--certificate", "x.crt", "--key", "x.key"], "can't use the certificate x.crt"),
        (["--ca-file", "/none/ca.crt"], "can't write the CA's certificate to /none/ca.crt"),
        (["--state", "/"], "can't read the MBG's state file /"),
        (["--rest-port", "65536"], "expected a port from 1 to 65535"),
        (["--control-port", "-1"], "expected a port from 1 to 65535"),
        (["--control-address", "192.0.2.1"], "loopback alone"),
        (["--seed", "spring"], "a seed is a whole number"),
        (["--licences", "-1"], "expected 0 or more licences"),
    ],
)
def test_bad_options_are_refused_by_name(
    plan: AddressPlan, words: list[str], sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(sentence)):
        app(["mbg", *places(plan), *ANY_PORT, *words], standalone_mode=False)


def test_a_refused_start_is_one_sentence_and_status_2(plan: AddressPlan) -> None:
    process = command(*places(plan), *ANY_PORT, "--mode", "dmz")
    output, errors = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, output) == (2, "")
    assert errors.strip().splitlines() == [
        "simulators: an MBG's mode is gateway or server-only, got 'dmz'"
    ]
