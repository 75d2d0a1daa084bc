"""Phone Systems -> [PBX name]: nodes, SIP extensions, many at once (ADR-4, EXT-1)."""

from system.site.declare import Act, Page, Question, Values, needs_of
from system.site.inner import Refused
from system.site.navigation import PHONE_SYSTEMS
from system.site.pages.phone_systems import ONE, PATH
from system.site.view import count
from system.site.visit import Visit

EXTENSIONS = f"{ONE}/extensions"
NODE = f"{ONE}/nodes/{{number}}"
BULK = "/provisioning/bulk"


async def show(visit: Visit) -> Values:
    """The phone system, its nodes, and a page of its extensions."""
    stored = await visit.api.get(ONE)
    system = stored.document
    nodes = (await visit.api.get(f"{ONE}/nodes")).document["items"]
    found = None
    if visit.may(needs_of(f"GET {EXTENSIONS}")):
        found = await visit.listed(EXTENSIONS, search=visit.query("search"))
    return {
        "title": system["name"],
        "system": system,
        "etag": stored.etag,
        "nodes": nodes,
        "found": found,
        "search": visit.query("search"),
    }


async def sync(visit: Visit) -> None:
    """Read nodes and extensions from the CT Gateway."""
    read = (await visit.api.post(f"{ONE}/sync")).document
    visit.done(f"Synchronized: nodes {read['nodes']}, SIP extensions {read['extensions']}.")


async def ask_to_remove(visit: Visit) -> Question:
    """Ask before a phone system goes."""
    system = (await visit.api.get(ONE)).document
    return Question(
        "Remove a phone system",
        f"Remove the phone system {system['name']}?",
        "MCS closes the connection to its CT Gateway and forgets its nodes, their NAT addresses "
        "and its SIP extensions. Nothing is changed on the PBX or on the MBG. It is refused while "
        "an extension is in use.",
        "Remove",
    )


async def remove(visit: Visit) -> None:
    """Remove it, if none of its extensions is in use."""
    await visit.api.delete(ONE, etag=visit.sent.etag)
    visit.done("The phone system was removed.", at=PHONE_SYSTEMS)


async def ask_to_switch(visit: Visit) -> Question:
    """Ask before many extensions are switched."""
    search = visit.query("search")
    query = {"page_size": "1"} | ({"search": search} if search else {})
    total = (await visit.api.get(EXTENSIONS, query)).document["total"]
    which = count(total, "SIP extension") + (f" found by “{search}”" if search else "")
    if visit.sent.argument == "on":
        return Question(
            "Switch many extensions",
            f"Use remote authorization credentials for {which}?",
            "Random credentials are made where none are stored, and MCS provisions each on the "
            "MBG. You can watch, pause and cancel it on the next page.",
            "Switch on",
            destroys=False,
        )
    return Question(
        "Switch many extensions",
        f"Stop using remote authorization credentials for {which}?",
        "MCS removes the SIP users that it has made from the MBG. Phones outside lose their "
        "registration.",
        "Switch off",
    )


async def switch(visit: Visit) -> None:
    """Store the switch; the worker carries it out."""
    if visit.sent.argument not in ("on", "off"):
        raise Refused(422, "invalid", "Choose to switch on or off.")
    search = visit.query("search")
    chosen: dict[str, object] = {"search": search} if search else {"all": True}
    body = {
        "phone_system": int(visit.name("id")),
        "use_remote_credentials": visit.sent.argument == "on",
    }
    started = (await visit.api.post(BULK, body | chosen)).document
    visit.done("The switch has begun.", at=f"{BULK}/{started['id']}")


async def show_node(visit: Visit) -> Values:
    """A node's addresses."""
    system = (await visit.api.get(ONE)).document
    node = await visit.api.get(NODE)
    form = visit.fill("save", node.document, node)
    return {"form": form, "system": system, "node": node.document}


async def save_node(visit: Visit) -> None:
    """Change them; another own address means another ICP on the MBG."""
    form = visit.sent
    body = {
        "address": form.optional("address"),
        "nat_ip_address": form.optional("nat_ip_address"),
        "nat_sip_port": form.number("nat_sip_port"),
    }
    node = (await visit.api.put(NODE, body, etag=form.etag)).document
    at = visit.path.rpartition("/nodes/")[0]
    visit.done(f"Node {node['name']} was saved.", at=at)


PAGES = (
    Page(
        path=PATH,
        title="Phone system",
        template="pbx",
        show=show,
        reads=f"GET {ONE}",
        live=True,
        acts=(
            Act(name="sync", do=sync, calls=f"POST {ONE}/sync"),
            Act(name="remove", do=remove, calls=f"DELETE {ONE}", question=ask_to_remove),
            Act(name="bulk", do=switch, calls=f"POST {BULK}", question=ask_to_switch),
        ),
    ),
    Page(
        path=f"{PATH}/nodes/{{number}}",
        title="Node",
        template="node",
        show=show_node,
        reads=f"GET {NODE}",
        acts=(Act(name="save", do=save_node, calls=f"PUT {NODE}"),),
    ),
)
