"""Routes of the provisioning engine: status, dead letters."""

from collections.abc import Sequence

from aiohttp import web

from system.api import operations
from system.api.web import BASE

_PROVISIONING = f"{BASE}/provisioning"


def engine_routes() -> Sequence[web.RouteDef]:
    """Below ``/provisioning``, besides the operations themselves."""
    return [
        web.get(f"{_PROVISIONING}/status", operations.status),
        web.post(f"{_PROVISIONING}/operations/retry", operations.retry_all),
    ]
