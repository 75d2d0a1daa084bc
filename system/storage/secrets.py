"""Secrets at rest: the key file, and columns that are encrypted with it.

``secret.key`` stands beside the database, not in it, so a copy of the database alone gives no
password away. It holds one key; while ``rotate-key`` runs, a second line with the key before: what
is written is encrypted with the first, what is read with any of them.
"""

import hashlib
import hmac
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Dialect, String
from sqlalchemy.types import TypeDecorator

from system.domain.credentials import Sealed
from system.errors import DatabaseUnusable

KEY_FILE = "secret.key"
_DIALECT_ATTRIBUTE = "mcs_secret_box"
_TAG_LENGTH = 24


class Box(Protocol):
    """What encrypted columns need."""

    def encrypt(self, text: str) -> str:
        """The text as it is stored."""
        ...

    def decrypt(self, token: str) -> str:
        """The text of what is stored."""
        ...


class RawBox:
    """Hands encrypted values through as they are: for copies, which need no key."""

    def encrypt(self, text: str) -> str:
        """The same text."""
        return text

    def decrypt(self, token: str) -> str:
        """The same text."""
        return token


class SecretBox:
    """Encrypts and decrypts short texts (Fernet: AES-128-CBC and HMAC-SHA256).

    Args:
        keys: the newest first; it alone encrypts.
    """

    def __init__(self, keys: Sequence[bytes], not_kept_at: Path | None = None) -> None:
        self._newest = Fernet(keys[0])
        self._any = MultiFernet([Fernet(key) for key in keys])
        self.keys = tuple(keys)
        self._not_kept_at = not_kept_at
        self._tag_key = hashlib.sha256(b"entity tags of the MCS\0" + keys[0]).digest()

    def keep(self) -> None:
        """Write a key that was made for this start; called before anything is encrypted with it.

        Raises:
            DatabaseUnusable: the file cannot be written.
        """
        path, self._not_kept_at = self._not_kept_at, None
        if path is None:
            return
        try:
            write_key_file(path, self.keys)
        except OSError as error:
            raise DatabaseUnusable(
                "secret_key_unusable", f"The key file {path} cannot be written: {error.strerror}."
            ) from error

    def encrypt(self, text: str) -> str:
        """The text as a Fernet token; its time stamp is fixed at 0, for nobody reads it."""
        return self._newest.encrypt_at_time(text.encode(), 0).decode("ascii")

    def decrypt(self, token: str) -> str:
        """The text of a token made with one of the keys.

        Raises:
            DatabaseUnusable: the token was made with another key, or the key file is missing.
        """
        try:
            return self._any.decrypt(token.encode("ascii")).decode()
        except InvalidToken:
            if self._not_kept_at is not None:
                raise DatabaseUnusable(
                    "secret_key_missing",
                    f"The key file {self._not_kept_at} is missing, and the database cannot be read "
                    "without it; put back the one that was kept with it.",
                ) from None
            raise DatabaseUnusable(
                "secret_key_wrong",
                f"The key file {KEY_FILE} does not belong to this database; put back the one that "
                "was kept with it.",
            ) from None

    def is_newest(self, token: str) -> bool:
        """Whether the token was made with the newest key."""
        try:
            self._newest.decrypt(token.encode("ascii"))
        except InvalidToken:
            return False
        return True

    def tag(self, text: str) -> str:
        """A short mark of a text that gives nothing of it away, also not by trying (HMAC)."""
        return hmac.new(self._tag_key, text.encode(), "sha256").hexdigest()[:_TAG_LENGTH]


def new_key() -> bytes:
    """A key that nobody has."""
    return Fernet.generate_key()


def open_secret_box(data_dir: Path) -> SecretBox:
    """The box of ``data_dir``; a missing key is made, and written by ``keep`` for a new database.

    Raises:
        DatabaseUnusable: the file cannot be read or holds no key.
    """
    path = data_dir / KEY_FILE
    if not path.exists():
        return SecretBox([new_key()], not_kept_at=path)
    return read_key_file(path)


def read_key_file(path: Path) -> SecretBox:
    """The box of a key file, which has to be there.

    Raises:
        DatabaseUnusable: the file cannot be read or holds no key.
    """
    try:
        keys = path.read_bytes().split()
        if not keys:
            raise ValueError("it is empty")
        return SecretBox(keys)
    except (OSError, ValueError) as error:
        raise DatabaseUnusable(
            "secret_key_unusable", f"The key file {path} cannot be used: {str(error).rstrip('.')}."
        ) from error


def write_key_file(path: Path, keys: Sequence[bytes]) -> None:
    """Put the key file in place, the newest key first; it changes whole or not at all."""
    write_private_file(path, b"".join(key + b"\n" for key in keys))


def write_private_file(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may read; it appears whole or not at all."""
    partial = path.with_name(path.name + ".part")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def attach(dialect: Dialect, box: Box) -> None:
    """Let the encrypted columns of one engine use ``box``; two engines may have two boxes."""
    setattr(dialect, _DIALECT_ATTRIBUTE, box)


class EncryptedText(TypeDecorator[str]):
    """A text column whose values are encrypted in the database and plain in the models."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Encrypt on the way in, unless it is so already."""
        if isinstance(value, Sealed):
            return value.token
        return None if value is None else _box_of(dialect).encrypt(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """Decrypt on the way out."""
        return None if value is None else _box_of(dialect).decrypt(value)


class SealedText(TypeDecorator[Sealed]):
    """An encrypted column, read as it is stored (``type_coerce``)."""

    impl = String
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> Sealed | None:
        """Nothing is decrypted."""
        return None if value is None else Sealed(value)


def _box_of(dialect: Dialect) -> Box:
    box: Box = getattr(dialect, _DIALECT_ATTRIBUTE)
    return box
