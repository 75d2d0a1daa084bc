"""What a burst came to: burst.json, run.json, the verdict, and whether there is a headline. Pure.

The format is that of `reports/README.md`. A headline is refused where the generator itself was the
bottleneck, because then the numbers describe it and not the target.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from loadtests.engine_core.totals import Totals
from loadtests.plan import PhoneAccount, Plan
from loadtests.scenarios.kinds import OF_PHONES, STRICKEN, Scenario
from loadtests.target import Ready, Report
from loadtests.verdict import levels
from loadtests.verdict.by_name import Roll
from loadtests.verdict.cost import Usage, cost
from loadtests.verdict.levels import Level, Verdict, judge
from loadtests.verdict.recovery import (
    STORMS,
    Harm,
    Recovery,
    lasting_harm,
    operations_lost,
    recovery,
)
from simulators.phone.crowd.arrivals import Shape

MOST_LAG_MS = 100.0
MOST_CPU_PERCENT = 90.0
PERCENTILES = {"p50": 50.0, "p90": 90.0, "p95": 95.0, "p99": 99.0, "p99_9": 99.9}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A burst that has ended.

    Args:
        report: what the target counts; None where it could not be asked, then `unasked` says why.
        locust: Locust's own statistics, as a cross-check; empty when it did not get that far.
        used: what the target's process had used before and after; None where it is not ours.
        levels: what it has to hold; without one, all phones have to be registered.
        accounts: of the items, by number, so that they can be named.
    """

    plan: Plan
    ready: Ready
    totals: Totals
    engine: str
    report: Report | None
    unasked: str
    started_here: bool
    locust: dict[str, int | str]
    used: tuple[Usage, Usage] | None = None
    levels: tuple[Level, ...] = ()
    accounts: Sequence[PhoneAccount] = field(default=(), repr=False)

    @property
    def registered(self) -> int:
        """Registered phones, by the lowest of the counts at phone, MBG and PBX, and by name: a
        phone that one of them lacks is not registered, whoever else is held there.
        """
        counts = [self.totals.registered - self.totals.lost]
        if not self.totals.lost_workers:
            counts += [count for count in self.counts.values() if count is not None]
            held, who = self.totals.held, self.report.who if self.report else None
            if who is not None and held.phones:
                there = who.mbg.items & who.pbx.items
                counts.append(len(there & (held.registered | held.under_way)))
        return min(counts)

    @property
    def counts(self) -> dict[str, int | None]:
        """How many ended well by each role of the target; None where it could not be asked."""
        report = self.report
        if self.plan.scenario in OF_PHONES:
            return {
                "MBG": report.registered_at_mbg if report else None,
                "PBX": report.registered_at_pbx if report else None,
            }
        return {"MBG": report.done if report else None}

    @property
    def problems(self) -> list[str]:
        """Why the burst did not pass; empty when it did."""
        plan, totals, report = self.plan, self.totals, self.report
        kind = plan.kind
        problems = [str(worker) for worker in totals.lost_workers.values()]
        if totals.known < plan.phones:
            problems.append(f"never started: {kind.counted(plan.phones - totals.known)}")
        if totals.failed:
            problems.append(f"{kind.counted(totals.failed)} failed to {kind.to_do}")
            problems += [
                f"nothing came back to worker {worker}: is the target there, and has it a route to "
                "the addresses of this worker's homes?"
                for worker in totals.unheard
            ]
        if totals.lost:
            problems.append(f"{totals.lost} registered phones lost their registration")
        if self.started_here and report is None:
            problems.append(self.unasked)
        if report is not None and not totals.lost_workers:
            # a lost worker has not told what its phones did last, so nothing can be compared
            problems += [
                f"the {role} counts {count}, the {kind.noun} {totals.registered}"
                for role, count in self.counts.items()
                if count != totals.registered
            ]
        problems += [str(harm) for harm in self.harm if harm.who]
        if len(totals.finished) + len(totals.lost_workers) < plan.workers:
            problems.append("an engine did not finish")
        return problems

    @property
    def recovery(self) -> Recovery | None:
        """The verdict on a storm; None where the burst was none."""
        plan, kind = self.plan, self.plan.kind
        of_phones = plan.scenario in OF_PHONES
        if plan.scenario not in STRICKEN and not (of_phones and plan.shape in STORMS):
            return None
        begun = operations_lost(self.totals, f"{kind.request}s begun that came to no end")
        return recovery(
            plan.phones,
            self.totals,
            self.harm if of_phones else (begun,),
            noun=kind.noun,
            time_lines=plan.time_lines if kind.keeps_time_lines else None,
        )

    @property
    def harm(self) -> tuple[Harm, ...]:
        """What remained after a burst of phones; of a lost worker's phones nothing is known."""
        plan = self.plan
        if plan.scenario not in OF_PHONES:
            return ()
        at_hot_desks = plan.scenario is Scenario.HOTDESK
        guests = enumerate(self.accounts) if at_hot_desks else ()
        roll = Roll(
            [account.extension for account in self.accounts],
            {account.username: number for number, account in guests},
        )
        return lasting_harm(self.totals, self.report.who if self.report else None, roll)

    @property
    def verdicts(self) -> list[Verdict]:
        """What became of each level; none is judged where the numbers say nothing of the target."""
        refused = headline_refused(self)
        if self.started_here and self.report is None:
            refused = refused or f"The target did not live to the end: {self.unasked}"
        return judge(self.levels, self.totals, self.registered, refused)

    @property
    def passed(self) -> bool:
        """Whether it held its levels; without any, whether all are registered by every count."""
        if self.levels:
            return levels.held(self.verdicts)
        return not self.problems and self.registered == self.plan.phones


def headline_refused(outcome: Outcome) -> str | None:
    """Why these numbers say nothing about the target; None when they do."""
    totals, noun = outcome.totals, outcome.plan.kind.noun
    lag, cpu = totals.lag.percentile_ms(99), totals.cpu_percent
    reasons = []
    if lag is None:
        reasons.append(f"no {noun} were started")
    elif lag > MOST_LAG_MS:
        reasons.append(
            f"{noun} were started late (p99 {lag:.0f} ms after their moment, limit "
            f"{MOST_LAG_MS:.0f} ms)"
        )
    if cpu is None:
        reasons.append("the engine's own load is not known")
    elif cpu > MOST_CPU_PERCENT:
        reasons.append(f"an engine used {cpu:.0f} % of a core (limit {MOST_CPU_PERCENT:.0f} %)")
    if totals.send_errors:
        reasons.append(f"{totals.send_errors} datagrams could not be sent")
    if totals.drops:
        reasons.append(f"{totals.drops} answers found no room in the phones' sockets")
    reasons += [f"worker {number} was lost" for number in totals.lost_workers]
    if totals.known < outcome.plan.phones or (
        len(totals.finished) + len(totals.lost_workers) < outcome.plan.workers
    ):
        reasons.append("the generator did not carry out its schedule")
    what = "was not whole" if totals.lost_workers else "was the bottleneck"
    return f"The generator {what}: {'; '.join(reasons)}" if reasons else None


def headline(outcome: Outcome) -> str:
    """The burst in one sentence."""
    plan, totals = outcome.plan, outcome.totals
    p99 = totals.latency.percentile_ms(99)
    took = "" if p99 is None else f", 99 % within {p99:.1f} ms of their scheduled start"
    what = f"{outcome.registered} of {plan.phones} {plan.kind.noun} {plan.kind.done}"
    return f"{what}, arriving {plan.manner}{took}"


def burst_document(outcome: Outcome) -> dict[str, object]:
    """burst.json."""
    plan, totals = outcome.plan, outcome.totals
    refused = headline_refused(outcome)
    latency = {name: totals.latency.percentile_ms(p) for name, p in PERCENTILES.items()}
    costs, storm = cost(totals, outcome.used), outcome.recovery
    return {
        "noun": plan.kind.noun,
        "request": plan.kind.request,
        "done": plan.kind.word,
        "phones": plan.phones,
        # All at once has no rate; the report plots this number, and so many are due in second 0.
        "rate_per_s": plan.phones if plan.shape is Shape.AT_ONCE else plan.rate_per_s,
        "workers": plan.workers,
        "engine": outcome.engine,
        "scheduled_s": plan.scheduled_s,
        "attempted": totals.started,
        "registered": totals.registered,
        "failed": totals.failed,
        "failures": [{"reason": r, "count": n} for r, n in totals.failures.most_common()],
        "latency_ms": {**latency, "max": totals.latency.max_ms},
        "series": _series(totals),
        "generator": {
            "cpu_percent": None if totals.cpu_percent is None else round(totals.cpu_percent, 1),
            "lag_p99_ms": totals.lag.percentile_ms(99),
            "retransmissions": totals.retransmissions,
            "send_errors": totals.send_errors,
            "drops": totals.drops,
        },
        "levels": levels.document(outcome.verdicts),
        "recovery": None if storm is None else storm.document(),
        "cost_per_phone": None if costs is None else costs.per_phone,
        "headline": None if refused else headline(outcome),
        "headline_refused": refused,
    }


def run_document(
    outcome: Outcome, *, command: str, started: datetime, finished: datetime
) -> dict[str, object]:
    """run.json; `started` and `finished` in UTC."""
    plan = outcome.plan
    return {
        "kind": "burst",
        "title": f"{plan.kind.title} of {plan.phones} {plan.kind.noun}",
        "seed": plan.seed,
        "started": utc(started),
        "finished": utc(finished),
        "outcome": "pass" if outcome.passed else "fail",
        "command": command,
        "roles": roles(outcome),
        "facts": _facts(outcome),
    }


def roles(outcome: Outcome) -> list[dict[str, str]]:
    """Who played which role, as run.json has it."""
    plan, ready = outcome.plan, outcome.ready
    kind = "simulated" if outcome.started_here else "external"
    found = [{"role": "MBG", "kind": kind, "where": "{}:{}".format(*ready.mbg)}]
    if ready.pbx is not None:
        found.append({"role": "PBX", "kind": kind, "where": "{}:{}".format(*ready.pbx)})
    if ready.mcs is not None:
        found.append({"role": "MCS", "kind": "ours", "where": ready.mcs})
    homes = f"{-(-plan.phones // plan.phones_per_home)} homes in 127.{plan.homes}.0.0/16"
    if plan.scenario in OF_PHONES:
        found.append({"role": "phones", "kind": "simulated", "where": homes})
    return found


def _facts(outcome: Outcome) -> dict[str, str]:
    plan, totals, report = outcome.plan, outcome.totals, outcome.report
    facts = {
        "Scenario": plan.scenario.value,
        "Arrivals": "all at once" if plan.shape is Shape.AT_ONCE else f"open, {plan.manner}",
        "Latency": f"{plan.kind.latency}, of those that ended well",
        "Journal": "off",
        "Time limit": f"{plan.limit_s:g} s",
    }
    of_phones = plan.scenario in OF_PHONES
    if of_phones:
        facts |= {
            "Phones per home": str(plan.phones_per_home),
            "Refreshed, lost later": f"{totals.refreshed}, {totals.lost}",
            "Send errors, answers dropped here": f"{totals.send_errors}, {totals.drops}",
        }
    if plan.kind.before:
        facts["Before the first moment"] = plan.kind.before
    if report is None:
        facts["Registered at MBG and PBX"] = f"not known: {outcome.unasked}"
    else:
        if of_phones:
            facts["Registered at MBG"] = str(report.registered_at_mbg)
            facts["Registered at PBX"] = str(report.registered_at_pbx)
            facts["Teleworker licences in use"] = str(report.licences_in_use)
        elif report.done is not None:
            facts[f"{plan.kind.noun.capitalize()} {plan.kind.done}, by the MBG"] = str(report.done)
        facts["Target's CPU time, with its start"] = f"{report.cpu_s:.1f} s"
    if outcome.locust:
        facts["Locust " + str(outcome.locust["version"])] = (
            f"{outcome.locust['requests']} {plan.kind.request}s ended, "
            f"{outcome.locust['failures']} failed"
        )
    if outcome.problems and not outcome.passed:
        facts["Why it failed"] = "; ".join(outcome.problems)
    return facts


def _series(totals: Totals) -> list[dict[str, object]]:
    """One row per second from 0 to the last in which something happened, quiet ones included."""
    rows: list[dict[str, object]] = []
    for at in range(max(totals.seconds, default=-1) + 1):
        second = totals.seconds.get(at)
        rows.append(
            {
                "t_s": at,
                "started": second.started if second else 0,
                "registered": second.registered if second else 0,
                "failed": second.failed if second else 0,
                "p50_ms": second.latency.percentile_ms(50) if second else None,
                "p99_ms": second.latency.percentile_ms(99) if second else None,
            }
        )
    return rows


def utc(moment: datetime) -> str:
    """A moment in UTC as run folders have it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
