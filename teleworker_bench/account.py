"""What a phone has to know to register."""

from dataclasses import dataclass, field

from simulators.core import Address


@dataclass(frozen=True, slots=True)
class Account:
    """User name, the name that is shown to who challenges, password, and where it registers."""

    username: str
    auth_name: str
    password: str = field(repr=False)
    registrar: Address

    def settings(self) -> dict[str, str]:
        """As values of the phone's configuration, for line 1."""
        return {
            "sip line1 user name": self.username,
            "sip line1 auth name": self.auth_name,
            "sip line1 screen name": self.username,
            "sip line1 password": self.password,
            "sip line1 registrar ip": self.registrar[0],
            "sip line1 registrar port": str(self.registrar[1]),
        }
