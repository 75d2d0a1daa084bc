"""What sets ask of the border, pure: REGISTER is judged here, all else that a set sends answered.

Who passes the digest is handed to `set_registrations`; who does not hears why, and so does the
administrator, in the device's status.
"""

from simulators.core import Entropy
from simulators.mbg.records.devices import Device, DeviceStatus, DeviceStore
from simulators.mbg.sip_border.border_terms import BorderSettings, DeviceRefused
from simulators.mbg.sip_border.register import asked, set_username
from simulators.mbg.sip_border.set_registrations import UNKNOWN, Ending, SetRegistrations
from simulators.mbg.sip_border.uas import Received, Uas
from simulators.sip.authenticator import Authenticator, Verdict
from simulators.sip.headers import NameAddress
from simulators.sip.message import MalformedMessage
from simulators.sip.plain import Plain
from simulators.sip.transaction_events import RequestReceived

STALE = (Verdict.STALE_NONCE, Verdict.UNKNOWN_NONCE, Verdict.REPLAYED)
"""The password was right, the nonce is not: the set shall try again and nobody is refused."""


class SetSide:
    """Takes the requests of sets.

    Args:
        uas: answers on the set side.
        events: where to tell of refusals.
    """

    def __init__(
        self,
        uas: Uas,
        registrations: SetRegistrations,
        store: DeviceStore,
        entropy: Entropy,
        settings: BorderSettings,
        events: list[object],
    ) -> None:
        self._uas = uas
        self._registrations = registrations
        self._store = store
        self._settings = settings
        self._events = events
        self._authenticator = Authenticator(
            settings.realm,
            entropy,
            self._password,
            nonce_life_s=settings.nonce_life_s,
            algorithms=settings.digest_algorithms,
        )

    def request(self, received: RequestReceived, now: float) -> None:
        """Take any request."""
        method = received.request.method
        if self._uas.refuses(received, now):
            return
        if method == "REGISTER":
            try:
                self.register(received, now)
            except MalformedMessage as error:
                self._uas.answer(received, 400, now, reason=_one_line(str(error)))
        elif method == "OPTIONS":
            self._uas.capabilities(received, now)
        else:
            self._uas.not_served(received, now)

    def caller(self, received: RequestReceived, now: float) -> Device | None:
        """The device whose set calls somebody; None if it was asked for credentials, or refused."""
        try:
            name = NameAddress.parse(received.request.headers.get("from")).uri.user
        except MalformedMessage as error:
            self._uas.answer(received, 400, now, reason=_one_line(str(error)))
            return None
        return self.authenticated(received, name, now)

    def authenticated(self, received: Received, name: str, now: float) -> Device | None:
        """The device of that set-side name, if the request has its credentials.

        Else it is answered, and None returned. Whoever carries further requests of sets asks first.
        """
        device = self._store.by_set_username(name)
        if device is None or not device.enabled:
            self._uas.refuse(received, 403, UNKNOWN, now)
            self._events.append(DeviceRefused(name, 403, UNKNOWN))
            return None
        if isinstance(received, Plain):
            check = self._authenticator.check_value(received.authorization, "REGISTER", now)
        else:
            check = self._authenticator.check(received.request, now)
        if check.passed and check.username == name:
            return device
        if check.passed:
            text = f"Authorization name {check.username} is not the set-side name {name}"
            self._uas.refuse(received, 403, text, now)
            self._refused(device, 403, text)
        else:
            self._challenge(received, device, check.verdict, now)
        return None

    def _challenge(self, received: Received, device: Device, verdict: Verdict, now: float) -> None:
        stale = verdict in STALE
        challenges = self._authenticator.challenges(now, stale=stale)
        headers = [("WWW-Authenticate", challenge) for challenge in challenges]
        self._uas.answer(received, 401, now, headers=headers)
        if verdict is not Verdict.NO_CREDENTIALS and not stale:
            self._refused(device, 401, verdict.value)

    def _refused(self, device: Device, status: int, reason: str) -> None:
        if device.id not in self._registrations.bindings:  # else it may be a stranger's guess
            self._registrations.note(device.id, DeviceStatus.REFUSED_SET_SIDE, reason)
        self._events.append(DeviceRefused(device.set_username, status, reason))

    def register(self, received: Received, now: float) -> None:
        """RFC 3261 section 10.3.

        Raises:
            MalformedMessage: To or Contact can't be read.
        """
        device = self.authenticated(received, set_username(received), now)
        if device is None:
            return
        wish = asked(received)
        longest = self._settings.set_expires_max_s
        expires_s = longest if wish.expires_s is None else min(wish.expires_s, longest)
        if not wish.contact or (
            expires_s == 0 and not self._registrations.knows(device.id, wish.contact)
        ):
            self._tell_binding(received, device, now)
        elif expires_s == 0:
            self._registrations.end(device.id, Ending.UNREGISTERED, now)
            self._uas.answer(received, 200, now)
        elif expires_s < self._settings.set_expires_min_s:
            shortest = str(self._settings.set_expires_min_s)
            self._uas.answer(received, 423, now, headers=[("Min-Expires", shortest)])
        else:
            self._registrations.admit(received, device, wish.contact, expires_s, now)

    def _tell_binding(self, received: Received, device: Device, now: float) -> None:
        """Nothing changes: a query (no Contact), or another contact than ours is taken back."""
        binding = self._registrations.bindings.get(device.id)
        headers = []
        if binding is not None:
            left = max(0, int(binding.until - now))
            headers = [("Contact", f"<{binding.contact}>;expires={left}")]
        self._uas.answer(received, 200, now, headers=headers)

    def _password(self, username: str) -> str | None:
        device = self._store.by_set_username(username)
        return None if device is None else device.set_password


def _one_line(text: str) -> str:
    """Fit for a reason phrase."""
    return " ".join(text[:80].split())
