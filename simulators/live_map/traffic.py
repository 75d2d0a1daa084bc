"""What the map shows of the messages of some tenths of a second: pure.

However many there are, a frame holds few single messages and, for the others, one number per way:
what a person can see, not what happened. Counters count all of them.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from simulators.journal.entries import Entry, HttpEntry, LostEntry, SipEntry
from simulators.live_map.routing import Route, Routes

MOST_SINGLES = 12
"""Single messages of a frame: at ten frames a second more can't be told apart by eye."""

LONGEST_LABEL = 64
WINDOW_S = 5.0
"""What rates are taken over, in real seconds."""

CHALLENGES = (401, 407)


@dataclass(frozen=True, slots=True)
class Single:
    """One message, drawn by itself; `label` is masked, `phone` an index into the list, or -1."""

    seq: int
    protocol: str
    hops: tuple[int, ...]
    phone: int
    label: str
    frm: str
    to: str
    is_lost: bool
    is_refusal: bool

    def document(self) -> list[object]:
        """As the page reads it."""
        flags = self.is_lost + 2 * self.is_refusal
        return [
            self.seq,
            self.protocol,
            self.hops,
            self.phone,
            self.label,
            self.frm,
            self.to,
            flags,
        ]


@dataclass(frozen=True, slots=True)
class Frame:
    """Singles in order, and how many more of each protocol went each way."""

    singles: list[Single]
    bundles: dict[tuple[str, tuple[int, ...]], int] = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        """As the page reads it."""
        return {
            "m": [single.document() for single in self.singles],
            "b": [[protocol, hops, count] for (protocol, hops), count in self.bundles.items()],
        }


def framed(
    entries: Iterable[Entry],
    routes: Routes,
    phones: Mapping[str, int],
    view: Callable[[str], str],
    most: int = MOST_SINGLES,
) -> Frame:
    """The frame of these entries.

    Refusals and losses come first, then one of each way, then the others in their order; only these
    get a label, for masking one costs more than counting a thousand.

    Args:
        phones: role -> index in the list of phones.
        view: masks a text.
    """
    routed = [(entry, route) for entry in entries if (route := routes.of(entry)) is not None]
    chosen = _chosen(routed, most)
    singles = [_single(*routed[place], phones, view) for place in sorted(chosen)]
    rest = Counter(
        (entry.protocol, route.hops)
        for place, (entry, route) in enumerate(routed)
        if place not in chosen
    )
    return Frame(singles, dict(rest))


def _chosen(routed: list[tuple[Entry, Route]], most: int) -> set[int]:
    if len(routed) <= most:
        return set(range(len(routed)))
    seen: set[tuple[str, tuple[int, ...]]] = set()
    ranks = []
    for place, (entry, route) in enumerate(routed):
        way = (entry.protocol, route.hops)
        rank = 0 if is_refusal(entry) or isinstance(entry, LostEntry) else 2 - (way not in seen)
        seen.add(way)
        ranks.append((rank, place))
    return {place for _, place in sorted(ranks)[:most]}


def _single(
    entry: Entry, route: Route, phones: Mapping[str, int], view: Callable[[str], str]
) -> Single:
    return Single(
        entry.seq,
        entry.protocol,
        route.hops,
        phones.get(route.phone, -1),
        view(entry.summary)[:LONGEST_LABEL],
        entry.frm,
        entry.to,
        isinstance(entry, LostEntry),
        is_refusal(entry),
    )


def is_refusal(entry: Entry) -> bool:
    """Whether somebody was told no: not a challenge, and not a file that nobody has to have."""
    if isinstance(entry, SipEntry):
        return entry.status is not None and entry.status >= 400 and entry.status not in CHALLENGES
    if isinstance(entry, HttpEntry) and entry.status is not None:
        return entry.status >= 400 and (entry.interface == "REST" or entry.status != 404)
    return False


def is_registration(entry: Entry) -> bool:
    """Whether a phone was told that it is registered (or that its refresh was taken)."""
    return (
        isinstance(entry, SipEntry)
        and entry.method == "REGISTER"
        and entry.status == 200
        and entry.to.startswith("phone ")
    )


def is_rest_call(entry: Entry) -> bool:
    """Whether this is a request to the MBG's REST API."""
    return isinstance(entry, HttpEntry) and entry.interface == "REST" and entry.status is None


class Rates:
    """How much of what came, in all and per second; time is real, in seconds from anywhere."""

    KINDS: Mapping[str, Callable[[Entry], bool]] = {
        "messages": lambda entry: entry.protocol != "event",
        "registrations": is_registration,
        "rest": is_rest_call,
        "refusals": is_refusal,
    }

    def __init__(self, now: float) -> None:
        self.totals: Counter[str] = Counter()
        self._began = now
        self._steps: deque[tuple[float, Counter[str]]] = deque()

    def count(self, entries: Iterable[Entry], now: float) -> None:
        """Take entries in."""
        step: Counter[str] = Counter()
        for entry in entries:
            for kind, concerns in self.KINDS.items():
                step[kind] += concerns(entry)
        if step:
            self.totals += step
            self._steps.append((now, step))
        while self._steps and self._steps[0][0] <= now - WINDOW_S:
            self._steps.popleft()

    def per_second(self, kind: str, now: float) -> float:
        """Over the last `WINDOW_S` seconds, or since the beginning where that is shorter."""
        span = min(WINDOW_S, max(1.0, now - self._began))
        found = sum(step[kind] for at, step in self._steps if at > now - WINDOW_S)
        return round(found / span, 1)
