"""A population of phones: who they are, where they live, what they run, what habits they have.

The same seed makes the same people: each phone and each home has chance of its own, so a larger
population begins with the smaller one. Names, extensions and MACs are those of `people.invent`.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from simulators.addresses import MOST_HOMES, MOST_LOCAL, AddressPlan
from simulators.entropy import Seed
from simulators.errors import ConfigurationError
from simulators.phone.habits import LifeSettings
from simulators.phone.models import MODELS, model
from simulators.phone.people import Person, invent

T = TypeVar("T")

MINET = "minet"
SIP = "sip"


@dataclass(frozen=True, slots=True)
class Mix:
    """What a population is made of; weights needn't add up to anything.

    Args:
        models: model -> weight.
        firmware: version -> weight.
        minet: share (0 to 1) that still runs MiNET firmware, as delivered.
        local: share that is in the office.
        phones_in_home: how many phones a home has -> weight.
        nat_timeout_s: for how long a home's NAT keeps a port mapping -> weight.
        boot_s, flash_s: shortest and longest time that a phone takes, evenly spread.
    """

    models: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(MODELS, 1.0))
    firmware: Mapping[str, float] = field(
        default_factory=lambda: {"5.0.0.1018": 7.0, "5.1.0.6044": 3.0}
    )
    minet: float = 0.0
    local: float = 0.0
    phones_in_home: Mapping[int, float] = field(default_factory=lambda: {1: 85.0, 2: 12.0, 3: 3.0})
    nat_timeout_s: Mapping[float, float] = field(
        default_factory=lambda: {30.0: 2.0, 60.0: 3.0, 120.0: 3.0, 300.0: 2.0}
    )
    boot_s: tuple[float, float] = (0.0, 0.0)
    flash_s: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        for name in self.models:
            model(name)
        for share in (self.minet, self.local):
            if not 0 <= share <= 1:
                raise ConfigurationError(f"expected a share from 0 to 1, got {share:g}")
        for table in (self.models, self.firmware, self.phones_in_home, self.nat_timeout_s):
            weights = list(table.values())
            if not weights or min(weights) < 0 or not sum(weights) > 0:
                raise ConfigurationError(
                    f"expected weights of 0 or more, one of them above 0, got {dict(table)}"
                )
        if min(self.phones_in_home) < 1 or not min(self.nat_timeout_s) > 0:
            raise ConfigurationError("expected 1 phone or more in a home, and a time-out above 0 s")
        for least, most in (self.boot_s, self.flash_s):
            if not 0 <= least <= most:
                raise ConfigurationError(f"expected seconds from 0 on, rising, got {least}, {most}")


@dataclass(frozen=True, slots=True)
class Home:
    """One household: a public address, its NAT, and its phones by their place in the population."""

    number: int
    nat_timeout_s: float
    phones: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Resident:
    """One phone of a population; `home` is None in the office."""

    index: int
    person: Person
    firmware_version: str
    firmware_kind: str
    habits: LifeSettings
    home: Home | None


class Population:
    """`size` phones. Sequences are in the order of the phones, and of the homes.

    Raises:
        ConfigurationError: more homes or local phones than a plan has addresses.
    """

    def __init__(self, seed: Seed, size: int, mix: Mix | None = None) -> None:
        self.mix = mix = mix or Mix()
        people = invent(seed, size)
        chances = [seed.stream(f"phone {index} of a population") for index in range(size)]
        drawn = [_drawn(mix, chance) for chance in chances]
        at_home = [index for index in range(size) if not drawn[index].local]
        self.homes: Sequence[Home] = _homes(seed, mix, at_home)
        home_of = {index: home for home in self.homes for index in home.phones}
        locals_before = 0
        residents = []
        for index, person in enumerate(people):
            home, own = home_of.get(index), drawn[index]
            number = locals_before if home is None else home.number
            locals_before += home is None
            residents.append(
                Resident(
                    index,
                    replace(person, model=own.model, home_index=number),
                    own.firmware,
                    own.kind,
                    own.habits,
                    home,
                )
            )
        self.residents: Sequence[Resident] = residents
        if len(self.homes) > MOST_HOMES or locals_before > MOST_LOCAL:
            raise ConfigurationError(
                f"a plan has {MOST_HOMES} homes and {MOST_LOCAL} local phones, got "
                f"{len(self.homes)} and {locals_before}: make the population smaller"
            )

    def __len__(self) -> int:
        return len(self.residents)

    def address(self, plan: AddressPlan, resident: Resident) -> str:
        """The IPv4 address that a phone sends from; those of a home share one."""
        place = plan.local_phone if resident.home is None else plan.home
        return place(resident.person.home_index)


@dataclass(frozen=True, slots=True)
class _Drawn:
    model: str
    firmware: str
    kind: str
    local: bool
    habits: LifeSettings


def _drawn(mix: Mix, chance: random.Random) -> _Drawn:
    return _Drawn(
        model=_one(mix.models, chance),
        firmware=_one(mix.firmware, chance),
        kind=MINET if chance.random() < mix.minet else SIP,
        local=chance.random() < mix.local,
        habits=LifeSettings(
            boot_s=chance.uniform(*mix.boot_s), flash_s=chance.uniform(*mix.flash_s)
        ),
    )


def _homes(seed: Seed, mix: Mix, phones: Sequence[int]) -> list[Home]:
    """Phones dealt out to homes in order; only the last home may have fewer than it wants."""
    homes: list[Home] = []
    start = 0
    while start < len(phones):
        chance = seed.stream(f"home {len(homes)} of a population")
        count = _one(mix.phones_in_home, chance)
        timeout_s = _one(mix.nat_timeout_s, chance)
        homes.append(Home(len(homes), timeout_s, tuple(phones[start : start + count])))
        start += count
    return homes


def _one(weights: Mapping[T, float], chance: random.Random) -> T:
    return chance.choices(list(weights), list(weights.values()))[0]
