"""Stages 1 and 2: who is a teleworker, and which addresses a phone is told."""

from dataclasses import replace
from typing import Any

from features.defects.changes import answering, ignoring, returning
from features.defects.defect import Defect


def _as_at_first(original: Any) -> Any:
    def contact(self: Any, contact: Any) -> None:
        phone = self.phones[contact.identity.mac]
        location = phone.location
        original(self, contact)
        phone.location = location or phone.location

    return contact


def _first_address(original: Any) -> Any:
    async def client(self: Any, settings: Any, address: str, credentials: Any) -> Any:
        self.first_address = getattr(self, "first_address", address)
        return await original(self, settings, self.first_address, credentials)

    return client


def _without_address(original: Any) -> Any:
    def unreachable(self: Any, why: str) -> Any:
        self._shown = "its address"
        return original(self, why.partition(" (")[0])  # the system's own words may name it

    return unreachable


def _default_port(account: Any) -> Any:
    return replace(account, line=replace(account.line, port=5060)) if account.line else account


def _internal_at_nat_address(original: Any) -> Any:
    def remote(extension: Any, display_name: str) -> Any:
        if extension.use_remote_credentials:
            return original(extension, display_name)
        extension.mbg_name = extension.internal_auth_name
        extension.mbg_password = extension.internal_auth_password
        extension.use_remote_credentials = True
        return original(extension, display_name)

    return remote


def _by_name_in_the_office(original: Any) -> Any:
    def directories(settings: Any, base: str) -> Any:
        return original(settings, base if settings.local else "https://mcs.office.example:8202")

    return directories


def _local_one_for_both(original: Any) -> Any:
    def document(*, local_address: str, remote_address: str | None, port: int) -> Any:
        return original(local_address=local_address, remote_address=local_address, port=port)

    return document


def _from_another_network(original: Any) -> Any:
    def place(self: Any, source: str, own_address: str, site: Any) -> Any:
        if source.split(".")[:2] != own_address.split(".")[:2]:
            source = site.mbg_internal_address
        return original(self, source, own_address, site)

    return place


DEFECTS = (
    Defect(
        "adr-1-anything-taken", "MCS", ("ADR-1",),
        "What is no address is taken as the MBG's internal address.",
        "system.api.settings_mbg:is_ip_address",
        returning(True),
    ),
    Defect(
        "adr-1-not-shown-again", "MCS", ("ADR-1",),
        "The page takes the MBG's internal address, and is empty when it is opened again.",
        "system.api.settings_mbg:_document",
        answering(lambda page: page.model_copy(update={"internal_address": None})),
    ),
    Defect(
        "adr-2-change-counts-after-restart", "MCS", ("ADR-2",),
        "A changed internal address tells teleworkers from local phones only after a restart.",
        "system.phones.site:SiteAddresses.forget",
        ignoring,
    ),
    Defect(
        "adr-2-location-of-first-contact", "MCS", ("ADR-2",),
        "The Phones page shows a phone for ever where it was first.",
        "system.phones.book:_Writer._contact",
        _as_at_first,
    ),
    Defect(
        "adr-3-old-address-called", "MCS", ("ADR-3",),
        "After the internal address was changed MCS goes on calling the old one.",
        "system.mbg.access:MbgAccess._client",
        _first_address,
    ),
    Defect(
        "adr-3-address-not-named", "MCS", ("ADR-3",),
        "An MBG that can not be reached is reported without the address that was called.",
        "system.mbg.client:MbgClient._unreachable",
        _without_address,
    ),
    Defect(
        "adr-4-nat-sip-port-ignored", "MCS", ("ADR-4",),
        "A teleworker's phone is always sent to port 5060, whatever the NAT SIP Port is.",
        "system.phones.accounts:_remote",
        answering(_default_port),
    ),
    Defect(
        "adr-5-internal-credentials-outside", "MCS", ("ADR-5",),
        "A softphone outside without remote credentials is handed the PBX's internal ones.",
        "system.phone_manager.softphone:_remote",
        _internal_at_nat_address,
    ),
    Defect(
        "adr-6-directories-by-internal-name", "MCS", ("ADR-6",),
        "A teleworker's directories are built on MCS's name in the office.",
        "system.phones.configuration:_directories",
        _by_name_in_the_office,
    ),
    Defect(
        "adr-7-local-address-for-both", "MCS", ("ADR-7",),
        "Phone Manager learns the office's address as the remote one, too.",
        "system.phone_manager.listener:SettingsDocument",
        _local_one_for_both,
    ),
    Defect(
        "fwd-3-missing-snat-hidden", "MCS", ("FWD-3",),
        "A phone that comes from another network is taken for a teleworker, so that nobody sees "
        "that SNAT is off.",
        "system.phones.gate:Gate.place",
        _from_another_network,
    ),
)  # fmt: skip
