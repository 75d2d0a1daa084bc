"""One line of a directory, as lists and the LDAP server show it. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a number reaches."""

    first_name: str
    last_name: str
    company: str
    number: str

    @property
    def full_name(self) -> str:
        """First and last name; the company or the number where there is none."""
        return f"{self.first_name} {self.last_name}".strip() or self.company or self.number
