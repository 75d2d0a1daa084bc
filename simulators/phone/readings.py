"""What can be read of a handset at any time, as values."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulators.phone.files.config_file import Layers
from simulators.phone.files.keys import Key, keys
from simulators.phone.identity import Identity
from simulators.phone.life.life import Life
from simulators.phone.life.states import SIP_FIRMWARE_ABSENT, RegistrationState, State
from simulators.phone.models import Model
from simulators.sip.registration import Account


@dataclass(frozen=True, slots=True)
class Refusal:
    """The latest refusal of a registration: SIP status and the text of its Warning."""

    status: int
    warning: str


class Readings:
    """Its life, its configuration and its registrations; calls are in `calling`."""

    identity: Identity
    model: Model
    _life: Life

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return self._life.state

    @property
    def registered(self) -> bool:
        """Whether at least one line is registered."""
        return self.registration_state is RegistrationState.REGISTERED

    @property
    def registration_state(self) -> RegistrationState:
        """Its lines together: REGISTERED if one is, else the first's; UNREGISTERED before any."""
        states = [line.state for line in self._life.lines.values() if line.state is not None]
        if RegistrationState.REGISTERED in states:
            return RegistrationState.REGISTERED
        return states[0] if states else RegistrationState.UNREGISTERED

    @property
    def line_states(self) -> dict[int, RegistrationState | None]:
        """Each line's latest outcome, None before the first."""
        return {number: line.state for number, line in self._life.lines.items()}

    @property
    def accounts(self) -> dict[int, Account]:
        """What each line registers with (its password is hidden by `repr`)."""
        return {number: line.line.account for number, line in self._life.lines.items()}

    @property
    def line_names(self) -> list[str]:
        """What the screen calls each line: its extension, never its user name."""
        return [line.line.screen_name for line in self._life.lines.values()]

    @property
    def layers(self) -> Layers:
        """The layers of its configuration."""
        return self._life.layers

    @property
    def configuration(self) -> Mapping[str, str]:
        """The merged configuration."""
        return self._life.configuration

    @property
    def local_configuration(self) -> dict[str, str]:
        """Values that were entered on the phone."""
        return dict(self._life.layers.local)

    @property
    def firmware_version(self) -> str:
        return self._life.running.version

    @property
    def firmware_kind(self) -> str:
        return self._life.running.kind

    @property
    def reboots(self) -> int:
        """Restarts since it was made, those after a power failure not counted."""
        return self._life.reboots

    @property
    def contact(self) -> tuple[str, int]:
        """Its own SIP address while it runs."""
        return self._life.contact

    @property
    def cable_in(self) -> bool:
        """Whether its network cable is plugged in."""
        return self._life.cable_in

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys that it shows, top softkeys first; none while it isn't in service."""
        quiet = SIP_FIRMWARE_ABSENT | {
            State.OFF, State.BOOTING, State.NO_CABLE, State.NETWORK, State.FLASHING
        }  # fmt: skip
        return () if self.state in quiet else keys(self.configuration, self.model)
