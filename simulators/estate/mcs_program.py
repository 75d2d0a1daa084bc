"""The program of our MCS as a process, perhaps begun before anybody knows where it will run.

An MCS's start is for the most part Python that reads its modules, and so is the start of an estate
around it. Whoever knows from the first moment that an MCS will be wanted calls `begin_early`, so
that both read at the same time ([decision 102](docs/decisions/0102-the-mcs-begins-early.md)).
"""

import atexit
import gc
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from simulators.lineage import die_with_parent

NO_GARBAGE = (20_000, 20, 20)
"""Thresholds of the garbage collector while modules are read, which make objects by the ten
thousand and hardly any garbage: a twentieth of a start. `simulators.running` has the same, but to
read that would come before the MCS's process begins."""

PROGRAM = f"""\
import contextlib, gc, json, os, runpy, sys
gc.set_threshold(*{NO_GARBAGE})
with contextlib.suppress(Exception):  # what is wrong with it is said below, into the log
    import system.app, system.api.web, system.maintenance.commands
told = sys.stdin.readline()
if told:
    told = json.loads(told)
    log = os.open(told["log"], os.O_WRONLY | os.O_APPEND)
    os.dup2(log, 1), os.dup2(log, 2), os.close(log)
    sys.argv[1:] = told["words"]
    runpy.run_module("system", run_name="__main__", alter_sys=True)
"""
"""`python -m system`, whose command line comes as a line on standard input; without one it ends."""

_early: list["McsProgram"] = []


class McsProgram:
    """A Python process that has read the MCS's modules, or is about to, and waits for its words."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent,
        )

    def run(self, words: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
        """Be `python -m system WORDS`; what it says is appended to `log`, which must be there."""
        line = json.dumps({"words": list(words), "log": str(log)}).encode() + b"\n"
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line)
            self._process.stdin.close()
        except BrokenPipeError:
            pass  # it has ended: whoever waits for its answer sees the status
        return self._process

    def end(self) -> None:
        """End it without a word, where none was said."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
            self._process.wait()


def begin_early() -> None:
    """Begin a process for the next MCS that is wanted; where none is, it ends with this one.

    This one reads modules meanwhile, and looks for little garbage from now on.
    """
    gc.set_threshold(*NO_GARBAGE)
    program = McsProgram()
    _early.append(program)
    atexit.register(program.end)


def unwanted() -> None:
    """End what was begun early: no MCS of ours has a part in this."""
    while _early:
        _early.pop().end()


def program() -> McsProgram:
    """The one that was begun early, or one that begins now."""
    return _early.pop() if _early else McsProgram()
