"""Our MCS inside the run's own process, on the run's clock: the suites' launcher.

This is the one place where the bench knows the MCS as an object, by its front door
(`system.app`, `system.config`); everything else meets it on the wire.
"""

import ssl

from simulators.estate.mcs import McsEndpoint, McsPlace
from system.app import Mcs
from system.config import McsConfig


class McsInProcess:
    """A started MCS and how to reach it."""

    def __init__(self, mcs: Mcs, endpoint: McsEndpoint) -> None:
        self.endpoint = endpoint
        self._mcs = mcs

    async def stop(self) -> None:
        """Stop it; may be called again."""
        await self._mcs.stop()


async def launch(place: McsPlace, trust: ssl.SSLContext) -> McsInProcess:
    """Start our MCS at this place."""
    config = McsConfig(
        data_dir=place.data_dir,
        listen_address=place.address,
        api_port=place.api_port,
        phones_port=place.phones_port,
        phones_http_port=place.phones_http_port,
        phone_manager_port=place.phone_manager_port,
        tftp_port=place.tftp_port,
        syslog_port=place.syslog_port,
        ldap_port=place.ldap_port,
        push_port=place.push_port,
        certificate=place.certificate.certificate,
        key=place.certificate.key,
        trusted_ca=place.trusted_ca,
        outbound_address=place.address,
        admin_password=place.admin_password,
        password_hash_cost="test",
    )
    mcs = Mcs(config, clock=place.clock, entropy=place.entropy)
    await mcs.start()
    endpoint = McsEndpoint(
        api_url=mcs.api_url,
        phones_address=(place.address, mcs.phones_port),
        phone_manager_address=(place.address, place.phone_manager_port),
        tftp_address=(place.address, place.tftp_port),
        admin_name="admin",
        admin_password=place.admin_password,
        tls=trust,
        kind="ours",
        where=f"in process, {mcs.api_url}",
        on_run_clock=True,
    )
    return McsInProcess(mcs, endpoint)
