"""Around every page of a face: headers, error pages, and nobody but this machine's own browser.

Control ports have no log-in, and a browser on this machine opens pages from anywhere. So a page of
another site must not reach them: a request whose Host is a name (DNS rebinding) is refused, and so
is every change that another origin sends (`Origin`, `Sec-Fetch-Site`).
"""

from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from aiohttp import web

from simulators.errors import BenchError
from simulators.http_api.refused import Refused

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
SAFE = ("GET", "HEAD")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Failure = Callable[[web.Request, int, str], web.Response]
"""Makes the error page, or the JSON document: request, status, one sentence."""
Failed = Callable[[web.Request, Exception], None]


async def covered(
    request: web.Request, handler: Handler, failure: Failure, failed: Failed
) -> web.StreamResponse:
    """The answer, or a failure as a page. `failed` is told of what should never happen."""
    try:
        admit(request)
        return await handler(request)
    except Refused as refused:
        return failure(request, refused.status, str(refused))
    except BenchError as error:
        return failure(request, 409, str(error))
    except web.HTTPRedirection:
        raise
    except web.HTTPMethodNotAllowed as error:
        response = failure(request, 405, f"{request.method} is not possible here.")
        response.headers["Allow"] = error.headers["Allow"]
        return response
    except web.HTTPNotFound:
        return failure(request, 404, "There is no such page.")
    except web.HTTPException as error:
        return failure(request, error.status, error.reason)
    except Exception as error:  # noqa: BLE001 - the last net: nobody sees a traceback
        failed(request, error)
        return failure(request, 500, "This page failed; the journal says why.")


def admit(request: web.Request) -> None:
    """Let through what a page of ours, or a person by hand, can have sent.

    Raises:
        Refused: 403.
    """
    host = request.host.rpartition(":")[0] if ":" in request.host else request.host
    if not _is_loopback(host):
        raise Refused(
            403, "other_origin",
            f"expected an address in 127.0.0.0/8 or localhost, got the host {host}",
        )  # fmt: skip
    origin = request.headers.get("Origin")
    own = origin is None or origin == f"{request.scheme}://{request.host}"
    if request.method not in SAFE and (
        not own
        or request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")
    ):
        raise Refused(403, "other_origin", "This was sent by a page that is not of this site.")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


async def give_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler: every answer, also one that streams, has them."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
