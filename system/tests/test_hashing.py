"""Password hashes: names that nobody has cost as much as those of accounts."""

from typing import get_args

import pytest

from system.config import PasswordHashCost
from system.people.hashing import NOBODYS, Hashing, hasher


@pytest.mark.parametrize("cost", get_args(PasswordHashCost))
def test_an_unknown_name_costs_what_a_known_one_does(cost: PasswordHashCost) -> None:
    """Where this fails, argon2's recommendation has changed: make the hash anew, with that."""
    assert not hasher(cost).check_needs_rehash(NOBODYS[cost])


def test_another_cost_would_be_noticed() -> None:
    assert hasher("standard").check_needs_rehash(NOBODYS["test"])


async def test_a_password_fits_its_account_and_no_unknown_name() -> None:
    hashing = Hashing("test", bytes)
    known = await hashing.make("Lovelace-1815")
    assert await hashing.matches(known, "Lovelace-1815")
    assert not await hashing.matches(known, "lovelace-1815")
    assert not await hashing.matches(None, "Lovelace-1815")
    assert hashing.checks == 3


async def test_even_a_password_that_fits_nobodys_hash_lets_nobody_in() -> None:
    hashing = Hashing("test", bytes)
    hashing._nobody = await hashing.make("guessed")
    assert not await hashing.matches(None, "guessed")
