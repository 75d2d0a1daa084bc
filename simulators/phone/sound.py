"""What a handset plays or says because a server asked by XML: RTP without SIP, wave files.

Audio goes through the handset's `AudioSockets`; a file is fetched and is heard, for as long as it
is, by nobody. Whether it may begin is decided when it begins: files are for an idle phone.
"""

from collections.abc import Callable

from simulators.clock import Clock, Timer
from simulators.journal import Journal
from simulators.phone.audio_port import AudioSockets, Where
from simulators.phone.life import actions as do
from simulators.phone.xml.media import EndStream, PlayFile, Receive, Send
from simulators.phone.xml.wave import LARGEST_MELODY, Wave, read_wave

RECEIVING, SENDING = -1, -2
"""The lines that the audio of these streams belongs to: none of a call."""
PCMU = 0


class Sound:
    """The streams and the file of one handset.

    Args:
        role: its name in the journal.
        audio: the sockets; None while it isn't in service.
        on_file: told when a file that action URIs are called for begins, and ends, by its name.
    """

    def __init__(
        self,
        role: str,
        clock: Clock,
        journal: Journal,
        audio: Callable[[], AudioSockets | None],
        on_file: Callable[[do.SoundPlayed], None],
    ) -> None:
        self.playing = ""
        """URL of the file that is heard now."""
        self._role = role
        self._clock = clock
        self._journal = journal
        self._audio = audio
        self._on_file = on_file
        self._end: Timer | None = None
        self._melody = False

    def stream(self, wish: Receive | Send | EndStream) -> None:
        """Begin or end a stream; a newer one of its way takes the place of the older."""
        audio = self._audio()
        if audio is None:
            return
        match wish:
            case EndStream(receiving):
                audio.close(RECEIVING if receiving else SENDING)
            case Receive(address, port, multicast):
                where = Where(port, group=address) if multicast else Where(port, only_from=address)
                if audio.open(RECEIVING, where) is None:
                    self._refuse(f"port {port} is not free")
                else:
                    audio.aim(RECEIVING, None, PCMU, listens=True)
            case Send(address, port):
                if audio.open(SENDING) is None:
                    self._refuse("no port is free")
                else:
                    audio.aim(SENDING, (address, port), PCMU, listens=False)

    def fetched(self, wish: PlayFile, result: do.Fetched | do.FetchFailed, *, idle: bool) -> None:
        """The file has come, or not."""
        if isinstance(result, do.FetchFailed):
            self._refuse(result.reason, wish.url)
            return
        if result.status != 200:
            self._refuse(f"HTTP status {result.status}", wish.url)
            return
        wave = read_wave(result.body)
        if isinstance(wave, str):
            self._refuse(wave, wish.url)
        elif wish.melody and len(result.body) > LARGEST_MELODY:
            self._refuse(f"a melody of {len(result.body)} octets, at most 200 KiB fit", wish.url)
        elif not idle:
            self._refuse("the phone is not idle", wish.url)
        else:
            self.stop()
            self._begin(wish, wave)

    def stop(self, melody: bool | None = None) -> None:
        """Play no file any more; with `melody` only such a one, or only one that is none."""
        if not self.playing or melody not in (None, self._melody):
            return
        url, self.playing = self.playing, ""
        if self._end is not None:
            self._end.cancel()
            self._end = None
        self._tell("sound ends", url)
        if not self._melody:
            self._on_file(do.SoundPlayed(_name(url), begins=False))

    def drop(self) -> None:
        """The power is gone, or the phone starts anew."""
        self.playing = ""
        if self._end is not None:
            self._end.cancel()
            self._end = None

    # Inside

    def _begin(self, wish: PlayFile, wave: Wave) -> None:
        self.playing, self._melody = wish.url, wish.melody
        if not wish.melody:
            self._end = self._clock.call_later(wave.duration_s, self.stop)
        volume = "as it is" if wish.volume is None else wish.volume
        self._tell(
            "sound plays", wish.url, codec=wave.codec, seconds=wave.duration_s, volume=volume
        )
        if not wish.melody:
            self._on_file(do.SoundPlayed(_name(wish.url), begins=True))

    def _refuse(self, reason: str, url: str = "") -> None:
        self._tell("sound refused", url, reason=reason)

    def _tell(self, name: str, url: str, **facts: object) -> None:
        self._journal.happened(self._role, name, **({"url": url} if url else {}), **facts)


def _name(url: str) -> str:
    return url.rpartition("/")[2]
