"""`python -m loadtests bench` as a person runs it, in tiny counts, and its parts."""

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from loadtests.bench import pairs, prism
from loadtests.bench.figures import Figure, Of, Side
from loadtests.bench.http_load import Task, answer_length, requests_for
from loadtests.bench.peers import ok
from loadtests.bench.processes import Child, generated, own_cpu_s, serving
from loadtests.bench.rounds import Size, take_turns
from loadtests.children import cpu_s
from loadtests.errors import GeneratorError, TargetError
from loadtests.target import ROOT
from simulators.sip.message import Response, parse

TINY = Size(rounds=1, seconds=0.3, requests=40, phones=10, connections=16)


async def run(*options: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "loadtests", "bench", *options,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_border_and_forward_run_and_are_written_down(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    status, out, err = await run(
        "--only", "forward,border", "--rounds", "1", "--seconds", "0.3", "--phones", "10",
        "--json", str(file), "--run-dir", str(tmp_path / "run"),
    )  # fmt: skip
    assert (status, err) == (0, "")
    figures = json.loads(file.read_text())["figures"]
    assert (tmp_path / "run" / "bench.json").read_text() == file.read_text()
    assert "border: CPU of a registration" in (tmp_path / "run" / "bench.html").read_text()
    names = [figure["name"] for figure in figures]
    assert names == [
        "border: CPU of a registration",
        "border: CPU of a registration",
        "forward: octets carried",
        "forward: connections",
    ]
    assert list(figures[0])[:6] == ["name", "ours", "peer", "ratio", "aim", "command"]
    assert (figures[0]["peer_name"], figures[0]["aim"]) == ("bare relay to the same PBX", 2.5)
    assert figures[0]["ratio"] == pytest.approx(figures[0]["ours"] / figures[0]["peer"], rel=1e-4)
    assert figures[0]["command"].startswith("python -m loadtests bench --only border --rounds 1")
    for figure in figures:
        for one in figure["sides"].values():
            assert one["median_rate"] > 0
            assert one["median_cpu_per_operation_s"] > 0
            assert one["failed"] == 0
        assert f"{figure['name']}, beside " in out


async def test_signed_calls_are_all_answered_and_an_unsigned_one_is_a_failure() -> None:
    async with serving(*pairs.SITE, "--devices", "3") as site:
        host, port = site.ready["rest"]
        signing = {
            "key": site.ready["consumer_key"],
            "secret": site.ready["consumer_secret"],
            "token": site.ready["token"],
            "token_secret": site.ready["token_secret"],
        }
        url = f"https://{host}:{port}/mslrest/mbg/v1/devices/"
        good = await pairs._calls(site, url, TINY, {"ca": site.ready["ca"], **signing})
        assert (good.failed, good.count > 0) == (0, True)
        signing["token_secret"] += "x"
        for wrong in ({}, signing):
            bad = await pairs._calls(site, url, TINY, {"ca": site.ready["ca"], **wrong})
            assert (bad.failed > 0, bad.count) == (True, 0)


async def test_without_node_the_pair_is_skipped_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    figures = await pairs.rest(TINY, lambda _: None)
    assert len(figures) == 3
    assert all("Prism needs node and npm: install them" in figure.skipped for figure in figures)


async def test_an_installed_prism_is_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prism, "FOLDER", tmp_path)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    script = tmp_path / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
    script.parent.mkdir(parents=True)
    script.touch()
    assert await prism.installed() == script


def test_the_mocks_description_has_both_resources_with_an_answer() -> None:
    paths = json.loads(prism.description(2))["paths"]
    examples = [
        path["get"]["responses"]["200"]["content"]["application/json"]["example"]
        for path in paths.values()
    ]
    assert [example.get("total") for example in examples] == [None, 2]
    assert len(examples[1]["items"]) == 2


async def test_sides_take_turns_and_change_their_order() -> None:
    order: list[str] = []

    def playing(name: str) -> Any:
        async def play() -> Side:
            order.append(name)
            return Side(1, 1, 1, 0)

        return play

    said: list[str] = []
    figure = Figure("calls", "calls/s", "Peer")
    played = await take_turns(figure, playing("ours"), playing("peer"), 3, said.append)
    warm_up, *rounds = zip(order[::2], order[1::2], strict=True)
    assert warm_up == ("ours", "peer")
    assert rounds == [("ours", "peer"), ("peer", "ours"), ("ours", "peer")]
    assert (len(played.rounds), len(said)) == (3, 3)


async def test_a_round_is_said_in_the_unit_of_its_figure() -> None:
    async def ours() -> Side:
        return Side(1, 4.0, 1, 0)

    async def peer() -> Side:
        return Side(1, 0.05, 1, 0)

    said: list[str] = []
    start = Figure("start", "s", "Peer", of=Of.TIME)
    await take_turns(start, ours, peer, 1, said.append)
    calls = Figure("calls", "calls/s", "Peer")
    await take_turns(calls, ours, peer, 1, said.append)
    assert said == [
        "start, round 1 of 1: ours 4.00 s, Peer 0.05",
        "calls, round 1 of 1: ours 0.2 calls/s, Peer 20.0",
    ]


def test_requests_are_signed_beforehand_each_with_its_own_nonce() -> None:
    task = Task("https://127.0.0.1:1/a/?b=c", 1, 3, 1.0, 1, key="k", secret="s", token="t")
    made = requests_for(task)
    assert len(set(made)) == 3
    assert all(
        request.startswith(b"GET /a/?b=c HTTP/1.1\r\nHost: 127.0.0.1:1\r\n") for request in made
    )
    assert all(b"oauth_signature=" in request for request in made)
    plain = requests_for(Task("http://127.0.0.1:1/", 1, 2, 1.0, 1))
    assert b"Authorization" not in plain[0]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n",
    ],
)
def test_an_answer_ends_where_it_says_also_octet_by_octet(answer: bytes) -> None:
    lengths = [answer_length(answer[:cut]) for cut in range(len(answer))]
    assert all(length in (None, len(answer)) for length in lengths)
    assert answer_length(answer + b"HTTP/1.1 200 OK\r\n") == len(answer)


def test_the_responder_answers_200_in_the_words_of_the_request() -> None:
    answer = parse(
        ok(
            b"REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
            b"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n"
            b"Contact: <sip:a@127.0.0.1>\r\nContent-Length: 0\r\n\r\n"
        )
    )
    assert isinstance(answer, Response)
    assert answer.status == 200
    assert answer.headers.get("to") == "<sip:a@b>;tag=peer"
    assert answer.headers.get("cseq") == "1 REGISTER"


async def test_datagrams_are_relayed_unread_and_answers_find_their_sender() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        for sock in (far, one, other):
            sock.bind(("127.0.0.1", 0))
            sock.settimeout(30)
        host, port = far.getsockname()
        async with serving(*pairs.PEERS, "datagrams", host, str(port)) as relay:
            place = tuple(relay.ready["address"])
            for sock, said in ((one, b"from one"), (other, b"from other"), (one, b"again")):
                sock.sendto(said, place)
                heard, source = far.recvfrom(100)
                assert heard == said
                far.sendto(b"answer to " + said, source)
                assert sock.recvfrom(100) == (b"answer to " + said, place)


def test_the_processor_time_of_a_process_is_read_from_outside() -> None:
    before = own_cpu_s()
    seen = cpu_s(os.getpid())
    assert before <= seen <= own_cpu_s()
    with pytest.raises(OSError, match="Invalid argument"):
        cpu_s(2**22 + 1)  # above the highest pid


async def test_a_server_that_does_not_start_and_a_generator_that_fails_are_named() -> None:
    with pytest.raises(TargetError, match=r"did not get ready: .*no such site"):
        async with serving(sys.executable, "-c", "raise SystemExit('no such site')"):
            pass
    async with serving(*pairs.PEERS, "responder") as child:
        with pytest.raises(TargetError, match="nobody listens at"):
            await _ended(child)
    with pytest.raises(GeneratorError, match=r"the generator http_load failed: .*unexpected"):
        await generated("http_load", {"unknown": 1})


async def _ended(child: Child) -> None:
    os.kill(child.pid, signal.SIGKILL)
    await child.listening("127.0.0.1", 1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--only", "rest,sip"],
            "expected pairs out of rest, border, forward, registrar, two-nodes",
        ),
        (["--rounds", "0"], "--rounds"),
        (["--seconds", "0"], "--seconds"),
        (["--phones", "x"], "--phones"),
        (["--json", "/nowhere/bench.json"], "can't write /nowhere/bench.json"),
    ],
)
async def test_bad_input_is_refused_with_status_2(options: list[str], said: str) -> None:
    status, out, err = await run(*options)
    assert status == 2
    assert said in err
    assert (out, "Traceback" in err) == ("", False)
