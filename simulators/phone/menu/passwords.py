"""The passwords of a phone (domain reference 3.2): digits alone; else the default counts."""

from collections.abc import Mapping

DEFAULT_PASSWORD = "22222"
TRIES = 3
"""Wrong passwords until the menu falls back to idle."""


def admin_password(configuration: Mapping[str, str]) -> str:
    """The administrator password that counts.

    A value with anything but digits is as good as none.
    """
    return _digits(configuration, "admin password") or DEFAULT_PASSWORD


def user_password(configuration: Mapping[str, str]) -> str:
    """The user's password; empty by default."""
    return _digits(configuration, "user password")


def guards_menu(configuration: Mapping[str, str]) -> bool:
    """Whether the whole menu asks for a password (`options password enabled`)."""
    return configuration.get("options password enabled", "0").strip() == "1"


def opens_menu(typed: str, configuration: Mapping[str, str]) -> bool:
    """Whether a password opens the guarded menu: the user's, or the administrator's (chosen)."""
    return typed in (user_password(configuration), admin_password(configuration))


def change(values: list[str], configuration: Mapping[str, str]) -> str:
    """What is wrong with a wish to change it (present, new, again); empty when nothing is."""
    present, new, again = values
    if present != admin_password(configuration):
        return "Wrong password"
    if not new:
        return "Enter a new password"
    return "" if new == again else "Passwords do not match"


def _digits(configuration: Mapping[str, str], name: str) -> str:
    password = configuration.get(name, "").strip("\"'")
    return password if password.isascii() and password.isdigit() else ""
