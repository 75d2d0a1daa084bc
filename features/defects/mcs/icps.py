"""Stage 3: which ICP of the MBG is the node's."""

from typing import Any

from features.defects.defect import Defect


def _by_name(_original: Any) -> Any:
    return lambda job, icps: next((icp for icp in icps if icp.name == job.node_name), None)


def _else_the_last(original: Any) -> Any:
    async def find(self: Any, job: Any) -> Any:
        try:
            return await original(self, job)
        except Exception as error:
            if getattr(error, "code", "") != "icp_not_found":
                raise
            return (await self._client.icps())[-1]

    return find


def _none_named(original: Any) -> Any:
    return lambda job, _icps: original(job, [])


def _never_without_icp(original: Any) -> Any:
    def next_attempt_at(attempts: int, error: Any, event: Any, turn: Any) -> float | None:
        found: float | None = original(attempts, error, event, turn)
        return None if error.code == "icp_not_found" else found

    return next_attempt_at


DEFECTS = (
    Defect(
        "icp-1-found-by-name", "MCS", ("ICP-1",),
        "An ICP is the node's only if it has the node's name, whatever its address.",
        "system.provisioning.plan:matching_icp",
        _by_name,
    ),
    Defect(
        "icp-2-any-icp-taken", "MCS", ("ICP-2",),
        "Where no ICP has the node's address, SIP users are made at another one.",
        "system.provisioning.executor:IcpFinder.find",
        _else_the_last,
    ),
    Defect(
        "icp-2-icps-not-named", "MCS", ("ICP-2",),
        "The error for a missing ICP does not say which ICPs the MBG has.",
        "system.provisioning.plan:icp_missing",
        _none_named,
    ),
    Defect(
        "icp-2-never-tried-again", "MCS", ("ICP-2",),
        "Once no ICP was found, provisioning does not go on when the ICP is put right.",
        "system.provisioning.outcomes:_next_attempt_at",
        _never_without_icp,
    ),
)  # fmt: skip
