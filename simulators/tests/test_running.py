"""Running a program: it may have as many files open as the system allows."""

import resource
import subprocess
import sys

PROGRAM = """
import resource
from simulators.running import run

async def main():
    return resource.getrlimit(resource.RLIMIT_NOFILE)

print(*run(main()))
"""


def test_a_program_may_open_as_many_files_as_the_hard_limit_says() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard)),
    )
    assert ended.stdout.split() == [str(hard), str(hard)]
