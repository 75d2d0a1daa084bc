"""What has to be there before the MBG is told anything of an extension."""

from dataclasses import replace

import pytest

from system.domain.credentials import Sealed
from system.domain.operations import Kind
from system.errors import GateClosed, NotReady
from system.provisioning.plan import Job, check_ready

JOB = Job(
    operation_id=1,
    kind=Kind.PROVISION,
    extension_id=1,
    extension="2101",
    name="Ada",
    node_name="HQ",
    node_address="192.0.2.10",
    node_release="6.3 SP1",
    ct_gateway_release="5.0.64",
    internal_auth_name="2101",
    internal_auth_password="secret",
    remote_name="ada",
    remote_password="Remote-1",
    sealed_password=Sealed("gAAA"),
    device_id=None,
    device_name=None,
    unanswered_name=None,
)


def test_with_everything_there_it_may_begin() -> None:
    check_ready(JOB)


@pytest.mark.parametrize("missing", ["internal_auth_name", "internal_auth_password"])
@pytest.mark.parametrize("value", [None, ""])
def test_credentials_that_are_missing_or_empty_are_waited_for(
    missing: str, value: str | None
) -> None:
    job = replace(JOB, **{missing: value})  # type: ignore[arg-type]
    with pytest.raises(NotReady) as raised:
        check_ready(job)
    assert raised.value.code == "pbx_credentials_missing"
    with pytest.raises(GateClosed):
        check_ready(replace(job, node_release="6.3"))


def test_a_node_without_an_address_is_waited_for() -> None:
    with pytest.raises(NotReady, match="has no address"):
        check_ready(replace(JOB, node_address=None))
