"""Invented teleworkers: the same seed invents the same people, in any order of asking."""

from collections.abc import Sequence
from dataclasses import dataclass

from faker import Faker

from simulators.entropy import Seed
from simulators.errors import ConfigurationError
from simulators.phone.identity import PREFIX
from simulators.phone.models import MODELS, model

MAX_PEOPLE = 2**20
"""The MAC prefix leaves 24 bits; far fewer are drawn so that drawing stays quick."""


@dataclass(frozen=True, slots=True)
class Person:
    """One teleworker: `home_index` counts the homes from 0 (`AddressPlan.home`)."""

    name: str
    extension: str
    mac: str
    model: str
    home_index: int


def invent(
    seed: Seed,
    count: int,
    first_extension: int = 2101,
    models: Sequence[str] = tuple(MODELS),
) -> list[Person]:
    """Invent `count` people with extensions from `first_extension` on and the models in turn.

    Raises:
        ConfigurationError: an unknown model, or more people than MACs are drawn for.
    """
    if not 0 <= count <= MAX_PEOPLE or not models:
        raise ConfigurationError(f"from 0 to {MAX_PEOPLE} people with a model each, got {count}")
    for name in models:
        model(name)
    stream = seed.stream("people")
    fake = Faker("en_GB", providers=["faker.providers.person"])  # the others take time to load
    fake.seed_instance(stream.getrandbits(64))
    macs: dict[str, None] = {}
    people = []
    for index in range(count):
        # drawn one by one, so that more people leave the first ones as they were
        mac = _mac(stream.getrandbits(24))
        while mac in macs:
            mac = _mac(stream.getrandbits(24))
        macs[mac] = None
        name = f"{fake.first_name()} {fake.last_name()}"
        kind = models[index % len(models)]
        people.append(Person(name, str(first_extension + index), mac, kind, index))
    return people


def _mac(bits: int) -> str:
    return f"{PREFIX}{bits:06X}"
