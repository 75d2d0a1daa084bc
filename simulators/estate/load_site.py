"""The target of a burst that needs more than the border: an MBG, a PBX, and perhaps our MCS.

    python -m simulators.estate.load_site --scenario boot --phones 100 --seed 1

No journal. Says one JSON line when ready; answers `report` on standard input with what it counts
and who is registered, and `strike` when it has done what the scenario's storm is about; ends with
standard input.
"""

import asyncio
import json
import resource
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer

from simulators.entropy import Seed
from simulators.errors import BenchError, ConfigurationError
from simulators.estate.border_site import addresses, populate
from simulators.estate.config import EstateConfig, MbgTable, RunTable
from simulators.estate.estate import Estate
from simulators.estate.feed import Feed
from simulators.estate.installation import Installation
from simulators.estate.making import DELIVERED_FIRMWARE
from simulators.estate.mcs_process import start_process
from simulators.estate.registered import who
from simulators.mbg.services.tokens import Final
from simulators.phone.people import Person, invent
from simulators.running import run

FIRST_EXTENSION = 100_000
FIRST_HOT_DESK = 500_000
PASSCODE = "4711"
MODEL = "6930"
FIRMWARE, NEWER_FIRMWARE = DELIVERED_FIRMWARE, "5.1.0.6044"
PHONES = ("boot", "hotdesk", "storm-power", "storm-firmware")
"""Whole phones, which need an MCS."""
REGISTERING = ("register", "refresh", "storm-failover")
CONSUMERS = ("tokens", "storm-tokens")
SCENARIOS = (*REGISTERING, *PHONES, *CONSUMERS, "provision")
MOST = 60_000


class Site:
    """A target that is being made ready.

    Args:
        folder: of the files that the load engines read; only we can.
    """

    def __init__(self, estate: Estate, scenario: str, items: int, folder: Path) -> None:
        self.estate, self.scenario, self.items, self.folder = estate, scenario, items, folder
        self.places: dict[str, str] = {}
        self.accounts: list[dict[str, object]] = []
        self.numbers: dict[str, int] = {}
        """Extension -> number of its item; of phones."""
        self.struck: Callable[[], Awaitable[None]] | None = None

    async def make(self, stack: AsyncExitStack) -> None:
        """What the scenario needs; what is to be closed goes on the stack."""
        if self.scenario in REGISTERING:
            self.numbers = populate(self.estate, self.items, self.estate.seed, self.file)
            if self.scenario == "storm-failover":
                self.struck = self.estate.mbg.restart
            return
        if self.scenario in CONSUMERS:
            self._consumers()
        else:
            await self._with_mcs(stack)
        self.file.touch(mode=0o600)
        self.file.write_text("".join(json.dumps(account) + "\n" for account in self.accounts))

    @property
    def file(self) -> Path:
        """The items, one JSON object a line."""
        return self.folder / "accounts.jsonl"

    def _consumers(self) -> None:
        """Consumers of the MBG, none with a token."""
        mbg = self.estate.mbg
        mbg.start_web_services()
        for index in range(self.items):
            made = mbg.add_consumer(f"Consumer {index}", f"consumer-{index}")
            self._account(index, made.consumer_id, made.shared_secret, "")
        host, port = mbg.rest_address
        self.places |= {
            "mbg": f"https://{host}:{port}/mslrest",
            "control": self.estate.controls[0].url,
            "ca": str(self.estate.authority.write_ca(self.folder)),
        }
        if self.scenario == "storm-tokens":
            self.struck = self._expire

    async def _expire(self) -> None:
        """Midnight: every final token's time is over."""
        services, now = self.estate.mbg.web_services, self.estate.mbg.clock.now()
        for token in services.final.values():
            token.expires_at = now
            token.age(now)

    async def _with_mcs(self, stack: AsyncExitStack) -> None:
        estate, mcs = self.estate, self.estate.mcs
        assert mcs is not None
        people = invent(estate.seed, self.items, FIRST_EXTENSION, (MODEL,))
        for person in people:
            estate.node.add_extension(person.extension, person.name)
        if self.scenario == "hotdesk":
            for index in range(self.items):
                number = str(FIRST_HOT_DESK + index)
                estate.node.add_extension(number, "Hot Desk", hot_desk=True, passcode=PASSCODE)
        admin = await stack.enter_async_context(Installation(estate))
        await admin.connects()
        port = mcs.phones_address[1]
        self.places |= {
            "files": f"{estate.mbg.outside}:{port}",
            "firmware": FIRMWARE,
            "api": f"{mcs.api_url}/api/v1",
            "ca": str(estate.authority.write_ca(self.folder)),
        }
        if self.scenario in PHONES:
            await self._phones(admin, people)
            return
        feed = await stack.enter_async_context(Feed(estate.mbg, estate.claim.plan.mbg_inside))
        self.places["feed"] = feed.url
        for index, person in enumerate(people):
            self._account(index, mcs.admin_name, mcs.admin_password, person.extension)

    async def _phones(self, admin: Installation, people: list[Person]) -> None:
        await admin.uploads_firmware((MODEL,), FIRMWARE)
        await admin.provisions_all()
        await admin.assigns(people)
        hot = self.scenario == "hotdesk"
        for index, person in enumerate(people):
            self.numbers[person.extension] = index
            number = str(FIRST_HOT_DESK + index) if hot else ""
            self._account(
                index, number, PASSCODE if hot else "", person.extension, person.mac, person.model
            )
        assert self.estate.mcs is not None
        names = {
            "username": self.estate.mcs.admin_name,
            "password": self.estate.mcs.admin_password,
        }
        administrator = self.folder / "administrator.json"
        administrator.touch(mode=0o600)
        administrator.write_text(json.dumps(names))
        self.places["administrator"] = str(administrator)
        if self.scenario == "storm-firmware":
            self.places["newer firmware"] = NEWER_FIRMWARE
            self.struck = lambda: admin.uploads_firmware((MODEL,), NEWER_FIRMWARE)

    def _account(
        self, index: int, username: str, password: str, extension: str, mac: str = "",
        model: str = "",
    ) -> None:  # fmt: skip
        self.accounts.append(
            {"username": username, "password": password, "extension": extension,
             "home_index": index, "mac": mac, "model": model}
        )  # fmt: skip

    def report(self) -> dict[str, object]:
        """What it counts at the end, and what that cost this process."""
        estate, usage = self.estate, resource.getrusage(resource.RUSAGE_SELF)
        services = estate.mbg.web_services
        # a consumer is in where its token has been used
        valid = {t.consumer_id for t in services.final.values()
                 if t.state is Final.VALID and t.last_used_at is not None}  # fmt: skip
        done = len(valid) if self.scenario in CONSUMERS else len(estate.mbg.store.devices)
        return {
            "registered_at_pbx": len(estate.node.registered_extensions()),
            "registered_at_mbg": len(estate.mbg.border.bindings),
            "licences_in_use": estate.mbg.licences.in_use,
            "cpu_s": round(usage.ru_utime + usage.ru_stime, 3),
            "done": done,
            "who": who(estate, self.numbers) if self.numbers else None,
        }


async def serve(scenario: str, items: int, seed: int, outside: str) -> None:
    """Run until standard input ends."""
    config = EstateConfig(
        run=RunTable(seed=seed, journal=False),
        addresses=addresses(outside),
        mbg=MbgTable(licences=items),
    )
    launch = start_process if scenario in (*PHONES, "provision") else None
    async with AsyncExitStack() as stack:
        estate = await stack.enter_async_context(Estate(config, launch))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="teleworker-burst-"))
        site = Site(estate, scenario, items, Path(folder))
        await site.make(stack)
        mcs = estate.mcs
        _say(
            {
                "ready": True,
                "mbg": list(estate.mbg.sip_outside),
                "pbx": list(estate.node.address),
                "homes": estate.claim.plan.homes,
                "accounts": str(site.file),
                "places": site.places,
                "mcs": None if mcs is None else mcs.api_url,
            }
        )
        await _obey(site)


async def _obey(site: Site) -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        if line.strip() == b"report":
            _say(site.report())
        elif line.strip() == b"strike":
            assert site.struck is not None, "this scenario has no storm"
            began = loop.time()
            await site.struck()
            _say({"struck_s": round(loop.time() - began, 3)})


def _say(document: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


def main(
    scenario: Annotated[str, typer.Option(help=f"One of {', '.join(SCENARIOS)}.")],
    phones: Annotated[int, typer.Option(help="Items to set up.")] = 100,
    seed: Annotated[str, typer.Option(help="The same seed makes the same people.")] = "1",
    outside: Annotated[str, typer.Option(help="External address of the MBG, if no 127.x.")] = "",
) -> None:
    """The target of a burst."""
    try:
        if scenario not in SCENARIOS or not 1 <= phones <= MOST:
            raise ConfigurationError(
                f"expected one of {', '.join(SCENARIOS)} and 1 to {MOST} items, got {scenario!r} "
                f"and {phones}"
            )
        run(serve(scenario, phones, Seed.parse(seed).number, outside))
    except BenchError as error:
        sys.stderr.write(f"load_site: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    typer.run(main)
