"""Users: accounts with their roles and extensions, what roles may do, and who is logged in."""

from system.domain.roles import ALLOWED, Permission, Role
from system.site.declare import Act, Page, Question, Values
from system.site.inner import Refused
from system.site.pages.log_in import END_LOG_IN
from system.site.visit import Visit

USERS = "/users"
ONE = "/users/{username}"
ROLES = [(str(role), str(role)) for role in Role]
FIELDS = ("display_name", "role", "primary_extension", "softphone_extension", "language")


async def show(visit: Visit) -> Values:
    """A page of users, those that are searched for."""
    return {"found": await visit.listed(USERS, search=visit.query("search"))}


async def show_add(visit: Visit) -> Values:
    """The form."""
    return {"form": visit.fill("add", {"role": Role.USER, "language": "en"}), "roles": ROLES}


async def add(visit: Visit) -> None:
    """Add an account."""
    form = visit.sent
    name, password = form.text("username"), form.exact("password")
    await visit.api.post(USERS, {"username": name, "password": password} | _typed(visit))
    visit.done(f"The user {name} was added.", at=f"{USERS}/{name}")


async def show_one(visit: Visit) -> Values:
    """One account."""
    found = await visit.api.get(ONE)
    return {
        "title": f"User {found.document['username']}",
        "user": found.document,
        "etag": found.etag,
        "form": visit.fill("save", found.document, found),
        "password": visit.fill("password", {}, found),
        "roles": ROLES,
    }


async def save(visit: Visit) -> None:
    """Change role, names and extensions."""
    await visit.api.put(ONE, _typed(visit), etag=visit.sent.etag)
    visit.done("The user was saved.")


async def set_password(visit: Visit) -> None:
    """Give a new password; log-ins with the old one end."""
    form = visit.sent
    if form.exact("password") != form.exact("again"):
        raise Refused(422, "not_the_same", "The two passwords differ.", field="again")
    await visit.api.put(ONE, {"password": form.exact("password")}, etag=form.etag)
    visit.done("The password was changed; log-ins with the old one have ended.")


async def remove(visit: Visit) -> None:
    """Remove the account."""
    await visit.api.delete(ONE, etag=visit.sent.etag)
    visit.done(f"The user {visit.name('username')} was removed.", at=USERS)


async def ask_remove(visit: Visit) -> Question:
    """Before an account is removed."""
    return Question(
        title="Remove a user",
        question=f"Remove the user {visit.name('username')}?",
        consequence="Log-ins of this user end at once. Extension and phone stay as they are.",
        button="Remove",
    )


def _typed(visit: Visit) -> dict[str, str | None]:
    form = visit.sent
    typed: dict[str, str | None] = {name: form.text(name) for name in FIELDS}
    for name in ("primary_extension", "softphone_extension"):
        typed[name] = form.optional(name)
    return typed


async def show_roles(_visit: Visit) -> Values:
    """What each role may do: the table that the API goes by."""
    rows = [(str(one), [one in ALLOWED[role] for role in Role]) for one in Permission]
    return {"roles": [str(role) for role in Role], "rows": rows}


async def show_log_ins(visit: Visit) -> Values:
    """Who is logged in."""
    return {"log_ins": (await visit.api.get("/sessions")).document["items"]}


PAGES = (
    Page(path=USERS, title="Users", template="users", show=show, reads="GET /users"),
    Page(
        path="/add-user",
        title="Add a user",
        template="user_add",
        show=show_add,
        reads="POST /users",
        acts=(Act(name="add", do=add, calls="POST /users"),),
    ),
    Page(
        path=f"{USERS}/{{username}}",
        title="User",
        template="user",
        show=show_one,
        reads="GET /users/{username}",
        acts=(
            Act(name="save", do=save, calls="PUT /users/{username}"),
            Act(name="password", do=set_password, calls="PUT /users/{username}"),
            Act(
                name="remove",
                do=remove,
                calls="DELETE /users/{username}",
                question=ask_remove,
            ),
        ),
    ),
    Page(path="/roles", title="Roles", template="roles", show=show_roles, reads="GET /users"),
    Page(
        path="/log-ins",
        title="Log-ins",
        template="log_ins",
        show=show_log_ins,
        reads="GET /users",
        acts=(END_LOG_IN,),
    ),
)
