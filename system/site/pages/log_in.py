"""Logging in and out, and the own account."""

from system.site.declare import Act, Page, Question, Values
from system.site.inner import Refused
from system.site.keys import LOG_IN
from system.site.own_paths import own_path
from system.site.visit import Done, Visit


async def show_log_in(visit: Visit) -> Values:
    """The form; who is logged in already goes on."""
    if visit.session is not None:
        raise Done(own_path(visit.query("next")))
    return {"form": visit.fill("log-in"), "wanted": own_path(visit.query("next"))}


async def log_in(visit: Visit) -> None:
    """Begin a session, then go to the page that was asked for."""
    form = visit.sent
    body = {"username": form.text("username"), "password": form.exact("password")}
    answer = await visit.api.post("/session", body)
    visit.done(at=own_path(visit.query("next")), cookies_from=[answer.response])


async def show_log_out(_visit: Visit) -> Values:
    """Nothing: the button stands on every page."""
    raise Done("/")


async def log_out(visit: Visit) -> None:
    """End this session."""
    answer = await visit.api.delete("/session")
    visit.done("You are logged out.", at=LOG_IN, cookies_from=[answer.response])


async def show_account(visit: Visit) -> Values:
    """The own account: its password, where it is logged in."""
    found = (await visit.api.get("/sessions")).document["items"]
    assert visit.session is not None
    own = [one for one in found if one["username"] == visit.session["username"]]
    return {"form": visit.fill("change-password"), "log_ins": own}


async def change_password(visit: Visit) -> None:
    """Change the own password."""
    form = visit.sent
    if form.exact("new_password") != form.exact("again"):
        raise Refused(422, "not_the_same", "The two new passwords differ.", field="again")
    names = ("current_password", "new_password")
    await visit.api.put("/session/password", {name: form.exact(name) for name in names})
    visit.done("Your password was changed. Your other log-ins have ended.")


async def end_log_in(visit: Visit) -> None:
    """End one log-in."""
    await visit.api.delete("/sessions/{id}", id=visit.sent.argument)
    visit.done("The log-in was ended.")


async def ask_to_end(visit: Visit) -> Question:
    """Before a browser or a program is logged out."""
    return Question(
        title="End a log-in",
        question="End this log-in?",
        consequence="Whoever uses it has to log in again. What was typed and not saved is lost.",
        button="End the log-in",
    )


END_LOG_IN = Act(name="end", do=end_log_in, calls="DELETE /sessions/{id}", question=ask_to_end)
PAGES = (
    Page(
        path=LOG_IN,
        title="Log in",
        template="log_in",
        show=show_log_in,
        reads="GET /health",
        acts=(Act(name="log-in", do=log_in, calls="POST /session"),),
    ),
    Page(
        path="/log-out",
        title="Log out",
        template="log_in",
        show=show_log_out,
        reads="GET /session",
        acts=(Act(name="log-out", do=log_out, calls="DELETE /session"),),
    ),
    Page(
        path="/account",
        title="Your account",
        template="account",
        show=show_account,
        reads="GET /session",
        acts=(
            Act(name="change-password", do=change_password, calls="PUT /session/password"),
            END_LOG_IN,
        ),
    ),
)
