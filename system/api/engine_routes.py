"""Routes of the provisioning engine beside the operations themselves."""

from collections.abc import Sequence

from aiohttp import web

from system.api import bulk, certificate, drift, notices, operations
from system.api.web import BASE
from system.domain.bulk import Event

_PROVISIONING = f"{BASE}/provisioning"


def engine_routes() -> Sequence[web.RouteDef]:
    """Below ``/provisioning``: status, dead letters, bulk switches."""
    return [
        web.get(f"{_PROVISIONING}/status", operations.status),
        web.post(f"{_PROVISIONING}/operations/retry", operations.retry_all),
        web.get(f"{_PROVISIONING}/drift", drift.list_page),
        web.post(f"{_PROVISIONING}/drift/repair", drift.repair_findings),
        web.get(f"{BASE}/settings/mbg/certificate", certificate.read),
        web.post(f"{BASE}/settings/mbg/certificate/confirm", certificate.confirm),
        web.get(f"{BASE}/notices", notices.list_page),
        web.post(f"{BASE}/notices/{{id}}/acknowledge", notices.acknowledge),
        web.get(f"{_PROVISIONING}/bulk", bulk.list_page),
        web.post(f"{_PROVISIONING}/bulk", bulk.create),
        web.get(f"{_PROVISIONING}/bulk/{{id}}", bulk.read),
        web.get(f"{_PROVISIONING}/bulk/{{id}}/items", bulk.list_items),
        web.post(f"{_PROVISIONING}/bulk/{{id}}/pause", bulk.mover(Event.PAUSE)),
        web.post(f"{_PROVISIONING}/bulk/{{id}}/resume", bulk.mover(Event.RESUME)),
        web.post(f"{_PROVISIONING}/bulk/{{id}}/cancel", bulk.mover(Event.CANCEL)),
    ]
