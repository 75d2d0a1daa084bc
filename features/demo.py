"""The demo: the six stages played with invented teleworkers, in front of whoever watches.

Stage by stage as in the manual, each recorded as a scenario, so that the report shows steps and
ladders. The MCS runs as a process of its own; MBG, PBX, CT Gateway and phones are simulated here.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from features.actors.installer import Installer
from features.actors.speakers import at_mbg, at_mcs
from features.actors.teleworker import Teleworker
from features.recording import RunFolder, ScenarioRecord, stamp
from simulators.estate.config import EstateConfig
from simulators.estate.estate import Estate
from simulators.estate.mcs_process import start_process
from simulators.phone.people import Person, invent

FIRMWARE = "5.1.0.6044"
PARALLEL_PHONES = 25
"""Phones that are set up at the same time, as many hands as a deployment could have."""

REGISTRATION_LIMIT_S = 60.0


class Progress(Protocol):
    """Who shows what goes on."""

    def began(self, page: str) -> None:
        """An estate that will stay up has started; `page` leads to its live map."""

    def stage(self, number: int, title: str, total: int) -> None:
        """A stage of `total` pieces of work begins."""

    def did(self, what: str) -> None:
        """One piece of work is done."""


@dataclass(slots=True)
class Outcome:
    """What came of a demo. `phones`: a row of facts per teleworker, by extension."""

    phones: list[dict[str, str]] = field(default_factory=list)
    registered: int = 0
    folder: Path = Path()
    error: str = ""


class Demo:
    """One run of the demo.

    Args:
        config: the estate; its seed invents the people.
        phones: how many teleworkers.
        progress: shown to.
        command: what repeats this run, for the report.
        linger: called with the finished estate before it is taken down.
    """

    def __init__(
        self,
        config: EstateConfig,
        phones: int,
        progress: Progress,
        command: str,
        linger: Callable[[Estate], Awaitable[None]] | None = None,
    ) -> None:
        self._linger = linger
        self._config = config
        self._count = phones
        self._progress = progress
        self._command = command
        self._folder = RunFolder.new("demo")
        self._installer: Installer
        self._estate: Estate
        self._people: list[Person] = []
        self._teleworkers: list[Teleworker] = []
        self._outcome = Outcome(folder=self._folder.path)
        self._scenarios: list[ScenarioRecord] = []

    async def play(self) -> Outcome:
        """Play all stages; what goes wrong is in the outcome and in the report.

        Raises:
            ConfigurationError: the estate can't be started here.
        """
        started = stamp()
        async with Estate(self._config, start_process) as estate:
            self._estate = estate
            if self._linger is not None:  # it stays, so its page is worth opening now
                self._progress.began(f"{estate.control.url}/")
            self._people = invent(estate.seed, self._count)
            for person in self._people:
                estate.node.add_extension(person.extension, person.name)
            async with at_mcs(estate) as mcs:
                await mcs.log_in()
                self._installer = Installer(estate, mcs, at_mbg(estate))
                try:
                    await self._stages()
                except Exception as error:  # noqa: BLE001 -- any failure belongs into the report
                    self._outcome.error = f"{type(error).__name__}: {error}"
            registered = set(estate.node.registered_extensions())
            self._outcome.registered = sum(
                t.person.extension in registered and t.phone.registered for t in self._teleworkers
            )
            self._outcome.phones = self._rows()
            if self._linger is not None and not self._outcome.error:
                await self._linger(estate)
            self._write(started)
        return self._outcome

    async def _stages(self) -> None:
        installer = self._installer
        await self._stage(
            1,
            "MCS learns the MBG's addresses",
            ["ADR-1", "ADR-4", "ADR-6"],
            [
                ("the MBG's internal address is entered", installer.enters_mbg_address),
                ("the PBX is connected by its CT Gateway", installer.connects_pbx),
                ("NAT IP Address and NAT SIP Port are entered", installer.enters_nat_address),
                ("the remote address is entered", installer.enters_remote_address),
            ],
        )
        await self._stage(
            2,
            "Port forwarding on the MBG",
            ["FWD-1"],
            [("TCP 8202 is forwarded to the MCS with SNAT", installer.forwards_phone_port)],
        )
        await self._stage(
            3,
            "The PBX as an ICP on the MBG",
            ["ICP-1"],
            [("the node is added as an ICP", installer.adds_icp)],
        )
        await self._stage(
            4,
            "The API between MCS and MBG",
            ["TOK-1", "TOK-2", "TOK-3", "TOK-4", "TOK-5"],
            [
                ("web services are started, a consumer is added", installer.adds_consumer),
                ("Enable Rest API is checked", installer.enables_rest_api),
                ("Save & Test API Credentials is pressed", installer.requests_token),
                ("the temporary token is approved", installer.approves_token),
                ("Retrieve Final Access Token is pressed", installer.retrieves_token),
            ],
        )
        await self._stage(
            5,
            "Extensions: Use remote authorization credentials",
            ["EXT-1", "PRV-1"],
            [
                (f"{person.extension} {person.name} is provisioned", self._provision(person))
                for person in self._people
            ],
        )
        await self._stage(
            6,
            "The phones",
            ["PHN-2", "PHN-3", "PHN-7"],
            self._phone_steps(),
            total=len({person.model for person in self._people}) + len(self._people),
        )

    def _phone_steps(self) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
        """Firmware first; then the phones, a handful of people at a time."""
        models = sorted({person.model for person in self._people})
        steps: list[tuple[str, Callable[[], Awaitable[None]]]] = [
            (f"firmware {FIRMWARE} of the {model} is uploaded", self._firmware(model))
            for model in models
        ]
        size = PARALLEL_PHONES
        for start in range(0, len(self._people), size):
            group = self._people[start : start + size]
            steps.append(
                (f"phones {start + 1} to {start + len(group)} register", self._deploy(group))
            )
        return steps

    async def _stage(
        self,
        number: int,
        title: str,
        tags: list[str],
        steps: list[tuple[str, Callable[[], Awaitable[None]]]],
        total: int = 0,
    ) -> None:
        """Play one stage; with `total` its steps tell the progress themselves."""
        self._progress.stage(number, title, total or len(steps))
        record = ScenarioRecord(f"demo/stage-{number}", f"Stage {number}", title, tags)
        self._scenarios.append(record)
        record.first_seq = self._estate.journal.mark() + 1
        begun = self._estate.clock.steady()
        try:
            for text, act in steps:
                with record.step("When", text):
                    await act()
                if not total:
                    self._progress.did(text)
        finally:
            record.last_seq = self._estate.journal.mark()
            record.duration_s = round(self._estate.clock.steady() - begun, 3)

    def _provision(self, person: Person) -> Callable[[], Awaitable[None]]:
        async def act() -> None:
            await self._installer.checks_remote_credentials(person.extension)
            await self._installer.sees_provisioning(person.extension, "provisioned")

        return act

    def _firmware(self, model: str) -> Callable[[], Awaitable[None]]:
        async def act() -> None:
            await self._installer.uploads_firmware(model, FIRMWARE)
            self._progress.did(f"firmware of the {model}")

        return act

    def _deploy(self, group: list[Person]) -> Callable[[], Awaitable[None]]:
        async def act() -> None:
            results = await asyncio.gather(
                *(self._deploy_one(person) for person in group), return_exceptions=True
            )
            failures = [r for r in results if isinstance(r, BaseException)]
            if failures:
                raise failures[0]

        return act

    async def _deploy_one(self, person: Person) -> None:
        await self._installer.assigns(person)
        teleworker = Teleworker(self._estate, person, self._estate.handset(person))
        self._teleworkers.append(teleworker)
        await teleworker.plugs_in()
        await teleworker.points_phone_at_mcs()
        await teleworker.waits_for_registration(REGISTRATION_LIMIT_S)
        self._progress.did(f"{person.extension} {person.name}")

    def _write(self, started: str) -> None:
        journal = self._estate.journal
        path = "journals/run.jsonl"
        journal.write(self._folder.path / path)
        for record in self._scenarios:
            record.journal = path
            self._folder.add(record, None, journal)
        done = self._outcome
        self._folder.write_run(
            kind="demo",
            title=f"Demo: {self._count} teleworkers",
            seed=self._estate.seed.number,
            started=started,
            outcome="pass" if not done.error and done.registered == self._count else "fail",
            command=self._command,
            roles=self._estate.roles(),
            facts={
                "teleworkers": self._count,
                "registered at the PBX": done.registered,
                **self._licences(),
                "messages in the journal": journal.mark(),
            },
            phones=done.phones,
        )

    def _licences(self) -> dict[str, object]:
        """How many are in use; an external MBG is not asked."""
        mbgs = self._estate.mbgs
        return {"teleworker licences in use": mbgs[0].licences.in_use} if mbgs else {}

    def _rows(self) -> list[dict[str, str]]:
        """What each phone is, now."""
        return [
            {
                "extension": t.person.extension,
                "name": t.person.name,
                "model": t.person.model,
                "mac": t.person.mac,
                "home": t.phone.home_address,
                "firmware": t.phone.firmware_version,
                "state": t.phone.state.value,
            }
            for t in sorted(self._teleworkers, key=lambda t: t.person.extension)
        ]
