"""MBG Security -> Port Forwarding: the rules, what each has carried, and what is wrong with it."""

from aiohttp import web

from simulators.core import TCP, UDP
from simulators.errors import BenchError
from simulators.mbg.forwarding.forward import Forward, ForwardRule
from simulators.mbg.forwarding.forward_rule import PHONES_PORT
from simulators.mbg.refusals import Refused
from simulators.mbg.settings import GATEWAY
from simulators.mbg.site.forms import Form
from simulators.mbg.site.view import FORM, MBG, asked, at, done, page

PROTOCOLS = (TCP, UDP)
PATH = "/port-forwarding"


async def show(request: web.Request) -> web.StreamResponse:
    """GET /port-forwarding"""
    mbg = request.app[MBG]
    rules = [mbg.forwards[key] for key in sorted(mbg.forwards)]
    return page(request, "port_forwarding", rules=rules, gateway=mbg.settings.mode == GATEWAY)


async def show_new(request: web.Request) -> web.StreamResponse:
    """GET /port-forwarding/new"""
    port = str(PHONES_PORT)
    values = {"protocol": TCP, "port": port, "destination_port": port, "snat": "on"}
    return _form(request, Form(values.items()))


async def add(request: web.Request) -> web.StreamResponse:
    """POST /port-forwarding/new"""
    mbg, form = request.app[MBG], request[FORM]
    protocol = form.chosen("protocol", PROTOCOLS)
    port, host = form.port("port"), form.ipv4("host")
    destination_port = form.port("destination_port")
    sources = tuple(form.text("sources").replace(",", " ").split())
    if not form.problems:
        try:
            rule = ForwardRule(port, (host, destination_port), form.checked("snat"), protocol)
            rule = _with_sources(rule, sources, form)
            if not form.problems:
                await mbg.add_forward(rule)
        except BenchError as error:
            form.refused(error)
    if form.problems:
        return _form(request, form, 422)
    done(request, PATH, f"The rule for {protocol} {port} was added.")


async def ask_to_remove(request: web.Request) -> web.StreamResponse:
    """GET /port-forwarding/remove"""
    forward = _forward(request)
    rule = forward.rule
    return page(
        request,
        "confirm",
        title="Remove a port forwarding rule",
        question=f"Remove the rule that forwards {rule.protocol} {forward.port} to "
        f"{rule.destination[0]} port {rule.destination[1]}?",
        consequence="What is connected through it is cut at once.",
        button="Remove",
        action=request.path_qs,
        back=at(PATH),
    )


async def remove(request: web.Request) -> web.StreamResponse:
    """POST /port-forwarding/remove"""
    forward = _forward(request)
    await request.app[MBG].remove_forward(forward.port, forward.rule.protocol)
    done(request, PATH, f"The rule for {forward.rule.protocol} {forward.port} was removed.")


def _with_sources(rule: ForwardRule, sources: tuple[str, ...], form: Form) -> ForwardRule:
    """The rule with its allowed sources; networks that are none are a problem of that field."""
    try:
        return ForwardRule(rule.outside_port, rule.destination, rule.snat, rule.protocol, sources)
    except BenchError as error:
        form.problems["sources"] = str(error)
        return rule


def _forward(request: web.Request) -> Forward:
    protocol, port = asked(request, "protocol"), asked(request, "port")
    for forward in request.app[MBG].forwards.values():
        if (forward.rule.protocol, str(forward.port)) == (protocol, port):
            return forward
    raise Refused(404, "not_found", f"{protocol} port {port} is not forwarded.")


def _form(request: web.Request, form: Form, status: int = 200) -> web.Response:
    mode = request.app[MBG].settings.mode
    return page(
        request,
        "forward",
        status=status,
        form=form,
        protocols=PROTOCOLS,
        gateway=mode == GATEWAY,
    )


ROUTES = [
    web.get(PATH, show),
    web.get(f"{PATH}/new", show_new),
    web.post(f"{PATH}/new", add),
    web.get(f"{PATH}/remove", ask_to_remove),
    web.post(f"{PATH}/remove", remove),
]
