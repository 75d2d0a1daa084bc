"""What the map sees of an estate: references to its parts, and what they are like now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulators.addresses import AddressPlan
from simulators.clock import Clock
from simulators.control.estate_routes import RoleShown
from simulators.control.role import Controlled
from simulators.estate.mcs import McsEndpoint
from simulators.journal import Journal
from simulators.live_map.layout import MCS, Drawing, lay_out
from simulators.live_map.routing import Routes
from simulators.mbg.mbg import Mbg
from simulators.pbx.node import PbxNode
from simulators.phone.handset import Handset
from simulators.phone.handsets import Handsets
from simulators.phone.life.states import State

STATES = tuple(state.value for state in State)
"""States by the number that stands for each."""

NUMBERS = {state: number for number, state in enumerate(State)}


@dataclass(frozen=True, slots=True)
class Sight:
    """Parts of an estate; what may be replaced or made later is asked for anew each time.

    Args:
        faulty: the roles that can have faults.
        roles: all roles, for people.
    """

    plan: AddressPlan
    clock: Clock
    journal: Journal
    phones: Handsets
    mbgs: Sequence[Mbg]
    nodes: Callable[[], Sequence[PbxNode]]
    mcs: Callable[[], McsEndpoint | None]
    faulty: Callable[[], Sequence[Controlled]]
    roles: Callable[[], list[RoleShown]]


def shape(sight: Sight) -> tuple[object, ...]:
    """What the drawing depends on: as long as it is equal, the drawing holds."""
    return (
        tuple((phone.role, phone.home_address) for phone in sight.phones.by_mac.values()),
        tuple(node.role for node in sight.nodes()),
        len(sight.mbgs),
    )


def drawings(sight: Sight) -> tuple[Drawing, Drawing]:
    """The wide drawing and the narrow one."""
    mbgs, nodes = max(1, len(sight.mbgs)), max(1, len(sight.nodes()))
    return lay_out(mbgs, nodes), lay_out(mbgs, nodes, narrow=True)


def routes(sight: Sight, drawing: Drawing) -> Routes:
    """The ways over a drawing; an MCS elsewhere stands in the journal by its address."""
    mcs = sight.mcs()
    elsewhere = {mcs.phones_address[0]: MCS} if mcs is not None else {}
    return Routes(
        drawing.wires,
        [(mbg.role, mbg.outside, mbg.inside) for mbg in sight.mbgs],
        [node.role for node in sight.nodes()],
        sight.plan.zone,
        elsewhere,
    )


def label(phone: Handset) -> str:
    """The extension that a phone shows, "" while it has none."""
    return next(iter(phone.line_names), "")


def phone_document(sight: Sight, phone: Handset) -> list[object]:
    """MAC, model, whether it is in the office (1) or a home (0), state's number, label."""
    in_office = int(sight.plan.zone(phone.home_address) == "lan")
    return [phone.identity.mac, phone.model.name, in_office, NUMBERS[phone.state], label(phone)]


def drawing_document(drawing: Drawing) -> dict[str, object]:
    """A drawing as the page reads it, in whole units."""
    return {
        "width": drawing.width,
        "height": drawing.height,
        "zones": [[z.key, z.x, z.y, z.width, z.height] for z in drawing.zones],
        "boxes": [
            [b.key, round(b.x, 1), round(b.y, 1), round(b.width, 1), round(b.height, 1)]
            for b in drawing.boxes
        ],
        "wires": [
            [w.a, w.b, w.protocol, [[round(x, 1), round(y, 1)] for x, y in w.line]]
            for w in drawing.wires
        ],
    }


def texts(sight: Sight) -> dict[str, list[str]]:
    """What stands in each box: key -> name, and a line or two below."""
    mcs = sight.mcs()
    found = {
        "mcs": ["MCS", "" if mcs is None else mcs.phones_address[0], "none" if mcs is None else ""],
        "gateway": ["CT Gateway", sight.plan.ct_gateway],
        "installer": ["Installer", sight.plan.administrator],
    }
    for number, mbg in enumerate(sight.mbgs, 1):
        found[f"mbg{number}"] = [mbg.role, mbg.outside, mbg.inside]
    for number, node in enumerate(sight.nodes(), 1):
        found[f"node{number}"] = [node.role, f"{node.name}, {node.address[0]}"]
    return found


def licences(sight: Sight) -> list[list[object]]:
    """Role, in use, size of each MBG's licence pool."""
    return [[mbg.role, mbg.licences.in_use, mbg.licences.size] for mbg in sight.mbgs]


def faults_on(sight: Sight) -> list[dict[str, object]]:
    """Faults that were switched on in any role; times in epoch seconds."""
    now = sight.clock.now()
    return [
        {
            "role": role.role,
            "number": switched.number,
            "name": switched.fault.name,
            "parameters": switched.fault.model_dump(exclude_defaults=True),
            "state": switched.state(now),
            "struck": switched.struck,
            "until": switched.until,
        }
        for role in sight.faulty()
        for switched in role.faults.listed()
    ]
