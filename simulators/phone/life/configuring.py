"""Asking the configuration server for the files, in the boot and in the background (PHN-3).

Files may name another server than the one they came from (a TFTP server that knows no credentials
sends the phone on to HTTPS): then all begins there anew, a few times at most. Until a download is
complete, what was stored before counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from simulators.errors import LocalProtocolError
from simulators.phone.files import server as servers
from simulators.phone.files.config_file import EMPTY, ConfigurationFile, Layers
from simulators.phone.life import actions as do
from simulators.phone.life.download import Download
from simulators.phone.life.situation import Situation, Trouble
from simulators.phone.life.states import Event
from simulators.phone.local.dhcp import NO_OFFER, Offer, server_url


class Ending(Enum):
    """How a download ended."""

    COMPLETE = "complete, in the boot"
    SAME = "compared: nothing new"
    CHANGED = "compared: changed"
    AWAY = "server away, in the boot"
    NOTHING = "server away, in the background"


@dataclass(slots=True)
class _Round:
    """One way through one or more servers."""

    download: Download
    elsewhere: ConfigurationFile = EMPTY
    followed: int = 0


class Configuring:
    """The configuration server of one boot, and what is asked of it."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self.server: servers.Server | None = None
        self.retry_at: float | None = None
        self._round: _Round | None = None
        self._pending: Layers | None = None

    @property
    def busy(self) -> bool:
        """Whether files are awaited."""
        return self._round is not None

    @property
    def believed(self) -> Mapping[str, str]:
        """The configuration that says which certificates do, for a download."""
        return (self._pending or self._situation.layers).merged

    def find_server(self, offer: Offer | None) -> None:
        """Settle on a server: one that was entered on the phone, then DHCP's, then the files'."""
        layers, configuration = self._situation.layers, self._situation.configuration
        stored = servers.configured(configuration)
        url = server_url(offer or NO_OFFER, configuration)
        from_offer = servers.offered(url) if url else None
        if url and from_offer is None:
            self._situation.note("DHCP offer not usable", server=url)
        entered = stored is not None and servers.entered(layers.local_left)
        self.server = stored if entered else from_offer or stored

    def ask(self, *, background: bool, asked: bool = False) -> None:
        """Begin with the first file."""
        elsewhere = self._situation.layers.elsewhere if background else EMPTY
        self._begin(elsewhere, background=background, asked=asked)

    def retry(self) -> None:
        """The server was away: look whether it is back."""
        self.retry_at = None
        if not self.busy:
            self.ask(background=True)

    def answered(self, result: do.Fetched | do.FetchFailed, now: float) -> Ending | None:
        """Take an answer; returns how the download ended, None while it goes on.

        Raises:
            LocalProtocolError: nothing of that name was asked for.
        """
        if self._round is None:
            raise LocalProtocolError(f"an answer for {result.path} came, nothing was asked for")
        download = self._round.download
        download.expect(result.path)
        if isinstance(result, do.FetchFailed):
            return self._away(result.path, result.reason, now, certificate=result.certificate)
        if not download.usable(result.status):
            return self._away(result.path, f"HTTP status {result.status}", now)
        for problem in download.take(result.status, result.body):
            facts = {"file": result.path, "line": problem.line, "text": problem.text}
            self._situation.note("configuration problem", **facts)
        if download.awaited:
            self._situation.move(Event.BACKGROUND if download.background else Event.FILE)
            self._fetch(download.awaited)
            return None
        return self._complete(self._round)

    # Inside

    def _begin(
        self,
        elsewhere: ConfigurationFile,
        *,
        background: bool,
        asked: bool = False,
        followed: int = 0,
    ) -> None:
        situation = self._situation
        names = situation.model.configuration_file, situation.identity.configuration_file
        download = Download(*names, habits=situation.settings, background=background, asked=asked)
        self._round = _Round(download, elsewhere, followed)
        self._fetch(download.awaited)

    def _fetch(self, path: str) -> None:
        if self.server is None:
            raise LocalProtocolError(f"there is no server to ask for {path}")
        validate = servers.validates(self.believed)
        self._situation.want(do.Fetch(path, self.server.url(path), validate))

    def _complete(self, round_: _Round) -> Ending | None:
        stored = self._situation.layers
        layers = round_.download.layers(stored.local, round_.elsewhere)
        layers = replace(layers, once=stored.once, coming=stored.coming)
        background = round_.download.background
        if self._follow(round_, layers):
            self._situation.move(Event.BACKGROUND if background else Event.SENT_ELSEWHERE)
            return None
        self._round = self._pending = None
        if background:
            return self._compare(layers, asked=round_.download.asked)
        self._situation.layers = replace(layers, local=layers.local_left)
        return Ending.COMPLETE

    def _follow(self, round_: _Round, layers: Layers) -> bool:
        """Whether the files name another server, and it is asked now."""
        named = servers.configured(layers.merged)
        if named is None or named == self.server:
            return False
        if round_.followed >= self._situation.settings.servers_followed:
            self._situation.note("sent to another server too often", server=named.url(""))
            return False
        self._situation.note("sent to another server", server=named.url(""))
        self.server, self._pending = named, layers
        said = {n: p for n, p in layers.server.items() if n in servers.SERVER_PARAMETERS}
        download = round_.download
        self._begin(
            ConfigurationFile(said),
            background=download.background,
            asked=download.asked,
            followed=round_.followed + 1,
        )
        return True

    def _compare(self, layers: Layers, *, asked: bool) -> Ending:
        """What the server says now counts from a restart on, if it differs."""
        self._situation.move(Event.BACKGROUND)
        self._situation.trouble = Trouble.NONE
        now = self._situation.layers
        like_now = replace(layers, given=now.given, override=now.override)
        changed = like_now.merged != now.merged
        note = "configuration compared" if asked else "configuration server back"
        self._situation.note(note, changed=changed)
        return Ending.CHANGED if changed else Ending.SAME

    def _away(self, path: str, reason: str, now: float, *, certificate: bool = False) -> Ending:
        """No answer that can be used: what is stored counts, and it is tried again."""
        assert self._round is not None
        download, self._round = self._round.download, None
        situation = self._situation
        situation.move(Event.BACKGROUND if download.background else Event.SERVER_AWAY)
        name = "certificate refused" if certificate else "configuration server away"
        situation.note(name, file=path, reason=reason)
        if not download.asked:
            self.retry_at = now + situation.settings.configuration_retry_s
            situation.trouble = Trouble.CERTIFICATE if certificate else Trouble.AWAY
        return Ending.NOTHING if download.background else Ending.AWAY
