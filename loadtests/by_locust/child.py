"""A load engine as a child process of a Locust process, under gevent. No protocol in it."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import gevent
from gevent import subprocess
from gevent.lock import RLock

from loadtests.batches import Message, from_line

ROOT = Path(__file__).parents[2]


class Child:
    """One engine. It ends with its standard input, so it never outlives us.

    Args:
        options: of `python -m loadtests.engine`.
    """

    def __init__(self, *options: str) -> None:
        self.is_ended = False
        """Whether we have asked it to end."""
        self._orders = RLock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "loadtests.engine", *options],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def messages(self) -> Iterator[Message]:
        """What it says, until it ends.

        Raises:
            GeneratorError: it says what is no message.
        """
        for line in self._process.stdout:
            yield from_line(line)

    def status(self) -> int:
        """Wait for its end; its exit status."""
        return int(self._process.wait())

    def order(self, words: str) -> None:
        """Tell it something; the greenlets of many users come by here."""
        with self._orders:
            if not self.is_ended:
                with contextlib.suppress(BrokenPipeError):  # who reads what it says sees its end
                    self._process.stdin.write(words.encode() + b"\n")
                    self._process.stdin.flush()

    def end(self) -> None:
        """End it by its own id; closing its input is enough unless it hangs."""
        self.is_ended = True
        with self._orders, contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        for end in (lambda: None, self._process.terminate, self._process.kill):
            if self._process.poll() is None:
                end()
                with gevent.Timeout(3, False):
                    self._process.wait()
