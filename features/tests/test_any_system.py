"""The suites on systems that are not theirs: an MCS and an MBG in processes of their own."""

import ast
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from features.tests.answerer import answering
from features.tests.elsewhere import PASSWORD, Elsewhere, check, elsewhere

pytestmark = pytest.mark.timeout(600)

HAPPY_PATH = "From the first address to a registered teleworker"
LOOKS_INTO_THE_MBG = {"Checking the box provisions the extension"}
"""Happy paths that compare passwords, which nobody can read from an external MBG."""


def test_the_happy_paths_pass_on_an_mcs_and_an_mbg_in_other_processes(tmp_path: Path) -> None:
    with elsewhere(tmp_path) as there:
        status, said, report = check(there, there.estate_file(), "--profile", "smoke")
    verdicts = {s["name"]: (s["outcome"], s["reason"]) for s in report["scenarios"]}
    not_applicable = {name for name, (v, _) in verdicts.items() if v == "not applicable"}
    assert not_applicable == LOOKS_INTO_THE_MBG, said
    assert {v for v, _ in verdicts.values()} == {"pass", "not applicable"}, said
    assert status == 0 and len(verdicts) >= 11
    assert "external" in verdicts[LOOKS_INTO_THE_MBG.copy().pop()][1]
    kinds = {role["role"]: role["kind"] for role in report["roles"]}
    assert (kinds["MCS"], kinds["MBG"], kinds["PBX"]) == ("external", "external", "simulated")


def test_an_mcs_that_nobody_makes_new_is_used_again_and_proves_no_first_token(
    tmp_path: Path,
) -> None:
    chosen = "first_address or token_exchange_step or top_softkeys or registered_teleworker"
    with elsewhere(tmp_path, resettable=False) as there:
        words = ("--profile", "smoke", "-k", chosen, "--random-order-seed", "none")
        status, said, report = check(there, there.estate_file(), *words)
        log_in = {"username": "admin", "password": PASSWORD}
        token = there.api("POST", "/login", log_in)["token"]
        systems = there.api("GET", "/phone-systems", token=token)
        phones = there.api("GET", "/phones", token=token)
    outcomes = {s["name"]: (s["outcome"], s["reason"]) for s in report["scenarios"]}
    assert status == 0, said
    verdicts = sorted(verdict for verdict, _ in outcomes.values())
    assert verdicts == ["not applicable", "pass", "pass", "pass"], said
    (late,) = (name for name, (verdict, _) in outcomes.items() if verdict == "not applicable")
    # whichever of the two comes second finds the token of the first
    assert late in ("The token exchange, step by step", HAPPY_PATH), said
    assert "has a token already" in outcomes[late][1]
    assert len(systems["items"]) == 1, "the PBX was made known once"
    assert phones["items"] == [], "people's phones were taken back"


# Second opinion

SECOND = Path(__file__).with_name("second_opinion.py")


def second_opinion(there: Elsewhere) -> list[str]:
    certificate = there.authority.write(there.folder, there.plan.mcs, there.plan.mbg_outside)
    given = (
        there.plan.mcs, certificate.certificate, certificate.key, there.mbg_ca,
        there.folder / "admin",
    )  # fmt: skip
    return [sys.executable, str(SECOND), *map(str, given)]


def test_the_happy_paths_pass_on_an_mcs_that_shares_nothing_with_ours(tmp_path: Path) -> None:
    with elsewhere(tmp_path, second_opinion) as there:
        status, said, report = check(there, there.estate_file(), "--profile", "smoke")
    verdicts = {s["name"]: s["outcome"] for s in report["scenarios"]}
    assert set(verdicts.values()) == {"pass", "not applicable"}, said
    assert {n for n, v in verdicts.items() if v == "not applicable"} == LOOKS_INTO_THE_MBG
    assert status == 0


def test_the_second_opinion_is_small_and_independent() -> None:
    text = SECOND.read_text()
    assert len(text.splitlines()) <= 300
    nodes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Import | ast.ImportFrom)]
    names = {
        alias.name if isinstance(node, ast.Import) else str(node.module)
        for node in nodes
        for alias in node.names
    }
    ours = {"system", "simulators", "features", "reports", "loadtests", "tests"}
    assert {name.partition(".")[0] for name in names} & ours == set()


# An empty server in the MCS's role


EMPTY = """
import asyncio, ssl, sys
from aiohttp import web

async def main(address, certificate, key, kind):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)

    async def nothing(request):
        if kind == "closes":
            request.transport.close()
        if kind != "agrees":
            return web.Response(status=404)
        token = "any" if request.path.endswith("login") else {"state": "none", "expires_at": ""}
        return web.json_response({"token": token, "id": 1})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", nothing)
    runner = web.AppRunner(app)
    await runner.setup()
    for port, context in ((8200, tls), (8202, tls), (8203, None)):
        await web.TCPSite(runner, address, port, ssl_context=context).start()
    await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


def empty(kind: str) -> Callable[[Elsewhere], list[str]]:
    """The command of an empty server in the MCS's place."""

    def command(there: Elsewhere) -> list[str]:
        made = there.authority.write(there.folder, there.plan.mcs)
        files = str(made.certificate), str(made.key)
        return [sys.executable, "-c", EMPTY, there.plan.mcs, *files, kind]

    return command


@pytest.mark.parametrize("kind", ["answers 404", "closes"])
def test_an_empty_server_passes_nothing_and_nothing_is_our_error(tmp_path: Path, kind: str) -> None:
    with elsewhere(tmp_path, empty(kind), resettable=False) as there:
        status, said, report = check(there, there.estate_file(), "-m", "smoke or EXT-6")
    counts = report["counts"]["scenarios"]
    assert counts["error"] == counts["pass"] == counts["warning"] == 0, said
    assert (counts["inconclusive"], counts["fail"], status) == (12, 1, 1), said
    assert "0 pass" in said and "nothing was proved" in said
    for scenario in report["scenarios"]:
        finding = scenario["finding"]
        preparing = scenario["outcome"] == "inconclusive"
        assert preparing is ("bare site" in finding["expected"] or "site " in finding["expected"])
        assert "/login" in finding["actual"] and finding["requirements"], finding
        assert finding["entries"], "the messages show it"


def test_a_server_that_agrees_to_all_is_found_out(tmp_path: Path) -> None:
    with elsewhere(tmp_path, empty("agrees"), resettable=False) as there:
        words = ("-m", "not browser and (ADR-1 or TOK-1)")
        status, said, report = check(there, there.estate_file(), *words)
    counts = report["counts"]["scenarios"]
    assert counts["error"] == counts["pass"] == 0, said
    assert counts["fail"] >= 2 and status == 1, said
    actual = " ".join(s["finding"]["actual"] for s in report["scenarios"] if s["finding"])
    assert "the answer of the MCS has no 'internal_address'" in actual


# A person


def test_a_person_who_is_asked_passes_stages_1_to_6(tmp_path: Path) -> None:
    with ExitStack() as stack:
        there = stack.enter_context(elsewhere(tmp_path))
        form = f"http://{there.plan.administrator}:8189/"
        person = stack.enter_context(answering(there, form))
        file = there.estate_file(
            mcs='speaks = "person"',
            mbg='speaks = "person"',
            more=f'[person]\naddress = "{there.plan.administrator}"\npatience_s = 30.0\n',
        )
        words = ("--profile", "smoke", "-k", "first_address")
        status, said, report = check(there, file, *words)
    (scenario,) = report["scenarios"]
    assert (scenario["outcome"], status) == ("pass", 0), said
    assert form in said, "where somebody is asked has to be told"
    assert [step["outcome"] for step in scenario["steps"]] == ["pass"] * 7
    pages = {line.partition(": ")[2].partition(": ")[0] for line in person.done}
    assert {"Administration -> Web services", "Configuration -> Phones"} <= pages
    # How often a page is read until it says what is waited for depends on how quick the MCS is.
    assert len(set(person.done)) >= 18, person.done
