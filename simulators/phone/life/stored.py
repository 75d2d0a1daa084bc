"""What can be read of a life at any time, and what is stored in the phone."""

from collections.abc import Mapping

from simulators.core import Address
from simulators.phone.files.config_file import Layers
from simulators.phone.files.firmware import Running
from simulators.phone.habits import LifeSettings
from simulators.phone.life import actions as do
from simulators.phone.life.extras import Extras
from simulators.phone.life.line_states import LineState
from simulators.phone.life.service import Service
from simulators.phone.life.situation import Situation, Trouble
from simulators.phone.life.states import Event, State
from simulators.phone.local.directory import Directory

NO_CABLE = "No network cable"


class Stored:
    """Readings of a `Life`, and its store."""

    cable_in: bool
    _service: Service | None
    _extras: Extras

    def __init__(self, situation: Situation) -> None:
        self._situation = situation

    @property
    def settings(self) -> LifeSettings:
        """Its habits."""
        return self._situation.settings

    @property
    def layers(self) -> Layers:
        """The layers of its configuration."""
        return self._situation.layers

    @layers.setter
    def layers(self, layers: Layers) -> None:
        self._situation.layers = layers

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return self._situation.state

    @property
    def configuration(self) -> Mapping[str, str]:
        """The merged configuration."""
        return self._situation.configuration

    @property
    def certificates(self) -> bytes:
        """The user certificates (PEM) that it trusts beside those it was made with."""
        return self._situation.certificates

    @property
    def running(self) -> Running:
        """What is flashed."""
        return self._situation.running

    @running.setter
    def running(self, running: Running) -> None:
        self._situation.running = running

    @property
    def contact(self) -> Address:
        """Its own SIP address."""
        return self._situation.contact

    @property
    def message(self) -> str:
        """What the screen complains of; empty when nothing is wrong."""
        return self._situation.trouble.value if self.cable_in else NO_CABLE

    @property
    def trouble(self) -> Trouble:
        """What is wrong with its configuration or firmware."""
        return self._situation.trouble

    @property
    def lines(self) -> dict[int, LineState]:
        """The lines by number, while the phone is in service."""
        return self._service.lines if self._service else {}

    @property
    def directory(self) -> Directory:
        """The contacts of the directories that were fetched."""
        return self._extras.contacts

    def set_local(self, values: Mapping[str, str], *, erase: bool = False) -> None:
        """Store values entered on the phone; with `erase` they replace all stored before."""
        self._situation.set_local(values, erase=erase)

    def factory_default(self) -> None:
        """Forget all that is stored but the firmware; a restart follows."""
        self._situation.factory_default()

    def actions(self) -> list[do.Action]:
        """What is to be done, in order, once."""
        return self._situation.actions()

    def _move(self, event: Event) -> None:
        """Go on in the table of states."""
        self._situation.move(event)

    def _do(self, action: do.Action) -> None:
        """Want something done."""
        self._situation.want(action)

    def _note(self, name: str, /, **facts: object) -> None:
        """Want a line in the journal."""
        self._situation.note(name, **facts)
