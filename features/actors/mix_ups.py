"""Phones, people and nodes that are mixed up or moved, by the installer or somebody else."""

from dataclasses import replace

from features.actors.installer import Installer
from simulators.estate.estate import Estate
from simulators.estate.making import DELIVERED_FIRMWARE
from simulators.pbx.node import PbxNode
from simulators.phone.handset import Handset
from simulators.phone.identity import Identity
from simulators.phone.life.states import State
from simulators.phone.models import model
from simulators.phone.people import Person

OTHER_HOME = 77
SETTLED = (State.IDLE, State.REGISTERED, State.REFUSED, State.TIMED_OUT)


def mistyped(person: Person) -> Person:
    """The person with a phone whose MAC has its last digit wrong."""
    wrong = f"{(int(person.mac[-1], 16) + 1) % 16:X}"
    return replace(person, mac=person.mac[:-1] + wrong)


async def puts_mac_right(installer: Installer, person: Person) -> None:
    """Configuration -> Phones: the extension off the phone that is none, and to the right one."""
    await installer.mcs.put(f"/phones/{mistyped(person).mac}", {"extension": None})
    await installer.assigns(person)


async def gives_phone(installer: Installer, phone_of: Person, to: Person) -> None:
    """Stage 5 for the one who gets the phone; then Configuration -> Phones: their extension."""
    await installer.checks_remote_credentials(to.extension)
    await installer.sees_provisioning(to.extension, "provisioned")
    await installer.assigns(replace(phone_of, extension=to.extension))


async def connects_copy(estate: Estate, person: Person) -> Handset:
    """A phone that says it is this person's, from another home, pointed at MCS."""
    phone = Handset(
        Identity(person.mac),
        model(person.model),
        estate.claim.plan.home(OTHER_HOME),
        role="phone with a copied MAC",
        clock=estate.clock,
        network=estate.network,
        journal=estate.journal,
        entropy=estate.seed.stream("copied phone").randbytes,
        firmware_version=DELIVERED_FIRMWARE,
    )
    await phone.power_on()
    await phone.until(*SETTLED)
    phone.configure_server(estate.mbg.outside)
    await phone.until(*SETTLED)
    return phone


async def moves_extension(installer: Installer, person: Person, to: PbxNode) -> None:
    """At the PBX: the extension is taken from its node and made on another."""
    estate = installer.estate
    estate.node.remove_extension(person.extension)
    to.add_extension(person.extension, person.name)
    await installer.reads_extensions()


async def prepares_second_node(installer: Installer, node: PbxNode) -> None:
    """Stages 1 and 3 for a further node: its NAT address in MCS, its ICP on the MBG."""
    mbg = installer.estate.mbg
    nat = {"nat_ip_address": mbg.outside, "nat_sip_port": mbg.sip_outside[1]}
    await installer.mcs.put(f"/phone-systems/{installer.phone_system}/nodes/{node.number}", nat)
    mbg.add_icp(node.name, node.address[0])
