"""The listeners where phones come: HTTPS 8202 (also through the MBG), HTTP 8203 (local).

Both serve the same; where a phone is, is told by its source address alone (ADR-2). A phone that
has its token has it in the path of its files (``docs/decisions/0021``).
"""

from aiohttp import web

from system.domain.enrolment import TOKEN_LENGTH
from system.phones.actions import Actions
from system.phones.content import Content
from system.phones.files import Files
from system.phones.hot_desk_pages import HotDeskPages
from system.phones.setup import Setup

_TOKEN = f"/{{token:[A-Za-z0-9]{{{TOKEN_LENGTH}}}}}"


def make_phones_app(
    files: Files, actions: Actions, setup: Setup, hot_desk: HotDeskPages, content: Content
) -> web.Application:
    """An application for one listener."""
    app = web.Application()
    for prefix in ("", _TOKEN):
        app.router.add_get(f"{prefix}/{{name}}.cfg", files.configuration)
        app.router.add_get(f"{prefix}/{{model}}.st", files.image)
    app.add_routes(
        [
            web.get("/phones/startup", actions.startup),
            web.get("/phones/registered", actions.registered),
            web.get("/phones/regevent", actions.registration_event),
            web.get("/phones/poll", actions.poll),
            web.get("/phones/setup", setup.menu),
            web.get("/phones/setup/choose", setup.choose),
            web.get("/phones/hotdesk", hot_desk.form),
            web.get("/phones/hotdesk/login", hot_desk.log_in),
            web.get("/phones/hotdesk/logout", hot_desk.log_out),
            web.get("/phones/directory/system.csv", content.system_directory),
            web.get("/phones/directory/personal.csv", content.personal_directory),
            web.get("/phones/images/{name}.png", content.image),
        ]
    )
    return app
