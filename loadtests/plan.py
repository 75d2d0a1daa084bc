"""The plan of a burst: what every process of it must agree on, as one JSON document.

Command, Locust and engines each read the same file, and each checks it anew. The accounts, which
hold passwords, stay in a file of their own that only its owner can read; the plan names it.
"""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from loadtests.machines.networks import FILES, LOOPBACK, check_address, check_places
from loadtests.scenarios.kinds import KINDS, ON_ONE_MACHINE, STRUCK, Kind, Scenario
from simulators.addresses import AddressPlan
from simulators.core import Address
from simulators.entropy import Seed
from simulators.errors import ConfigurationError
from simulators.phone.crowd.arrivals import Shape, arrivals, span_s

MOST_PHONES = 60_000
MOST_WORKERS = 64
LONGEST_S = 3600.0
GRACE_S = 60.0
"""Time after the last scheduled start in which answers are waited for, unless told otherwise."""
GO_AFTER_S, STRIKE_S = 0.3, 3.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One burst.

    Args:
        mbg: where phones register; in 127.0.0.0/8 or `network`.
        homes: second octet of the homes' addresses, 127.<homes>.x.y, where no other are given.
        accounts: path of the accounts, one JSON object a line; in a file, from its folder on.
        phones: 1 to 60,000.
        rate_per_s: starts per second; without meaning when all start at once.
        shape: how they arrive; see `Shape`.
        workers: engines, one core each.
        seed: decides who arrives when; Call-IDs, tags and cnonces are anew in each run.
        limit_s: after this many seconds the burst ends, whatever is still open.
        phones_per_home: how many share an address and its socket.
        time_lines: folder for what happened to each phone; "" keeps none.
        scenario: what the items do; `phones` counts them, whatever they are.
        moments: of the shape `recorded`, in seconds after the first.
        places: what else of the target is spoken with, by name; see `loadtests.machines.networks`.
        by_locust: Locust's users decide who comes when, one item each; rate and shape say nothing.
        network: of a laboratory, to which load may go beside 127.0.0.0/8; "" for none.

    Raises:
        ConfigurationError: a value is out of range; the message says which and why.
    """

    mbg: Address
    homes: int
    accounts: str
    phones: int
    rate_per_s: float
    shape: Shape = Shape.STEADY
    workers: int = 1
    seed: int = 1
    limit_s: float = 0.0
    phones_per_home: int = 1
    time_lines: str = ""
    scenario: Scenario = Scenario.REGISTER
    places: dict[str, str] = field(default_factory=dict)
    moments: tuple[float, ...] = ()
    by_locust: bool = False
    network: str = ""

    def __post_init__(self) -> None:
        check_size(self.phones, self.rate_per_s, self.shape, self.workers)
        check_address(self.mbg, self.network)
        check_places(self.places, self.network)
        if self.network and self.scenario in ON_ONE_MACHINE:
            raise ConfigurationError(
                f"the scenario {self.scenario} needs a simulated target on the same machine, got "
                f"the network {self.network}: leave out --network, or choose another scenario"
            )
        if not 0 <= self.homes <= 255:
            _refuse("an octet from 0 to 255 for the homes", self.homes)
        if self.phones_per_home < 1:
            _refuse("at least 1 phone per home", self.phones_per_home)
        if not 0 < self.limit_s <= LONGEST_S + GRACE_S:
            _refuse(f"a limit of more than 0 and up to {LONGEST_S + GRACE_S:g} s", self.limit_s)

    @property
    def kind(self) -> Kind:
        """The words for its scenario."""
        return KINDS[self.scenario]

    @property
    def go_after_s(self) -> float:
        """From "all engines are ready" to the first moment.

        Each must hear of it in time, and the target must have been struck, where that is how the
        storm begins.
        """
        return STRIKE_S if self.scenario in STRUCK else GO_AFTER_S

    @property
    def scheduled_s(self) -> float:
        """How long the arrivals take."""
        return max(span_s(self.shape, self.phones, self.rate_per_s), self.arrivals()[-1])

    def arrivals(self) -> list[float]:
        """When each phone starts, in seconds after the burst began; the same in each process."""
        chance = Seed(self.seed).stream("arrivals").randbytes
        return arrivals(self.shape, self.phones, self.rate_per_s, chance, self.moments)

    @property
    def manner(self) -> str:
        """How phones come, in words that follow `phones`."""
        if self.by_locust:
            return "as Locust's -u, -r and -t have it"
        if self.shape is Shape.AT_ONCE:
            return "at once"
        if self.shape is Shape.RECORDED:
            return f"as recorded, on average {self.rate_per_s:.4g} per second"
        if self.shape is Shape.STEADY:
            return f"at {self.rate_per_s:g} per second"
        return f"in the shape {self.shape.value} at {self.rate_per_s:g} per second"

    @property
    def allowed(self) -> tuple[str, ...]:
        """Networks to which its load may go."""
        return (str(LOOPBACK), self.network) if self.network else (str(LOOPBACK),)

    def home(self, number: int) -> str:
        """Address of a home."""
        return AddressPlan(homes=self.homes).home(number)

    def to_json(self) -> bytes:
        """The plan as its file holds it."""
        return _PLAN.dump_json(self, indent=1)


@dataclass(frozen=True, slots=True)
class PhoneAccount:
    """What one item needs: a phone to register, a consumer to ask for a token.

    Args:
        username, password: set-side name and password; consumer id and shared secret; hot desk
            extension and passcode.
        mac, model: of a whole phone; "" for items that are none.
    """

    username: str
    password: str = field(repr=False)
    extension: str
    home_index: int
    mac: str = ""
    model: str = ""


_PLAN = TypeAdapter(Plan)
_ACCOUNT = TypeAdapter(PhoneAccount)


def read_plan(path: Path) -> Plan:
    """Read a plan; its files are found from its own folder on.

    Raises:
        ConfigurationError: no such file, or it is no plan.
    """
    try:
        plan = _PLAN.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigurationError(f"can't use {path} as the plan of a burst: {reason}") from error
    folder = path.resolve().parent
    places = {
        name: str(folder / where) if name in FILES else where for name, where in plan.places.items()
    }
    return replace(plan, accounts=str(folder / plan.accounts), places=places)


def read_accounts(path: Path, phones: int) -> list[PhoneAccount]:
    """Read the first `phones` accounts. Messages never repeat a line: it holds a password.

    Raises:
        ConfigurationError: the file is missing, too short, or a line of it is no account.
    """
    accounts: list[PhoneAccount] = []
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if len(accounts) == phones:
                    break
                accounts.append(_account(line, f"{path}, line {number}"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"can't read the accounts in {path}: {error}") from error
    if len(accounts) < phones:
        raise ConfigurationError(
            f"{path} holds {len(accounts)} accounts, {phones} phones need one each: "
            "ask for fewer phones, or give a longer file"
        )
    return accounts


def check_size(phones: int, rate_per_s: float, shape: Shape, workers: int) -> None:
    """Refuse what no burst can be.

    Raises:
        ConfigurationError: the message says what is expected.
    """
    if not 1 <= phones <= MOST_PHONES:
        _refuse(f"1 to {MOST_PHONES} phones", phones)
    if not 1 <= workers <= MOST_WORKERS:
        _refuse(f"1 to {MOST_WORKERS} workers", workers)
    if workers > phones:
        _refuse(f"no more workers than the {phones} phones", workers)
    if not 0 < rate_per_s < float("inf"):
        _refuse("a rate of more than 0 phones per second", rate_per_s)
    takes = span_s(shape, phones, rate_per_s)
    if takes > LONGEST_S:
        raise ConfigurationError(
            f"{phones} phones at {rate_per_s:g} per second take {takes:.0f} s, the longest burst "
            f"is {LONGEST_S:g} s: choose a higher rate or fewer phones"
        )


def _account(line: str, where: str) -> PhoneAccount:
    try:
        account = _ACCOUNT.validate_python(json.loads(line))
    except ValueError:
        raise ConfigurationError(
            f"{where}: expected an object with username, password, extension, home_index"
        ) from None  # the cause repeats the line, and with it the password
    if not 0 <= account.home_index < 62_500:
        _refuse(f"{where}: a home_index from 0 to 62499", account.home_index)
    return account


def _refuse(expected: str, got: object) -> None:
    raise ConfigurationError(f"expected {expected}, got {got}: choose another value")
