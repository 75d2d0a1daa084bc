"""One line of the crowd: what it knows while it registers, and the octets of its REGISTER. Pure.

A request is put together from texts that stay the same for a line, so each costs one join. Its
identifiers are made from the crowd's salt, the line's index and counts: no two are equal, and who
draws first changes nothing.
"""

from dataclasses import replace

from simulators.phone.crowd.rows import UNREGISTERED, Row
from simulators.phone.crowd.shapes import Shape, escaped
from simulators.sip.registration import Account

MOST_LINES = 1 << 24
MAGIC = "z9hG4bK"


class Line:
    """One registration of the crowd; `row` is its state.

    Args:
        index: from 0, below `MOST_LINES`.
        salt: the crowd's, 8 hex digits.
        head: request line and Via, up to the branch.
        boots: how often it was switched on before.
    """

    __slots__ = (
        "_above",
        "_below",
        "_contact",
        "_ha1",
        "_ha1_of",
        "_head",
        "_key",
        "_last",
        "_requests",
        "account",
        "answers",
        "boots",
        "branch",
        "contact",
        "cseq",
        "data",
        "ends_at",
        "expires_s",
        "granted_s",
        "index",
        "interval",
        "mark",
        "nonce",
        "proceeding",
        "row",
        "shape",
        "side",
        "uses",
    )

    def __init__(
        self, index: int, account: Account, salt: str, head: str, side: str, boots: int = 0
    ) -> None:
        self.index = index
        self.account = account
        self.side = side
        self.mark = 0
        self.boots = boots
        self._head = head
        self._key = f"{salt}{index:06x}"
        self._requests = 0
        self._ha1 = ""
        self._ha1_of: tuple[str, str] | None = None
        host, port = account.contact
        contact = f"<sip:{account.username}@{host}:{port}>"
        self.contact = contact.encode()
        self._contact = f" REGISTER\r\nContact: {contact}\r\n"
        agent = account.user_agent
        self._last = f"User-Agent: {agent}\r\n" if agent else ""
        self._begin()

    def boot(self) -> None:
        """Be as a phone that is switched on anew: another Call-ID, another tag, no nonce."""
        self.boots = self.boots + 1 & 0xFF
        self._begin()

    def _begin(self) -> None:
        account = self.account
        self.row: Row = UNREGISTERED
        self.branch = self.data = b""
        self.interval = self.ends_at = 0.0
        self.proceeding = False
        self.shape: Shape | None = None
        self.nonce = ""
        self.granted_s = self.uses = self.answers = self.cseq = 0
        aor = f"<sip:{account.username}@{account.domain}>"
        self._above = (
            f";rport\r\nMax-Forwards: 70\r\nFrom: {aor};tag={self.tag}\r\nTo: {aor}\r\n"
            f"Call-ID: {self.call_key}@{account.contact[0]}\r\nCSeq: "
        )
        self.ask_for(account.expires_s)

    @property
    def tag(self) -> str:
        """Its own tag of this boot: 8 hex digits, another one for each line of a crowd."""
        salt = int(self._key[:8], 16)
        return f"{((self.index << 8 | self.boots) * 0x9E3779B1 ^ salt) & 0xFFFFFFFF:08x}"

    @property
    def call_key(self) -> str:
        """Its Call-ID of this boot, up to the `@`: 16 hex digits."""
        return f"{self._key}{self.boots:02x}"

    @property
    def asking(self) -> Account:
        """Its account with the time that it asks for now."""
        return replace(self.account, expires_s=self.expires_s)

    def ask_for(self, expires_s: int) -> None:
        """Ask for so many seconds from now on; 0 leaves it to the registrar."""
        self.expires_s = expires_s
        expires = f"Expires: {expires_s}\r\n" if expires_s else ""
        self._below = f"{self._contact}{expires}{self._last}"

    def request(self) -> bytes:
        """The next REGISTER; `branch` is then its transaction's."""
        self._requests = requests = self._requests + 1 & 0xFFFF
        self.cseq = cseq = self.cseq + 1
        branch = f"{self._key}{requests:04x}"
        self.branch = branch.encode()
        below = f"{self._contact}Expires: 0\r\n{self._last}" if self.row.leaves else self._below
        credentials = "" if self.shape is None else self._credentials(self.shape, branch)
        return (
            f"{self._head}{branch}{self._above}{cseq}{below}{credentials}Content-Length: 0\r\n\r\n"
        ).encode()

    def _credentials(self, shape: Shape, branch: str) -> str:
        """The Authorization line, in the same words as `digest.Credentials` has."""
        account = self.account
        digest = shape.digest
        if self._ha1_of != shape.space:
            secret = f"{account.auth_username}:{shape.realm}:{account.password}"
            self._ha1 = digest(secret.encode()).hexdigest()
            self._ha1_of = shape.space
        nonce = self.nonce
        self.uses = uses = self.uses + 1
        if shape.qop:
            cnonce = f"{branch[8:]}{branch[:6]}"
            count = f"{uses:08x}"
            use = f"{self._ha1}:{nonce}:{count}:{cnonce}:{shape.qop}:{shape.ha2}"
            last = f'{cnonce}", nc={count}{shape.last}'
        else:
            use = f"{self._ha1}:{nonce}:{shape.ha2}"
            last = shape.last
        answer = digest(use.encode()).hexdigest()
        return (
            f'Authorization: Digest username="{escaped(account.auth_username)}{shape.before}'
            f"{escaped(nonce)}{shape.middle}{answer}{shape.after}{last}\r\n"
        )
