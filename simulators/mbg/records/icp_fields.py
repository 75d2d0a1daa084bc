"""What may stand in an ICP's fields, pure (ICP-1)."""

from simulators.hosts import is_host_name, is_ipv4
from simulators.mbg.records.device_fields import Fields
from simulators.mbg.records.device_records import Icp


def icp_of(icp_id: str, name: str, address: str, ip: str | None = None) -> Icp:
    """An ICP whose fields are in order.

    Args:
        address: Hostname or IP Address as it was typed.
        ip: what a host name stands for, None where nobody knows; an IPv4 address stands for itself.

    Raises:
        Refused: 422 with a reason per field.
    """
    fields = Fields({"name": name, "address": address})
    if not fields.text("name").strip():
        fields.refuse("name", "must not be empty")
    found = address if is_ipv4(address) else ip
    if not is_ipv4(address) and not is_host_name(address):
        fields.refuse("address", "must be a host name or an IPv4 address such as 127.10.0.21")
    elif found is None:
        fields.refuse(
            "address",
            f"is the host name {address}, for which no IPv4 address was found: check its spelling, "
            "or give the IPv4 address",
        )
    fields.finish()
    return Icp(icp_id, name, address, found or "")
