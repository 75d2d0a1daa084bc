"""What a newcomer types: it works, it ends clean, and bad input gets one clear sentence."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.addresses import claim_private
from simulators.clock import Clock
from simulators.entropy import Seed
from simulators.errors import ConfigurationError
from simulators.estate.config import EstateConfig
from simulators.estate.estate import Estate
from simulators.journal import Journal
from simulators.mbg.mbg import Mbg
from simulators.mbg.settings import MbgSettings
from simulators.network import Network
from simulators.tls import Authority

ROOT = Path(__file__).parent.parent
PRIVATE = '[addresses]\nblock = "private"\n'
LIMIT_S = 100


def command(*words: str, cwd: Path) -> subprocess.Popen[str]:
    """A command of the bench in a folder of its own, so that runs/ is there."""
    return subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def estate_file(folder: Path, text: str) -> str:
    path = folder / "estate.toml"
    path.write_text(text)
    return str(path)


def children_of(pid: int) -> list[int]:
    """Processes whose parent is `pid`."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def test_two_demos_side_by_side_register_everybody_and_write_their_reports(tmp_path: Path) -> None:
    file = estate_file(tmp_path, PRIVATE)
    words = ("features", "demo", "--phones", "2", "--seed", "7", "--estate", file)
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    running = [command(*words, cwd=folder) for folder in folders]
    for process, folder in zip(running, folders, strict=True):
        output, errors = process.communicate(timeout=LIMIT_S)
        assert process.returncode == 0, errors
        assert output.strip().splitlines()[-1] == "2 of 2 registered"
        (report,) = folder.glob("runs/*-demo/report.html")
        assert "TOK-8" in report.read_text(), "ids that nothing covers are shown too"
        assert len(list(folder.glob("runs/*-demo/journals/*.jsonl"))) == 1


def test_a_demo_that_fails_says_so_and_exits_with_1(tmp_path: Path) -> None:
    file = estate_file(tmp_path, PRIVATE + '[mbg]\nrelease = "9.1"\n')
    process = command("features", "demo", "--phones", "1", "--estate", file, cwd=tmp_path)
    output, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1, errors
    assert output.strip().splitlines()[-1] == "0 of 1 registered"
    (run,) = tmp_path.glob("runs/*-demo/run.json")
    assert json.loads(run.read_text())["outcome"] == "fail"


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_an_estate_that_is_taken_down_leaves_nothing_running(
    tmp_path: Path, end: signal.Signals
) -> None:
    file = estate_file(tmp_path, PRIVATE + "\n[[more_mbgs]]\nlicences = 5\n")
    process = command("features", "up", "--phones", "1", "--estate", file, cwd=tmp_path)
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "The estate is up" in line:
            break
    for mbg in ("MBG", "MBG 2"):
        assert re.search(rf"^{mbg} +inside .*/mslrest$", said, re.MULTILINE), said
        assert re.search(rf"^{mbg} site +https:.*/server-manager/", said, re.MULTILINE), said
        assert re.search(rf"^{mbg} control +http:", said, re.MULTILINE), said
    children = children_of(process.pid)
    assert children, f"the MCS should run as a process of its own: {said}"
    process.send_signal(end)
    process.communicate(timeout=LIMIT_S)
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


@pytest.mark.parametrize(
    ("words", "file", "sentence"),
    [
        (["features", "demo", "--seed", "spring"], "", "a seed is a whole number"),
        (["features", "demo", "--seed", "-1"], "", "a seed is a whole number"),
        (["features", "demo", "--phones", "0"], "", "expected 1 to"),
        (["features", "demo"], "[mbg]\nlicense = 5\n", "unknown setting 'mbg.license'"),
        (["features", "demo"], "[gateway]\n", "unknown setting 'gateway'"),
        (["features", "demo"], '[mbg]\nmode = "dmz"\n', "setting 'mbg.mode'"),
        (["features", "demo"], "[mbg\n", "is not TOML"),
        (["features", "demo"], '[mcs]\nrole = "external"\n', "needs the settings mcs.api_url"),
        (["features", "check"], "[pbx]\nrelaese = 1\n", "unknown setting 'pbx.relaese'"),
        (["simulators", "border", "--phones", "0"], "", "expected 1 to"),
        (["simulators", "border", "--seed", "x"], "", "a seed is a whole number"),
    ],
)
def test_bad_input_gets_one_sentence_and_status_2(
    tmp_path: Path, words: list[str], file: str, sentence: str
) -> None:
    options = ["--estate", estate_file(tmp_path, file + PRIVATE)] if file else []
    process = command(*words, *options, cwd=tmp_path)
    output, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 2
    assert sentence in errors
    assert len(errors.strip().splitlines()) == 1, errors
    assert "Traceback" not in output + errors
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[not_supported]\nEXT-77 = "none"\n', "unknown requirement 'EXT-77'"),
        ('[not_supported]\nEXT-7 = ""\n', "needs its reason"),
        ("[capabilities]\nclocks = false\n", "unknown capability 'clocks' in [capabilities]"),
        ("not_suported = 1\n", "unknown key 'not_suported'"),
        ("[capabilities\n", "is not TOML"),
    ],
)
def test_an_applicability_file_with_an_unknown_name_is_refused(
    tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "product.toml").write_text(text)
    words = ("features", "check", "--applicability", "product.toml")
    _, errors = (process := command(*words, cwd=tmp_path)).communicate(timeout=LIMIT_S)
    assert process.returncode == 2
    assert sentence in errors and len(errors.strip().splitlines()) == 1, errors


@pytest.mark.parametrize(
    "content", [b"this is no database", b"SQLite format 3\x00" + b"\x01" * 200]
)
def test_a_corrupt_database_is_left_alone_and_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mcs.db").write_bytes(content)
    ports = ("--api-port", "0", "--phones-port", "0", "--phones-http-port", "0")
    process = command("system", "--data", str(tmp_path), *ports, cwd=tmp_path)
    output, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 2
    assert "mcs.db" in errors
    assert "Traceback" not in output + errors
    assert (tmp_path / "mcs.db").read_bytes() == content, "bad input loses nothing"


@pytest.mark.parametrize("taken", ["REST", "SIP outside", "SIP inside"])
async def test_an_mbg_whose_port_is_in_use_says_which_and_opens_nothing(taken: str) -> None:
    claim = claim_private()
    plan = claim.plan
    clock = Clock()
    journal = Journal(clock.now)
    mbg = Mbg(
        plan.mbg_outside,
        plan.mbg_inside,
        tls=Authority().server_context(plan.mbg_inside),
        clock=clock,
        network=Network(plan, journal, clock),
        journal=journal,
        entropy=Seed(1).stream("mbg").randbytes,
        settings=MbgSettings(rest_port=10443),
    )
    places = {
        "REST": (socket.SOCK_STREAM, (plan.mbg_inside, 10443)),
        "SIP outside": (socket.SOCK_DGRAM, (plan.mbg_outside, 5060)),
        "SIP inside": (socket.SOCK_DGRAM, (plan.mbg_inside, 5060)),
    }
    kind, address = places[taken]
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(address)
        if kind == socket.SOCK_STREAM:
            holder.listen(1)
        with pytest.raises(ConfigurationError, match=f"{address[0]}:{address[1]}"):
            await mbg.start()
    for other_kind, other in places.values():
        with socket.socket(socket.AF_INET, other_kind) as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(other)  # nothing half-started is left
    claim.release()


async def test_a_failed_start_of_an_estate_gives_its_addresses_back() -> None:
    config = EstateConfig.model_validate(
        {"addresses": {"block": "private"}, "mcs": {"role": "external"}}
    )
    estate = Estate(config, None)
    with pytest.raises(ConfigurationError, match="external MCS"):
        async with estate:
            raise AssertionError("it can't start")
    with socket.socket() as again:
        again.bind((f"127.{estate.claim.plan.lan}.255.254", 47001))
