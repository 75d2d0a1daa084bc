"""An MBG and a PBX node with a whole population on them, for registration bursts.

No MCS, no journal: every teleworker stands on both sides as if typed by hand (PRV-4), an extension
on the node, a SIP device on the MBG. The set-side credentials go to a file that only its owner can
read.
"""

import asyncio
import json
import resource
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from simulators.entropy import Seed
from simulators.errors import ConfigurationError
from simulators.estate.config import AddressesTable, EstateConfig, MbgTable, RunTable
from simulators.estate.estate import Estate
from simulators.estate.registered import who

FIRST_EXTENSION = 100_000
MOST_PHONES = 60_000


async def serve(phones: int, seed: int, outside: str = "") -> None:
    """Run until standard input ends; one JSON line when ready, one for each line `report`.

    Args:
        outside: the MBG's external address, where it is not to be one of 127.0.0.0/8.
    """
    config = EstateConfig(
        run=RunTable(seed=seed, journal=False),
        addresses=addresses(outside),
        mbg=MbgTable(licences=phones),
    )
    async with Estate(config, None) as estate:
        with tempfile.TemporaryDirectory(prefix="teleworker-burst-") as folder:
            accounts = Path(folder) / "accounts.jsonl"
            numbers = populate(estate, phones, Seed(seed), accounts)
            _say(
                {
                    "ready": True,
                    "mbg": list(estate.mbg.sip_outside),
                    "pbx": list(estate.node.address),
                    "homes": estate.claim.plan.homes,
                    "accounts": str(accounts),
                }
            )
            await _answer_reports(estate, numbers)


def addresses(outside: str) -> AddressesTable:
    """A block of its own, with that external address of the MBG.

    Raises:
        ConfigurationError: it is none that a simulated MBG may have.
    """
    try:
        return AddressesTable(block="private", outside=outside)
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"--outside: {reason}") from None


def populate(estate: Estate, phones: int, seed: Seed, accounts: Path) -> dict[str, int]:
    """Make `phones` extensions and SIP devices, and write their set-side credentials down.

    Returns:
        extension -> number of its account, from 0.
    """
    numbers: dict[str, int] = {}
    entropy = seed.stream("border accounts").randbytes
    icp = estate.mbg.store.add_icp(estate.node.name, estate.node.address[0])
    accounts.touch(mode=0o600)
    with accounts.open("w", encoding="ascii") as file:
        for index in range(phones):
            number = str(FIRST_EXTENSION + index)
            numbers[number] = index
            extension = estate.node.add_extension(number, f"Teleworker {number}")
            name, password = f"tw{number}", f"{entropy(12).hex()}-Tw7"
            estate.mbg.store.create(
                {
                    "icp_id": icp.id,
                    "set_username": name,
                    "set_password": password,
                    "icp_username": extension.auth_name,
                    "icp_password": extension.auth_password,
                },
                "administrator",
            )
            account = {
                "username": name,
                "password": password,
                "extension": number,
                "home_index": index,
            }
            file.write(json.dumps(account) + "\n")
    return numbers


def report(estate: Estate, numbers: Mapping[str, int]) -> dict[str, object]:
    """How many are registered where and who, and what it cost this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "registered_at_pbx": len(estate.node.registered_extensions()),
        "registered_at_mbg": len(estate.mbg.border.bindings),
        "licences_in_use": estate.mbg.licences.in_use,
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 3),
        "who": who(estate, numbers),
    }


async def _answer_reports(estate: Estate, numbers: Mapping[str, int]) -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        if line.strip() == b"report":
            _say(report(estate, numbers))


def _say(document: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()
