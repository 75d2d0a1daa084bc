"""Emulated 69xx phones as a plain test uses them: what a hand does, what an eye sees."""

from simulators.estate.estate import Estate
from simulators.phone.calls.line_table import Activity
from simulators.phone.handset import Handset
from simulators.phone.life.states import State
from simulators.phone.people import Person, invent
from simulators.phone.readings import Refusal
from simulators.portal import Bench
from teleworker_bench.account import Account

SETTLED = (State.REGISTERED, State.REFUSED, State.TIMED_OUT)
PHONES_PORT = 8202


class PhoneHandle:
    """One phone, switched off at first. `itself` is the emulated phone; use it with `call`."""

    def __init__(self, bench: Bench, person: Person, handset: Handset) -> None:
        self._bench = bench
        self.person = person
        self.itself = handset
        self.call = bench.call

    @property
    def mac(self) -> str:
        """Its MAC address."""
        return self.itself.identity.mac

    @property
    def screen(self) -> str:
        """All that its screen says."""
        shown = self._bench.call(lambda: self.itself.screen)
        return "\n".join(part for part in (shown.title, *shown.lines, shown.message) if part)

    @property
    def registered(self) -> bool:
        """Whether line 1 is."""
        return self._bench.call(lambda: self.itself.registered)

    # Power and accounts

    def power_on(self) -> None:
        """Plug it in."""
        self._bench.run(self.itself.power_on())

    def power_off(self) -> None:
        """Pull the plug."""
        self._bench.run(self.itself.power_off())

    def enter(self, settings: dict[str, str]) -> None:
        """Store parameters of its configuration as if they had been entered on the phone."""
        self._bench.call(self.itself.enter, settings)

    def registers(self, account: Account, **settings: str) -> None:
        """Enter the account, plug the phone in, and see it registered.

        Args:
            settings: further parameters, `_` for a blank (`sip_transport_protocol="2"`).

        Raises:
            AssertionError: it was refused, or nobody answered.
        """
        self.tries(account, **settings)
        refusal = self.itself.last_refusal
        assert self.registered, (
            f"expected {account.username} to be registered at {account.registrar}: "
            + (f"refused with {refusal.status} {refusal.warning}" if refusal else "no answer")
        )

    def is_refused(self, account: Account, **settings: str) -> Refusal:
        """The same, but see it refused; returns SIP status and Warning.

        Raises:
            AssertionError: it was registered, or nobody answered.
        """
        self.tries(account, **settings)
        refusal = self.itself.last_refusal
        assert not self.registered and refusal is not None, "expected it to be refused"
        return refusal

    def tries(self, account: Account, **settings: str) -> None:
        """Enter the account, plug the phone in, and wait until it is clear what came of it."""
        spelled = {name.replace("_", " "): value for name, value in settings.items()}
        self.enter(account.settings() | spelled)
        self.power_on()
        self._bench.run(self.itself.until(*SETTLED, within_s=40.0))

    def points_at(self, host: str, port: int = PHONES_PORT, path: str = "") -> bool:
        """Configuration Server: HTTPS from there, Save; whether the menu let it in."""
        return self._bench.call(self.itself.configure_server, host, port, path)

    def wait_registered(self, within_s: float = 20.0) -> None:
        """Wait until it is registered; `within_s` is real time."""
        self._bench.run(self.itself.until(State.REGISTERED, within_s=within_s))

    # Hands

    def press(self, key: str) -> None:
        """Press a key by its label."""
        self._bench.call(self.itself.press, key)

    def dial(self, number: str) -> None:
        """Call somebody."""
        self._bench.call(self.itself.dial, number)

    def answer(self) -> None:
        """Wait until it rings, and take the call."""
        self._bench.run(self.itself.until_call(Activity.INCOMING))
        self._bench.call(self.itself.answer)

    def hang_up(self) -> None:
        """End the call."""
        self._bench.call(self.itself.hang_up)

    def wait_connected(self) -> None:
        """Wait until both ends talk."""
        self._bench.run(self.itself.until_call(Activity.CONNECTED))


class Phones:
    """Makes phones; each has a MAC, a model and an address of its own, by the seed."""

    def __init__(self, bench: Bench, running: Estate, most: int) -> None:
        self._bench, self._running = bench, running
        self._people = invent(running.seed, most, first_extension=2101)
        self._made: list[PhoneHandle] = []

    def in_office(self) -> PhoneHandle:
        """A phone on the office's network: reaches the PBX, and MCS on the local network."""
        return self.of(self.next_person(), local=True)

    def at_home(self) -> PhoneHandle:
        """A phone in a home of its own: reaches the MBG's outside address, and nothing inside."""
        return self.of(self.next_person(), local=False)

    def next_person(self) -> Person:
        """Somebody invented who has no phone yet."""
        return self._people[len(self._made)]

    def of(self, person: Person, *, local: bool) -> PhoneHandle:
        """This person's phone."""
        handset = self._bench.call(self._running.handset, person, local=local)
        made = PhoneHandle(self._bench, person, handset)
        self._made.append(made)
        return made
