"""Who may do what: roles as sets of permissions, in one table.

Every route of the API names the permission that it needs (``api/declare.py``); the log-in at Phone
Manager needs one as well. Nothing else decides what a role may do.
"""

from enum import StrEnum


class Role(StrEnum):
    """What an account is for."""

    ENGINEER = "engineer"
    """Sets the site up: everything."""
    SUPERVISOR = "supervisor"
    """Looks after people and their phones: extensions, phones, who has which; reads the rest."""
    USER = "user"
    """Has a phone: Phone Manager and the own account."""
    READ_ONLY = "read-only"
    """Looks on: site, extensions and phones, without changing any."""


class Permission(StrEnum):
    """One thing that a role may or may not do."""

    READ_SITE = "read site"
    """MBG page, phone systems, nodes, client locations, firmware, images, licences, health."""
    CHANGE_SITE = "change site"
    """The same, written; the MBG's access token; firmware and images."""
    READ_PHONES = "read phones"
    """SIP extensions, phones with history and keys, directories, operations on the MBG."""
    CHANGE_PHONES = "change phones"
    """The same, written: credentials, assignments, enrolments, restarts, retries."""
    READ_USERS = "read users"
    CHANGE_USERS = "change users"
    """Accounts of others with their roles, passwords and log-ins."""
    READ_AUDIT = "read audit"
    CHANGE_AUDIT = "change audit"
    """How long the audit log is kept; its entries change by nobody."""
    PHONE_MANAGER = "Phone Manager"
    """Log in there; the own personal directory."""


ALLOWED: dict[Role, frozenset[Permission]] = {
    Role.ENGINEER: frozenset(Permission),
    Role.SUPERVISOR: frozenset(
        {
            Permission.READ_SITE,
            Permission.READ_PHONES,
            Permission.CHANGE_PHONES,
            Permission.READ_USERS,
            Permission.READ_AUDIT,
            Permission.PHONE_MANAGER,
        }
    ),
    Role.USER: frozenset({Permission.PHONE_MANAGER}),
    Role.READ_ONLY: frozenset({Permission.READ_SITE, Permission.READ_PHONES}),
}


def allows(role: Role, permission: Permission) -> bool:
    """Whether accounts of this role may do it."""
    return permission in ALLOWED[role]


def roles_with(permission: Permission) -> list[Role]:
    """The roles that may do it, the mightiest first."""
    return [role for role in Role if allows(role, permission)]
