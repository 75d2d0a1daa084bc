"""Administration -> Web services -> Consumers: add, edit, activate, delete, new secret (TOK-2).

A ConsumerID may hold anything, so it travels in the query (`?id=`), never in the path.
"""

from aiohttp import web

from simulators.errors import BenchError
from simulators.mbg.services.consumers import DOCUMENTED_PERMISSIONS, LEVELS, PERMISSIONS, Consumer
from simulators.mbg.site.forms import Form
from simulators.mbg.site.sessions import SharedSecret
from simulators.mbg.site.view import FORM, MBG, SESSION, asked, at, done, page

LABELS = {"none": "None", "read": "Read", "read/write": "Read/Write"}


async def show_new(request: web.Request) -> web.StreamResponse:
    """GET /web-services/consumers/new"""
    granted = {_field(name): DOCUMENTED_PERMISSIONS[name] for name in PERMISSIONS}
    return _form(request, Form(({"active": "yes"} | granted).items()), None)


async def add(request: web.Request) -> web.StreamResponse:
    """POST /web-services/consumers/new: the shared secret is shown on the next page, once."""
    mbg, form = request.app[MBG], request[FORM]
    name, consumer_id = form.needed("name"), form.needed("consumer_id")
    permissions, active = _permissions(form), _active(form)
    if not form.problems:
        try:
            consumer = mbg.add_consumer(name, consumer_id, permissions, active=active)
        except BenchError as error:
            form.problems["consumer_id"] = str(error)
    if form.problems:
        return _form(request, form, None, 422)
    return _tell_secret(request, consumer, f"The consumer {name} was added.")


async def show_secret(request: web.Request) -> web.StreamResponse:
    """GET /web-services/consumers/secret: what the act before has made, this once."""
    session = request[SESSION]
    secret = session.shared_secret
    if request.method == "GET":
        session.shared_secret = None
    return page(request, "shared_secret", secret=secret)


async def show_one(request: web.Request) -> web.StreamResponse:
    """GET /web-services/consumers/edit"""
    consumer = _consumer(request)
    values = {"name": consumer.name, "active": "yes" if consumer.active else "no"}
    for permission in PERMISSIONS:
        values[_field(permission)] = consumer.permissions.get(permission, "none")
    return _form(request, Form(values.items()), consumer)


async def edit(request: web.Request) -> web.StreamResponse:
    """POST /web-services/consumers/edit"""
    mbg, form, consumer = request.app[MBG], request[FORM], _consumer(request)
    name = form.needed("name")
    permissions, active = _permissions(form), _active(form)
    if form.problems:
        return _form(request, form, consumer, 422)
    mbg.edit_consumer(consumer.consumer_id, name=name, permissions=permissions)
    if active != consumer.active:
        (mbg.activate if active else mbg.deactivate)(consumer.consumer_id)
    done(request, "/web-services", f"The consumer {name} was saved.")


async def activate(request: web.Request) -> web.StreamResponse:
    """POST /web-services/consumers/activate"""
    consumer = _consumer(request)
    request.app[MBG].activate(consumer.consumer_id)
    done(request, "/web-services", f"{consumer.name} is active: its tokens serve.")


async def deactivate(request: web.Request) -> web.StreamResponse:
    """POST /web-services/consumers/deactivate"""
    consumer = _consumer(request)
    request.app[MBG].deactivate(consumer.consumer_id)
    done(request, "/web-services", f"{consumer.name} is not active: it is refused, with any token.")


async def ask_to_delete(request: web.Request) -> web.StreamResponse:
    """GET /web-services/consumers/delete"""
    consumer = _consumer(request)
    return page(
        request,
        "confirm",
        title="Delete a consumer",
        question=f"Delete the consumer {consumer.name} ({consumer.consumer_id})?",
        consequence="Its tokens go with it, and what it does on this MBG ends. "
        "This can't be taken back.",
        button="Delete",
        action=request.path_qs,
        back=at("/web-services"),
    )


async def delete(request: web.Request) -> web.StreamResponse:
    """POST /web-services/consumers/delete"""
    consumer = _consumer(request)
    request.app[MBG].delete_consumer(consumer.consumer_id)
    done(request, "/web-services", f"The consumer {consumer.name} was deleted, with its tokens.")


async def ask_for_new_secret(request: web.Request) -> web.StreamResponse:
    """GET /web-services/consumers/new-secret"""
    consumer = _consumer(request)
    return page(
        request,
        "confirm",
        title="Make a new shared secret",
        question=f"Make a new shared secret for {consumer.name} ({consumer.consumer_id})?",
        consequence="With the one it has, it is refused from then on. Its tokens stay.",
        button="Make a new secret",
        action=request.path_qs,
        back=at("/web-services"),
    )


async def make_new_secret(request: web.Request) -> web.StreamResponse:
    """POST /web-services/consumers/new-secret"""
    consumer = _consumer(request)
    request.app[MBG].regenerate_secret(consumer.consumer_id)
    note = f"The shared secret of {consumer.name} was made anew."
    return _tell_secret(request, consumer, note)


def _tell_secret(request: web.Request, consumer: Consumer, note: str) -> web.StreamResponse:
    secret = SharedSecret(consumer.consumer_id, consumer.shared_secret)
    request[SESSION].shared_secret = secret
    done(request, "/web-services/consumers/secret", note)


def _form(
    request: web.Request, form: Form, consumer: Consumer | None, status: int = 200
) -> web.Response:
    return page(
        request,
        "consumer",
        status=status,
        form=form,
        consumer=consumer,
        permissions={_field(name): name for name in PERMISSIONS},
        levels=[(level, LABELS[level]) for level in LEVELS],
    )


def _consumer(request: web.Request) -> Consumer:
    return request.app[MBG].web_services.consumers.known(asked(request, "id"))


def _field(permission: str) -> str:
    """The form's field for a permission; an id in HTML holds no blank."""
    return f"permission-{permission}"


def _permissions(form: Form) -> dict[str, str]:
    return {name: form.chosen(_field(name), LEVELS) for name in PERMISSIONS}


def _active(form: Form) -> bool:
    return form.chosen("active", ("yes", "no")) == "yes"


BELOW = "/web-services/consumers"
ROUTES = [
    web.get(f"{BELOW}/new", show_new),
    web.post(f"{BELOW}/new", add),
    web.get(f"{BELOW}/secret", show_secret),
    web.get(f"{BELOW}/edit", show_one),
    web.post(f"{BELOW}/edit", edit),
    web.post(f"{BELOW}/activate", activate),
    web.post(f"{BELOW}/deactivate", deactivate),
    web.get(f"{BELOW}/delete", ask_to_delete),
    web.post(f"{BELOW}/delete", delete),
    web.get(f"{BELOW}/new-secret", ask_for_new_secret),
    web.post(f"{BELOW}/new-secret", make_new_secret),
]
