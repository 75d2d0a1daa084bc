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

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)

    def encrypt(self, text: str) -> str:
        """The text as a Fernet token; its time stamp is fixed at 0, for nobody reads it."""
        return self._fernet.encrypt_at_time(text.encode(), 0).decode("ascii")

    def decrypt(self, token: str) -> str:
        """The text of a token made with the same key.

        Raises:
            DatabaseUnusable: the token was made with another key.
        """
        try:
            return self._fernet.decrypt(token.encode("ascii")).decode()
        except InvalidToken:
            raise DatabaseUnusable(
                "secret_key_wrong",
                f"The key file {KEY_FILE} does not belong to this database; put back the one that "
                "was kept with it.",
            ) from None


def open_secret_box(data_dir: Path) -> SecretBox:
    """The box of ``data_dir``; the key file is made when it is missing.

    Raises:
        DatabaseUnusable: the file cannot be read or holds no key.
    """
    path = data_dir / KEY_FILE
    try:
        key = path.read_bytes() if path.exists() else _make_key_file(path)
        return SecretBox(key.strip())
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


def _make_key_file(path: Path) -> bytes:
    key = Fernet.generate_key()
    write_private_file(path, key + b"\n")
    return key


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
