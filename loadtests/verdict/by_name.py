"""Who holds a registration by the phones' own word, and by the target's: compared by name. Pure.

At its end each engine tells which of its phones hold a registration, and the target who is
registered at its MBG and PBX and who has a licence. Both speak of the accounts by number, and of
other extensions (hot desks) by name, so that what one has beyond the other is an exact set: a phone
that was lost and another that is held in vain don't make up for each other. A phone whose request
has no answer yet may be there or not; of a lost worker's phones nobody knows. Neither is harm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from loadtests.batches import Held, Numbers

HANDFUL = 5
"""So many are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Place:
    """Who is at one place of the target: items by number, other extensions by name."""

    items: Numbers = frozenset()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Who:
    """What the target tells at the end: registered at MBG and PBX, holders of a licence."""

    mbg: Place
    pbx: Place
    licences: Place


@dataclass(frozen=True, slots=True, order=True)
class Named:
    """One of them: number of the phone, -1 where it is no phone's, and the extension."""

    phone: int
    extension: str

    def __str__(self) -> str:
        known = [f"phone {self.phone}"] if self.phone >= 0 else []
        return ", ".join([*known, f"extension {self.extension}"])


@dataclass(frozen=True, slots=True)
class Roll:
    """The phones of a burst by name.

    Args:
        extensions: of each phone, by number.
        guests: hot desk extension -> the phone at which it is used.
    """

    extensions: Sequence[str] = ()
    guests: Mapping[str, int] = field(default_factory=dict)

    def named(self, phone: int) -> Named:
        """A phone under its own extension."""
        return Named(phone, self.extensions[phone] if phone < len(self.extensions) else "")


def beyond(place: Place, held: Held, roll: Roll) -> tuple[Named, ...]:
    """Who is there although no phone holds it, in order."""
    in_vain = (place.items & held.phones) - held.registered - held.under_way
    found = [roll.named(phone) for phone in in_vain]
    in_use = set(held.guests.values())
    for extension in place.others:
        phone = roll.guests.get(extension, -1)
        open_question = phone >= 0 and (phone not in held.phones or phone in held.under_way)
        if extension not in in_use and not open_question:
            found.append(Named(phone, extension))
    return tuple(sorted(found))


def lacking(place: Place, held: Held, roll: Roll) -> tuple[Named, ...]:
    """Who is not there although a phone holds it, in order."""
    found = [roll.named(phone) for phone in held.registered - place.items]
    there = set(place.others)
    found += [Named(phone, name) for phone, name in held.guests.items() if name not in there]
    return tuple(sorted(found))


def listed(who: Sequence[Named], most: int = HANDFUL) -> str:
    """The first of them in words: `phone 17, extension 100017; phone 20, ...; and 3 more`."""
    shown = [str(one) for one in who[:most]]
    if len(who) > most:
        shown.append(f"and {len(who) - most:,} more")
    return "; ".join(shown)
