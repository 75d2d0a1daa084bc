"""What all parts of one phone's life share: where it stands, what is stored, what is to be done."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import Enum

from simulators.core import Address
from simulators.errors import LocalProtocolError
from simulators.phone.files.config_file import Layers
from simulators.phone.files.firmware import Running
from simulators.phone.habits import LifeSettings
from simulators.phone.identity import Identity
from simulators.phone.life import actions as do
from simulators.phone.life.states import TRANSITIONS, Event, State
from simulators.phone.models import Model


class Trouble(Enum):
    """What the screen complains of; the texts are chosen (domain reference 3.4: not public)."""

    NONE = ""
    NO_SERVER = "No configuration server"
    AWAY = "Configuration server away"
    CERTIFICATE = "Certificate validation failed"
    NO_FIRMWARE = "No firmware found"


class Situation:
    """One life's state and store.

    Args:
        calendar: the phone's own clock, epoch seconds.
        chance: a random number from 0 to below 1, by the run's seed.
    """

    def __init__(
        self,
        identity: Identity,
        model: Model,
        running: Running,
        settings: LifeSettings,
        local: Mapping[str, str],
        calendar: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self.identity = identity
        self.model = model
        self.settings = settings
        self.calendar = calendar
        self.chance = chance
        self.state = State.OFF
        self.trouble = Trouble.NONE
        self.contact: Address = ("0.0.0.0", 0)
        # flashed: outlives the power
        self.running = running
        self.layers = Layers(local=dict(local))
        self.certificates = b""
        self._actions: list[do.Action] = []

    @property
    def configuration(self) -> Mapping[str, str]:
        """The merged configuration."""
        return self.layers.merged

    def set_local(self, values: Mapping[str, str], *, erase: bool = False) -> None:
        """Store values entered on the phone; with `erase` they replace all stored before.

        With the local values go the user certificates (domain reference 3.2).
        """
        local = dict(values) if erase else {**self.layers.local, **values}
        self.layers = replace(self.layers, local=local)
        if erase:
            self.certificates = b""

    def factory_default(self) -> None:
        """Forget all that is stored but the firmware."""
        self.layers = Layers()
        self.certificates = b""

    def move(self, event: Event) -> None:
        """Go where the table says.

        Raises:
            LocalProtocolError: nowhere.
        """
        try:
            self.state = TRANSITIONS[self.state][event]
        except KeyError:
            raise LocalProtocolError(
                f"a phone that is {self.state.value} can't take '{event.value}'"
            ) from None

    def want(self, action: do.Action) -> None:
        """Want something done."""
        self._actions.append(action)

    def note(self, name: str, /, **facts: object) -> None:
        """Want a line in the journal, and in the system log where one is named."""
        self.want(do.Note(name, tuple(facts.items())))

    def actions(self) -> list[do.Action]:
        """What is to be done, in order, once."""
        actions, self._actions = self._actions, []
        return actions
