"""Our MCS in an estate: it may be off for a while, and starts again with the data that it had."""

import ssl
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from simulators.estate.mcs import McsEndpoint, McsLauncher, McsPlace, RunningMcs


class OwnMcs:
    """An MCS that is switched on and off where it is placed.

    Args:
        launch: starts one.
        place: where; its data stay there.
        trust: what its clients trust.
    """

    def __init__(self, launch: McsLauncher, place: McsPlace, trust: ssl.SSLContext) -> None:
        self._launch, self._place, self._trust = launch, place, trust
        self._running: RunningMcs | None = None

    async def start(self) -> McsEndpoint:
        """Let it run; returns where it is. Nothing happens where it runs already."""
        if self._running is None:
            self._running = await self._launch(self._place, self._trust)
        return self._running.endpoint

    async def stop(self) -> None:
        """Let it end; may be called again."""
        if self._running is not None:
            stopped, self._running = self._running, None
            await stopped.stop()


def own_folder(given: Path | None, stack: AsyncExitStack) -> Path:
    """Where files of the MCS go: the folder that is given, or one that goes with the stack."""
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        return given
    made = tempfile.TemporaryDirectory(prefix="teleworker-bench-")
    stack.callback(made.cleanup)
    return Path(made.name)


def data_folder(folder: Path) -> Path:
    """The MCS's data folder there; closed to others, also one that was there before."""
    data_dir = folder / "mcs"
    data_dir.mkdir(mode=0o700, exist_ok=True)
    data_dir.chmod(0o700)  # whatever the umask is
    return data_dir
