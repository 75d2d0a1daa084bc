"""What the site keeps in its application."""

from collections.abc import Iterable

from aiohttp import web

from system.site.declare import Page
from system.site.once import Once
from system.site.streams import Streams

LOG_IN = "/log-in"

PAGES: web.AppKey[dict[web.AbstractRoute, Page]] = web.AppKey("pages", dict)
STATIC_ROUTE: web.AppKey[Iterable[web.AbstractRoute]] = web.AppKey("static", frozenset)
ONCE = web.AppKey("once", Once)
STREAMS = web.AppKey("streams", Streams)
