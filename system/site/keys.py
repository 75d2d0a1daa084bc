"""What the site keeps in its application."""

from collections.abc import Iterable

from aiohttp import web

from system.site.declare import Page
from system.site.once import Once
from system.site.streams import Streams
from system.site.visit import Visit

LOG_IN = "/log-in"

PAGES: web.AppKey[dict[web.AbstractRoute, Page[Visit]]] = web.AppKey("pages", dict)
STATIC_ROUTE: web.AppKey[Iterable[web.AbstractRoute]] = web.AppKey("static", frozenset)
ONCE = web.AppKey("once", Once)
STREAMS = web.AppKey("streams", Streams)
