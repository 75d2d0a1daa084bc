"""A node's extensions as its administrator keeps them, and who is told of changes; pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from simulators.core import Entropy
from simulators.errors import ConfigurationError
from simulators.pbx import oai
from simulators.pbx.extensions import DeviceType, Extension, Extensions, make_password
from simulators.pbx.hot_desk import HotDesk
from simulators.pbx.release import FIRST_WITH_CREDENTIALS, Release

ExtensionChange = Callable[[Extension | None, Extension | None], None]
"""Told the extension before (None: added) and after (None: removed)."""


class Database:
    """Extensions and hot desks of one node; they outlive its restarts.

    Args:
        role: the node, in messages.
        release: may be set later (an upgrade).
    """

    def __init__(self, role: str, release: str | Release, entropy: Entropy) -> None:
        self.role = role
        self.release = release if isinstance(release, Release) else Release.parse(release)
        self.on_change: list[ExtensionChange] = []
        self.entropy = entropy
        self._extensions = Extensions()
        self._hot_desk = HotDesk(self._extensions)

    @property
    def extensions(self) -> Mapping[str, Extension]:
        """Number -> extension, a live view."""
        return MappingProxyType(self._extensions)

    @property
    def hot_desk(self) -> Mapping[str, str]:
        """Base extension of each hot desk extension that is logged in, a live view."""
        return self._hot_desk.places

    def add_extension(
        self,
        number: str,
        name: str,
        *,
        hot_desk: bool = False,
        auth_name: str | None = None,
        auth_password: str | None = None,
        passcode: str | None = None,
    ) -> Extension:
        """Add a SIP phone or SIP hot desk extension.

        What is not given is made: the number as authorization name and as passcode, and a random
        password, by a node of 6.3 SP1 or later (PRE-3); older ones leave the password empty.

        Raises:
            ConfigurationError: the number or the authorization name is taken, or can't travel.
        """
        self._check_free(number)
        if auth_password is None:
            auth_password = make_password(self.entropy) if self._makes_passwords else ""
        extension = Extension(
            number,
            name,
            DeviceType.SIP_HOT_DESK if hot_desk else DeviceType.SIP_PHONE,
            number if auth_name is None else auth_name,
            auth_password,
            number if passcode is None else passcode,
        )
        return self._store(None, extension)

    def remove_extension(self, number: str) -> None:
        """Remove an extension; its phone's next registration meets 404."""
        old = self._get(number)
        del self._extensions[number]
        self._tell(old, None)

    def rename_extension(self, number: str, name: str) -> Extension:
        """Give the extension another name, which called phones show from now on."""
        old = self._get(number)
        return self._store(old, replace(old, name=name))

    def renumber_extension(self, number: str, new: str) -> Extension:
        """Give the extension another number: its phone has to register anew.

        Authorization name and passcode follow where they were the number.
        """
        old = self._get(number)
        self._check_free(new)
        extension = replace(
            old,
            number=new,
            auth_name=new if old.auth_name == number else old.auth_name,
            passcode=new if old.passcode == number else old.passcode,
        )
        self._check(extension, except_for=number)
        del self._extensions[number]
        self._extensions[new] = extension
        self._tell(old, extension)
        return extension

    def renew_credentials(self, number: str, password: str | None = None) -> Extension:
        """Give the extension another password; its binding stays until the next refresh.

        Args:
            password: None for a random one, as only 6.3 SP1 and later make it.
        """
        old = self._get(number)
        if password is None and not self._makes_passwords:
            raise ConfigurationError(
                f"{self.role} has release {self.release}, which makes no random passwords "
                f"({FIRST_WITH_CREDENTIALS} and later do): give one"
            )
        made = make_password(self.entropy) if password is None else password
        return self._store(old, replace(old, auth_password=made))

    def set_auth_name(self, number: str, auth_name: str) -> Extension:
        """Give the extension another authorization name; not its number means EXT-6's failure."""
        old = self._get(number)
        return self._store(old, replace(old, auth_name=auth_name))

    # Hot desks

    def log_in(self, hot_desk: str, base: str) -> None:
        """The phone of the extension `base` takes the calls of a hot desk extension.

        Args:
            base: "" for a phone without an extension of its own.

        Raises:
            ConfigurationError: one of the two is no such extension.
        """
        self._hot_desk.log_in(hot_desk, base)
        self._settle()

    def has_passcode(self, hot_desk: str, passcode: str) -> bool:
        """Whether this is a hot desk extension with this passcode."""
        return self._hot_desk.matches(hot_desk, passcode)

    def log_out(self, hot_desk: str) -> None:
        """End a hot desk extension's log-in.

        Raises:
            ConfigurationError: it is not logged in.
        """
        if not self._hot_desk.log_out(hot_desk):
            raise ConfigurationError(f"hot desk extension {hot_desk[:20]} is not logged in")
        self._settle()

    # Inside

    def _settle(self) -> None:
        """Say what a change has given to say."""

    @property
    def _makes_passwords(self) -> bool:
        return self.release >= FIRST_WITH_CREDENTIALS

    def _get(self, number: str) -> Extension:
        try:
            return self._extensions[number]
        except KeyError:
            raise ConfigurationError(f"there is no extension {number} on {self.role}") from None

    def _store(self, old: Extension | None, new: Extension) -> Extension:
        self._check(new, except_for=new.number)
        self._extensions[new.number] = new
        self._tell(old, new)
        return new

    def _check_free(self, number: str) -> None:
        if number in self._extensions:
            raise ConfigurationError(f"extension {number} exists on {self.role}: choose another")
        if not (number.isascii() and number.isdigit()):
            raise ConfigurationError(f"an extension is digits, got {number[:20]!r}")

    def _check(self, extension: Extension, *, except_for: str) -> None:
        owner = self._extensions.owner_of(extension.auth_name)
        if owner is not None and owner.number != except_for:
            raise ConfigurationError(
                f"authorization name {extension.auth_name} belongs to extension {owner.number}"
            )
        oai.join_fields([oai.Text(extension.auth_name), oai.Text(extension.auth_password)])

    def _tell(self, old: Extension | None, new: Extension | None) -> None:
        """An extension is not as it was; whoever wants to know hears of it."""
        self._hot_desk.changed(old, new)
        for listener in list(self.on_change):
            listener(old, new)
