"""The data folder belongs to one MCS at a time."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from system.errors import StartError

LOCK_FILE = "lock"


@contextlib.contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Hold the folder's lock, which ends with the process at the latest.

    Raises:
        StartError: another MCS holds it, or the folder cannot be written to.
    """
    path = data_dir / LOCK_FILE
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StartError(
            "data_dir_unusable",
            f"File {path} cannot be written: {error.strerror}.",
            field="data_dir",
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StartError(
            "data_dir_in_use",
            f"Folder {data_dir} is in use by another MCS. Stop that one, or name another folder.",
            field="data_dir",
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)
