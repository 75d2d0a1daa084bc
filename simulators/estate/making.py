"""Makes the simulated roles of one run, and the place of our MCS, out of the estate file's tables.

Nothing is started or kept here: an `Estate` does both.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path

from simulators.addresses import AddressPlan, open_port
from simulators.clock import Clock
from simulators.entropy import Seed
from simulators.estate.config import EstateConfig, MbgTable
from simulators.estate.mbg_place import with_ca_of
from simulators.estate.mcs import McsPlace
from simulators.estate.own_mcs import data_folder
from simulators.journal import Journal
from simulators.mbg.mbg import Mbg
from simulators.mbg.settings import MbgSettings
from simulators.network import Network
from simulators.pbx.pbx import Pbx
from simulators.phone.handset import Handset
from simulators.phone.handsets import Handsets
from simulators.phone.identity import Identity
from simulators.phone.models import model
from simulators.phone.people import Person
from simulators.softphone.documents import Places
from simulators.softphone.softphone import Softphone
from simulators.tls import Authority

DELIVERED_FIRMWARE = "5.0.0.1018"
"""SIP firmware that a phone has before the MCS brings it up to date."""


@dataclass(frozen=True, slots=True)
class Maker:
    """What the roles of a run have in common, and what makes each of them from it."""

    config: EstateConfig
    plan: AddressPlan
    seed: Seed
    clock: Clock
    network: Network
    journal: Journal
    authority: Authority

    def pbx(self, password: str) -> Pbx:
        """The PBX, without nodes yet; the password is its CT Gateway's."""
        return Pbx(
            release=self.config.ct_gateway.release,
            password=password,
            clock=self.clock,
            network=self.network,
            journal=self.journal,
            entropy=self.seed.stream("pbx faults").randbytes,
        )

    def mbg(self, number: int, table: MbgTable) -> Mbg:
        """The MBG of this number, counted from 1."""
        outside, inside = self.plan.outside_of_mbg(number), self.plan.inside_of_mbg(number)
        name = "MBG" if number == 1 else f"MBG {number}"
        return Mbg(
            outside,
            inside,
            tls=self.authority.server_context(inside, outside, "mbg.example.test"),
            authority=self.authority,
            clock=self.clock,
            network=self.network,
            journal=self.journal,
            entropy=self.seed.stream(name.lower()).randbytes,
            settings=MbgSettings(
                release=table.release,
                mode=table.mode,
                licences=table.licences,
                rest_port=open_port(443),
                sip_port=table.sip_port,
                sip_tls_port=table.sip_tls_port,
            ),
            role=name,
        )

    def mcs_place(self, folder: Path) -> McsPlace:
        """Where our MCS is to be, with its files in this folder and a password of its own."""
        password = secrets.token_urlsafe(16)
        self.journal.masker.learn(password)
        return McsPlace(
            data_dir=data_folder(folder),
            address=self.plan.mcs,
            certificate=self.authority.write(folder, self.plan.mcs, self.plan.mbg_outside),
            trusted_ca=with_ca_of(self.config.mbg, self.authority.write_ca(folder)),
            admin_password=password,
            clock=self.clock,
            entropy=self.seed.stream("mcs").randbytes,
        )

    def handsets(self) -> Handsets:
        """Room for phones; there are none yet."""
        faults = int.from_bytes(self.seed.stream("phone faults").randbytes(8), "big")
        return Handsets(self.clock, self.journal, faults)

    def handset(
        self,
        person: Person,
        *,
        local: bool,
        firmware_version: str,
        firmware_kind: str,
        dhcp_server: str | None,
    ) -> Handset:
        """A phone for this person, at home or (local) on the office's LAN."""
        place = self.plan.local_phone if local else self.plan.home
        return Handset(
            Identity(person.mac),
            model(person.model),
            place(person.home_index),
            clock=self.clock,
            network=self.network,
            journal=self.journal,
            entropy=self.seed.stream(f"phone {person.mac}").randbytes,
            firmware_version=firmware_version,
            firmware_kind=firmware_kind,
            dhcp_server=dhcp_server,
        )

    def softphone(self, person: Person, address: str, known: Places) -> Softphone:
        """Phone Manager's softphone of this person, on a computer there."""
        return Softphone(
            f"softphone of {person.extension}",
            address,
            known,
            clock=self.clock,
            network=self.network,
            journal=self.journal,
            entropy=self.seed.stream(f"softphone {person.extension}").randbytes,
        )
