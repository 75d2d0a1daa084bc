"""What the API's handlers work with, handed over once when the MCS is put together."""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from system.audit.trail import AuditTrail
from system.clock import Clock
from system.domain.credentials import Entropy
from system.mbg.access import MbgAccess
from system.mbg.watch import TokenWatch
from system.people.accounts import Accounts
from system.phone_systems.links import GatewayLinks
from system.phones.services import PhoneServices
from system.phones.site import SiteAddresses
from system.provisioning.drift_check import DriftCheck
from system.storage.database import Database


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that an administrator's request may touch."""

    database: Database
    clock: Clock
    entropy: Entropy
    accounts: Accounts
    trail: AuditTrail
    access: MbgAccess
    watch: TokenWatch
    links: GatewayLinks
    site: SiteAddresses
    phones: PhoneServices
    drift: DriftCheck
    work: asyncio.Event
    """Set to wake the provisioning worker."""
    started_at: float
    """Epoch seconds."""


SERVICES = web.AppKey("services", Services)
