"""Consumers: the applications that may ask an MBG for tokens, and what each may do (TOK-2, TOK-9).

Pure. The shared secret is made by the MBG and told once, to whoever adds the consumer or
regenerates the secret; `document` is what may be read later.
"""

import base64
from dataclasses import dataclass, field

from simulators.core import Entropy
from simulators.errors import ConfigurationError
from simulators.mbg.refusals import not_found

PERMISSIONS = ("Base/managetoken", "MBG/v1/icps", "MBG/v1/devices")
LEVELS = ("none", "read", "read/write")
DOCUMENTED_PERMISSIONS = {
    "Base/managetoken": "read/write",
    "MBG/v1/icps": "read",
    "MBG/v1/devices": "read/write",
}


@dataclass(slots=True)
class Consumer:
    """An application that may ask for tokens. `permissions`: resource -> one of `LEVELS`."""

    name: str
    consumer_id: str
    shared_secret: str = field(repr=False)
    permissions: dict[str, str]
    active: bool = True

    def may(self, permission: str, needed: str) -> bool:
        """Whether this consumer has `needed` (`read` or `write`) on a resource."""
        level = self.permissions.get(permission, "none")
        return (needed == "read" and level != "none") or level == "read/write"

    def document(self) -> dict[str, object]:
        """The consumer as the page lists it: without its secret."""
        return {
            "name": self.name,
            "consumer_id": self.consumer_id,
            "active": self.active,
            "permissions": {name: self.permissions.get(name, "none") for name in PERMISSIONS},
        }


class Consumers(dict[str, Consumer]):
    """All consumers of one MBG by ConsumerID, and what the page does with them."""

    def __init__(self, entropy: Entropy) -> None:
        super().__init__()
        self._entropy = entropy

    def known(self, consumer_id: str) -> Consumer:
        """One consumer.

        Raises:
            Refused: 404.
        """
        consumer = self.get(consumer_id)
        if consumer is None:
            raise not_found(f"consumer {consumer_id}")
        return consumer

    def add(
        self, name: str, consumer_id: str, permissions: dict[str, str] | None, *, active: bool
    ) -> Consumer:
        """Add a new consumer, with the documented permissions where none are given.

        Of permissions that are given, those left out are "none".

        Raises:
            ConfigurationError: the id is empty or taken, or a permission or its level is unknown.
        """
        if not consumer_id:
            raise ConfigurationError("a consumer needs a ConsumerID")
        if consumer_id in self:
            raise ConfigurationError(f"ConsumerID {consumer_id} is in use: choose another")
        granted = dict.fromkeys(PERMISSIONS, "none")
        granted |= _checked(DOCUMENTED_PERMISSIONS if permissions is None else permissions)
        consumer = Consumer(name, consumer_id, new_secret(self._entropy), granted, active)
        self[consumer_id] = consumer
        return consumer

    def edit(
        self, consumer_id: str, *, name: str | None = None, permissions: dict[str, str] | None
    ) -> Consumer:
        """Change name or permissions; None, and a permission that is left out, stay.

        Raises:
            Refused: 404.
            ConfigurationError: a permission or its level is unknown.
        """
        consumer = self.known(consumer_id)
        if permissions is not None:
            consumer.permissions |= _checked(permissions)
        if name is not None:
            consumer.name = name
        return consumer

    def regenerate_secret(self, consumer_id: str) -> str:
        """Make a new shared secret; with the one before nothing can be signed any more."""
        consumer = self.known(consumer_id)
        consumer.shared_secret = new_secret(self._entropy)
        return consumer.shared_secret


def new_secret(entropy: Entropy) -> str:
    """16 random octets in base64, the shape of the real one's tokens and secrets."""
    return base64.b64encode(entropy(16)).decode()


def _checked(permissions: dict[str, str]) -> dict[str, str]:
    for permission, level in permissions.items():
        if permission not in PERMISSIONS or level not in LEVELS:
            raise ConfigurationError(
                f"expected a permission of {PERMISSIONS} at a level of {LEVELS}, "
                f"got {permission}: {level}"
            )
    return dict(permissions)
