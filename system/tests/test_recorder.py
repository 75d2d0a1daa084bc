"""Group commit: all is recorded, in few units of work, and nothing waits after the end."""

from collections.abc import Sequence

import pytest

from system.errors import McsError
from system.provisioning.recorder import Recorder
from system.provisioning.steps import Failed, Outcome

ERROR = McsError("x", "x")
GROUP = 10


@pytest.mark.parametrize("count", [0, 1, GROUP - 1, GROUP, 3 * GROUP + 1])
async def test_all_is_recorded_once_in_groups(count: int) -> None:
    groups: list[list[int]] = []

    async def note(outcomes: Sequence[Outcome]) -> None:
        groups.append([o.operation_id for o in outcomes if isinstance(o, Failed)])

    async with Recorder(note, GROUP) as recorder:
        for number in range(count):
            recorder.put(Failed(number, ERROR))
    assert [number for group in groups for number in group] == list(range(count))
    assert len(groups) <= count // GROUP + 1


async def test_a_failure_to_record_is_not_swallowed() -> None:
    async def note(_outcomes: Sequence[Outcome]) -> None:
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        async with Recorder(note, GROUP) as recorder:
            recorder.put(Failed(1, ERROR))


async def test_left_by_an_exception_it_drops_what_is_not_stored() -> None:
    seen: list[Outcome] = []

    async def note(outcomes: Sequence[Outcome]) -> None:
        seen.extend(outcomes)

    with pytest.raises(KeyError):
        async with Recorder(note, GROUP) as recorder:
            recorder.put(Failed(1, ERROR))
            raise KeyError
    assert seen == []
