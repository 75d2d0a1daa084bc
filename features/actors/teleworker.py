"""The teleworker: a person at home with a 69xx, stage 6. The phone does the rest by itself."""

from urllib.parse import urlsplit

from simulators.core import Address
from simulators.estate.estate import Estate
from simulators.journal import Entry, Happened, LostEntry, SipEntry
from simulators.phone.calls.line_table import Activity
from simulators.phone.handset import Handset, Refusal
from simulators.phone.life.states import State
from simulators.phone.people import Person

PHONES_PORT = 8202
CONFIGURED = (
    State.REGISTERING,
    State.REGISTERED,
    State.REFUSED,
    State.TIMED_OUT,
    State.IDLE,
    State.MINET,
)
"""Files, firmware and restarts are behind the phone; its registration may still be under way."""

GIVES_UP_MINUTES = 1.0
"""Longer than timer F of a REGISTER (32 s), shorter than the phone's own retry (120 s)."""

REFRESH_MINUTES = 6.0
"""Longer than the MBG grants a set (300 s)."""


class PhoneUser:
    """Somebody with a phone, wherever it stands."""

    def __init__(self, estate: Estate, person: Person, phone: Handset) -> None:
        self.estate = estate
        self.person = person
        self.phone = phone

    async def plugs_in(self) -> None:
        """Connect power and network; wait until the phone has taken what it is given."""
        await self.phone.power_on()
        await self.phone.until(*CONFIGURED)

    async def waits_for_registration(self, within_s: float = 20.0) -> None:
        """Wait, on the journal, until the PBX has the extension registered; it may be by now."""
        if self.is_registered_at_pbx() and self.phone.registered:
            return
        since = 0 if self.is_registered_at_pbx() else self.estate.journal.mark()
        await self.estate.journal.wait_for(
            self._registered_at_pbx,
            since=since,
            within_s=within_s,
            what=f"extension {self.person.extension} to be registered at the PBX",
        )
        await self.phone.until(State.REGISTERED)

    async def hears_refusal(self) -> Refusal:
        """Wait until the phone's registration is refused; returns how."""
        await self.phone.until(State.REFUSED)
        assert self.phone.last_refusal is not None
        return self.phone.last_refusal

    async def waits_for_unregistration(self) -> None:
        """Wait until the PBX has the extension no longer; no time passes for that."""
        if self.is_registered_at_pbx():
            await self.estate.journal.wait_for(
                lambda e: (
                    isinstance(e, Happened)
                    and e.name == "extension unregistered"
                    and e.facts["extension"] == self.person.extension
                ),
                since=self.estate.journal.mark(),
                what=f"extension {self.person.extension} to be unregistered at the PBX",
            )

    async def calls(self, other: "PhoneUser") -> None:
        """Call somebody's extension, once both phones are registered."""
        await self.waits_for_registration()
        self.phone.dial(other.person.extension)

    async def answers(self) -> None:
        """Wait until it rings, and take the call."""
        await self.phone.until_call(Activity.INCOMING)
        self.phone.answer()

    async def hears(self, other: "PhoneUser") -> None:
        """Wait until the voice of the other is heard in the call of both."""
        await self.phone.until_call(Activity.CONNECTED)
        await self.estate.journal.wait_for(
            lambda e: (
                isinstance(e, Happened) and (e.frm, e.name) == (self.phone.role, "audio heard")
            ),
            what=f"{self.person.extension} to hear {other.person.extension}",
        )

    async def hears_why_not(self) -> str:
        """Wait until the call has ended; what the phone says of that."""
        await self.phone.until_call(Activity.IDLE)
        return self.phone.calls[1].message

    def tried_to_register(self) -> int:
        """How many REGISTERs the journal shows from this phone, arrived or lost."""
        return sum(
            entry.frm == self.phone.role
            and (
                (isinstance(entry, SipEntry) and entry.method == "REGISTER")
                or (isinstance(entry, LostEntry) and entry.what == "REGISTER")
            )
            for entry in self.estate.journal.entries
        )

    def is_registered_at_pbx(self) -> bool:
        """Whether the PBX has the extension registered now."""
        return self.estate.node.is_registered(self.person.extension)

    def registers_at(self) -> Address:
        """Where line 1 registers."""
        return self.phone.accounts[1].registrar

    def uris(self) -> set[str]:
        """Scheme, host and port of all URIs in the phone's configuration."""
        values = self.phone.configuration.values()
        split = [urlsplit(v) for v in values if v.startswith(("http:", "https:"))]
        return {f"{uri.scheme}://{uri.netloc}" for uri in split}

    def labels(self, kind: str) -> list[str]:
        """Labels of the phone's keys of one kind, in order."""
        return [key.label for key in self.phone.keys if key.kind == kind]

    def _registered_at_pbx(self, entry: Entry) -> bool:
        return (
            isinstance(entry, Happened)
            and entry.name == "extension registered"
            and entry.facts.get("extension") == self.person.extension
        )


class Teleworker(PhoneUser):
    """One person at home with one phone."""

    _set_username = ""

    @property
    def set_username(self) -> str:
        """The set-side name that the phone was given last."""
        if 1 in self.phone.accounts:
            self._set_username = self.phone.accounts[1].auth_username
        return self._set_username

    async def points_phone_at_mcs(self, password: str = "22222") -> bool:
        """Settings -> Advanced -> Configuration Server, Save, reboot (PHN-2).

        Returns:
            False when the administrator password did not open the menu, or there is none.
        """
        begun = self.estate.journal.mark()
        host, port = self.estate.mbg_place.outside, self.estate.config.mbg.forwarded_port
        if not self.phone.configure_server(host, port, password=password):
            return False
        await self._restarts_and_is_configured(begun)
        return True

    async def points_phone_at_mcs_with_validation(self) -> None:
        """The same form, but with Cert Validation true."""
        phone, begun = self.phone, self.estate.journal.mark()
        phone.open_advanced()
        phone.select("Configuration Server")
        phone.fill_in("Download Protocol", "HTTPS")
        phone.fill_in("HTTPS Server", self.estate.mbg_place.outside)
        phone.fill_in("HTTPS Port", str(PHONES_PORT))
        phone.fill_in("Cert Validation", "true")
        phone.press("Save")
        phone.press("Yes")
        await self._restarts_and_is_configured(begun)

    async def _restarts_and_is_configured(self, begun: int) -> None:
        """A phone that is registered un-registers before it restarts, which takes its time."""
        phone = self.phone
        await self.estate.journal.wait_for(
            lambda e: isinstance(e, Happened) and (e.frm, e.name) == (phone.role, "rebooting"),
            since=begun,
            what="the phone to restart once its new server was saved",
        )
        await phone.until(*CONFIGURED)

    async def sees_certificate_refused(self) -> None:
        """Wait until the phone says so."""
        await self.estate.journal.wait_for(
            lambda e: (
                isinstance(e, Happened)
                and e.frm == self.phone.role
                and e.name == "certificate refused"
            ),
            what="the phone to refuse the certificate",
        )

    async def plugs_in_minet_phone(self) -> None:
        """A phone out of the box, taken home before it saw the local network (PHN-1)."""
        self.phone = self.estate.handset(self.person, firmware_kind="minet")
        await self.plugs_in()

    async def gives_up(self) -> None:
        """Let time pass until the phone has given up waiting for an answer."""
        if self.phone.state is not State.TIMED_OUT:
            await self.estate.clock.advance(minutes=GIVES_UP_MINUTES)

    async def is_refused_by_mbg(self) -> Happened:
        """Let time pass until the phone must have tried again; how the MBG refused it."""
        begun = self.estate.journal.mark()
        await self.estate.clock.advance(minutes=REFRESH_MINUTES)
        entry = await self.estate.journal.wait_for(
            lambda e: (
                isinstance(e, Happened)
                and e.name == "device refused"
                and e.facts["username"] == self.set_username
            ),
            since=begun,
            what=f"the MBG to refuse {self.set_username}",
        )
        assert isinstance(entry, Happened)
        return entry

    async def restarts_phone(self) -> None:
        """Pull the plug and put it back."""
        await self.phone.power_off()
        await self.plugs_in()
