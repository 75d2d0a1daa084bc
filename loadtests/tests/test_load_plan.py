"""A plan says no to what no burst can be, and to a target elsewhere unless that is allowed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from loadtests.plan import Plan, read_accounts, read_plan
from loadtests.tests.fake_registrar import passwords, write_accounts
from simulators.errors import ConfigurationError
from simulators.phone.crowd.arrivals import Shape

GOOD = Plan(("127.20.0.10", 5060), 30, "/nowhere/accounts.jsonl", 500, 100.0, limit_s=65.0)


def test_a_plan_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(GOOD.to_json())
    assert read_plan(path) == GOOD


@pytest.mark.parametrize(
    "wrong",
    [
        {"phones": 0},
        {"phones": -1},
        {"phones": 60_001},
        {"rate_per_s": 0.0},
        {"rate_per_s": -5.0},
        {"rate_per_s": float("nan")},
        {"rate_per_s": float("inf")},
        {"rate_per_s": 0.01},
        {"workers": 0},
        {"workers": 501},
        {"limit_s": 0.0},
        {"limit_s": 1e9},
        {"limit_s": float("nan")},
        {"phones_per_home": 0},
        {"homes": 256},
    ],
)
def test_a_plan_out_of_range_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        replace(GOOD, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "address",
    [
        ("10.0.0.1", 5060),
        ("192.168.1.2", 5060),
        ("8.8.8.8", 5060),
        ("0.0.0.0", 5060),
        ("localhost", 5060),
        ("mbg.example", 5060),
        ("::1", 5060),
        ("127.1", 5060),
        ("127.20.0.10", 0),
        ("127.20.0.10", 65_536),
    ],
)
def test_load_leaves_this_machine_not_by_itself(address: tuple[str, int]) -> None:
    """Not without a network that was allowed for it; see test_load_networks."""
    with pytest.raises(ConfigurationError, match=r"127\.0\.0\.0/8 only"):
        replace(GOOD, mbg=address)


def test_a_plan_file_is_checked_like_a_plan(tmp_path: Path) -> None:
    document = json.loads(GOOD.to_json()) | {"mbg": ["10.0.0.1", 5060]}
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document))
    with pytest.raises(ConfigurationError):
        read_plan(path)


def test_all_at_once_needs_no_time() -> None:
    assert replace(GOOD, shape=Shape.AT_ONCE, rate_per_s=0.001).scheduled_s == 0.0


def test_accounts_are_read_in_order_and_only_as_many_as_asked(tmp_path: Path) -> None:
    path = write_accounts(tmp_path / "accounts.jsonl", passwords(5))
    accounts = read_accounts(path, 3)
    assert [account.username for account in accounts] == ["tw0", "tw1", "tw2"]
    assert "secret" not in repr(accounts)


def test_too_few_accounts_are_refused(tmp_path: Path) -> None:
    path = write_accounts(tmp_path / "accounts.jsonl", passwords(5))
    with pytest.raises(ConfigurationError, match="holds 5 accounts, 6 phones"):
        read_accounts(path, 6)


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"username": "x", "password": "hush"}', '{"password": "hush"', "\xff"]
)
def test_a_bad_line_is_named_and_its_password_is_not_shown(line: str, tmp_path: Path) -> None:
    path = tmp_path / "accounts.jsonl"
    path.write_bytes(line.encode("latin-1") + b"\n")
    with pytest.raises(ConfigurationError) as caught:
        read_accounts(path, 1)
    assert str(path) in str(caught.value)
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None or "hush" not in str(caught.value.__cause__)
