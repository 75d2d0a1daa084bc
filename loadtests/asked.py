"""A burst as a person asked for it: refused where it can't be, and made into a plan."""

import resource
from dataclasses import dataclass, replace
from pathlib import Path

from loadtests.machines.networks import check_address, check_own_place, laboratory
from loadtests.machines.sources import PHONE_PORT, check_sources, parse_sources
from loadtests.plan import GRACE_S, LONGEST_S, Plan, check_size
from loadtests.scenarios.kinds import KINDS, STRUCK, Scenario
from loadtests.schedule import phones_per_home
from loadtests.target import Ready
from loadtests.verdict.levels import Level
from simulators.core import Address
from simulators.errors import ConfigurationError
from simulators.phone.crowd.arrivals import Shape, arrivals, read_moments


@dataclass(frozen=True, slots=True)
class Asked:
    """A burst as a person asked for it.

    Args:
        limit_s: None for the schedule and a minute.
        run_dir: None for a new folder below runs/.
        mbg, accounts, homes: a target that runs already; `mbg` None starts one.
        time_lines: whether to write down what happened to each phone.
        levels: what the burst has to hold.
        scenario: what the items do.
        moments: file with the moments of the shape `recorded`.
        by_locust: Locust's -u, -r and -t rule, no shape of ours.
        site: file that describes a target that runs already, for scenarios with more than a border.
        network: of a laboratory, to which load may go beside 127.0.0.0/8.
        source: addresses of this machine for the homes; "" for 127.homes.x.y.
        outside: external address of the MBG that is started here; "" for one of 127.x.
        machines: where Locust's master waits for workers elsewhere; None: they are forked here.
        plan: folder for the plan that these have a copy of.
    """

    phones: int
    rate_per_s: float
    shape: Shape
    workers: int
    seed: int
    phones_per_home: int
    limit_s: float | None
    run_dir: Path | None
    mbg: Address | None
    accounts: Path | None
    homes: int
    time_lines: bool = False
    levels: tuple[Level, ...] = ()
    scenario: Scenario = Scenario.REGISTER
    site: Path | None = None
    moments: Path | None = None
    by_locust: bool = False
    network: str = ""
    source: str = ""
    outside: str = ""
    machines: Address | None = None
    plan: Path | None = None


def check(asked: Asked) -> None:
    """Refuse what no burst can be, and what its scenario can't do.

    Raises:
        ConfigurationError: the message says what to do instead.
    """
    check_size(asked.phones, asked.rate_per_s, asked.shape, asked.workers)
    if asked.network:
        laboratory(asked.network)
    if asked.mbg is not None:
        check_address(asked.mbg, asked.network)
    check_outside(asked)
    check_machines(asked)
    check_scenario(asked)


def check_outside(asked: Asked) -> None:
    """Refuse an address that the target which is started here can't have.

    Raises:
        ConfigurationError: the message says what to do instead.
    """
    started_here = asked.mbg is None and asked.site is None
    if asked.outside:
        if not started_here:
            raise ConfigurationError(
                "--outside is the address of the target that is started here: leave it out, or "
                "--mbg and --site"
            )
        check_address((asked.outside, PHONE_PORT), asked.network)
    elif asked.network and started_here:
        raise ConfigurationError(
            "the target that is started here is in 127.0.0.0/8: give it an address of this machine "
            "in the network with --outside, or name another with --mbg or --site"
        )


def check_homes(asked: Asked, target: str) -> None:
    """Refuse homes, on this machine, from which the target can't be reached.

    Args:
        target: IPv4 address of its MBG.

    Raises:
        ConfigurationError: the message says what to give instead.
    """
    if asked.machines is None:
        sources = parse_sources(asked.source) if asked.source else None
        check_sources(asked.scenario, target, sources)


def check_machines(asked: Asked) -> None:
    """Refuse what workers on other machines can't do.

    Raises:
        ConfigurationError: the message says what to do instead.
    """
    if (asked.machines is None) != (asked.plan is None):
        raise ConfigurationError(
            "--machines goes with --plan DIR, which the workers have a copy of: give both, or "
            "neither"
        )
    if asked.machines is None:
        return
    check_own_place(asked.machines)
    if asked.time_lines or asked.source:
        raise ConfigurationError(
            "with --machines, phones are on these: leave out --time-lines, and give --source to "
            "each worker"
        )


def check_scenario(asked: Asked) -> None:
    """Refuse what a scenario can't do.

    Raises:
        ConfigurationError: the message says what to do instead.
    """
    kind, registers = KINDS[asked.scenario], asked.scenario in (
        Scenario.REGISTER, Scenario.REFRESH
    )  # fmt: skip
    if asked.site is None and asked.mbg is None and asked.phones > kind.most:
        raise ConfigurationError(
            f"the scenario {asked.scenario} has at most {kind.most} {kind.noun} at the target that "
            f"it starts, got {asked.phones}: ask for fewer"
        )
    if asked.mbg is not None and not registers:
        raise ConfigurationError(
            f"--mbg goes with the scenarios register and refresh: give --site FILE for "
            f"{asked.scenario}"
        )
    if asked.site is not None and asked.mbg is not None:
        raise ConfigurationError("--site and --mbg exclude each other: give one of them")
    if asked.site is not None and asked.scenario in STRUCK:
        raise ConfigurationError(
            f"in the scenario {asked.scenario} something happens to the target, which only one "
            "that is started here can be told: leave out --site"
        )
    if asked.time_lines and not kind.keeps_time_lines:
        those = ", ".join(name for name, each in KINDS.items() if each.keeps_time_lines)
        raise ConfigurationError(
            f"--time-lines are kept of phones that only register ({those}), not in "
            f"{asked.scenario}: leave them out"
        )


def recorded(asked: Asked) -> tuple[Asked, tuple[float, ...]]:
    """The moments of a record, and what was asked for with their mean rate.

    Raises:
        ConfigurationError: the shape goes without a record, or the record won't do.
    """
    if (asked.shape is Shape.RECORDED) != (asked.moments is not None):
        raise ConfigurationError("--shape recorded goes with --moments FILE: give both, or neither")
    if asked.moments is None:
        return asked, ()
    try:
        text = asked.moments.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"can't read the moments in {asked.moments}: {error}") from error
    found = read_moments(text.splitlines(), str(asked.moments))
    times = arrivals(Shape.RECORDED, asked.phones, 1.0, bytes, found)
    mean = asked.phones / max(times[-1], 1.0) if times else 1.0
    return replace(asked, rate_per_s=mean), tuple(times)


def plan_of(asked: Asked, ready: Ready, folder: Path, moments: tuple[float, ...]) -> Plan:
    """The plan at the target that is ready; `folder` gets the time lines."""
    _, open_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    plan = Plan(
        mbg=ready.mbg,
        homes=ready.homes,
        accounts=ready.accounts,
        phones=asked.phones,
        rate_per_s=asked.rate_per_s,
        shape=asked.shape,
        workers=asked.workers,
        seed=asked.seed,
        limit_s=GRACE_S if asked.limit_s is None else asked.limit_s,
        phones_per_home=phones_per_home(
            asked.phones, asked.workers, asked.phones_per_home, open_files
        ),
        time_lines=str(folder) if asked.time_lines else "",
        scenario=asked.scenario,
        places=ready.places,
        moments=moments,
        by_locust=asked.by_locust,
        network=asked.network,
    )
    if asked.by_locust:
        return replace(plan, limit_s=LONGEST_S)
    return plan if asked.limit_s is not None else replace(plan, limit_s=plan.scheduled_s + GRACE_S)
