"""Secrets at rest: encrypted columns, and the key file that stands outside the database.

A copy of the database alone gives no credential away. The key file ``secret.key`` is made at the
first start, with mode 0600; who backs the database up has to keep it too.
"""

import os
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Dialect, String, TypeDecorator

from system.errors import DatabaseUnusable

KEY_FILE = "secret.key"
_DIALECT_ATTRIBUTE = "mcs_secret_box"


class SecretBox:
    """Encrypts and decrypts short texts with one key (Fernet: AES-128-CBC and HMAC-SHA256)."""

    def __init__(self, key: bytes, not_kept_at: Path | None = None) -> None:
        self._fernet = Fernet(key)
        self._key = key
        self._not_kept_at = not_kept_at

    def keep(self) -> None:
        """Write a key that was made for this start; called before anything is encrypted with it.

        Raises:
            DatabaseUnusable: the file cannot be written.
        """
        path, self._not_kept_at = self._not_kept_at, None
        if path is None:
            return
        try:
            write_private_file(path, self._key + b"\n")
        except OSError as error:
            raise DatabaseUnusable(
                "secret_key_unusable", f"The key file {path} cannot be written: {error.strerror}."
            ) from error

    def encrypt(self, text: str) -> str:
        """The text as a Fernet token; its time stamp is fixed at 0, for nobody reads it."""
        return self._fernet.encrypt_at_time(text.encode(), 0).decode("ascii")

    def decrypt(self, token: str) -> str:
        """The text of a token made with the same key.

        Raises:
            DatabaseUnusable: the token was made with another key, or the key file is missing.
        """
        try:
            return self._fernet.decrypt(token.encode("ascii")).decode()
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


def open_secret_box(data_dir: Path) -> SecretBox:
    """The box of ``data_dir``; a missing key is made, and written by ``keep`` for a new database.

    Raises:
        DatabaseUnusable: the file cannot be read or holds no key.
    """
    path = data_dir / KEY_FILE
    try:
        if not path.exists():
            return SecretBox(Fernet.generate_key(), not_kept_at=path)
        return SecretBox(path.read_bytes().strip())
    except (OSError, ValueError) as error:
        raise DatabaseUnusable(
            "secret_key_unusable", f"The key file {path} cannot be used: {error}."
        ) from error


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


def attach(dialect: Dialect, box: SecretBox) -> None:
    """Let the encrypted columns of one engine use ``box``; two engines may have two boxes."""
    setattr(dialect, _DIALECT_ATTRIBUTE, box)


class EncryptedText(TypeDecorator[str]):
    """A text column whose values are encrypted in the database and plain in the models."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Encrypt on the way in."""
        return None if value is None else _box_of(dialect).encrypt(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """Decrypt on the way out."""
        return None if value is None else _box_of(dialect).decrypt(value)


def _box_of(dialect: Dialect) -> SecretBox:
    box = getattr(dialect, _DIALECT_ATTRIBUTE)
    assert isinstance(box, SecretBox)
    return box
