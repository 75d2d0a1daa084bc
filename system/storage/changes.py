"""What a commit has changed of that which phones are told, so that nobody has to look again.

Each unit of work is watched while it flushes. Contacts of phones alone (when they called last) are
no change: they come by the thousand.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import event, inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstanceState, Session

from system.storage.models import (
    Base,
    ClientLocation,
    Extension,
    KeymapProfile,
    MbgSettings,
    Node,
    Phone,
)

_TOLD: dict[type[Base], frozenset[str] | None] = {
    Extension: frozenset(
        {
            "node_id",
            "extension",
            "name",
            "device_type",
            "on_pbx",
            "internal_auth_name",
            "internal_auth_password",
            "use_remote_credentials",
            "remote_name",
            "remote_password",
            "remote_name_typed",
            "remote_password_typed",
            "mbg_name",
            "mbg_password",
        }
    ),
    Node: frozenset({"address", "nat_ip_address", "nat_sip_port"}),
    ClientLocation: None,
    MbgSettings: frozenset({"internal_address", "rest_api_enabled"}),
    KeymapProfile: None,
}
"""Columns that reach phones; ``None`` is all of them."""

_OF_A_PHONE = frozenset(Phone.__mapper__.columns.keys()) - {"last_contact", "registered"}
_KEY = "mcs_changes"
_ALL = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What one commit has changed: these phones, those of these extensions, or all of them."""

    macs: frozenset[str]
    extensions: frozenset[int]
    """Ids; a thousand of them that are provisioned one by one must not concern all phones."""
    everything: bool


Listener = Callable[[Change], None]


class Changes:
    """Tells its listeners of each commit that matters to phones, in the order of the commits."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """From now on call ``listener`` after such a commit; it must not wait."""
        self._listeners.append(listener)

    def committed(self, session: Session) -> None:
        """Called after the commit of a watched session."""
        found: set[str | int] | None = session.info.pop(_KEY, None)
        if found is None:
            return
        change = Change(
            frozenset(one for one in found if isinstance(one, str) and one),
            frozenset(one for one in found if isinstance(one, int)),
            _ALL in found,
        )
        for listener in self._listeners:
            listener(change)


def note_extensions(session: AsyncSession, ids: Iterable[int]) -> None:
    """Extensions that were changed by statements, which no flush tells of."""
    session.sync_session.info.setdefault(_KEY, set()).update(ids)


class WatchedSession(Session):
    """A session that remembers what it flushes of that which phones are told."""


@event.listens_for(WatchedSession, "after_flush")
def _flushed(session: Session, _context: object) -> None:
    found: set[str | int] = set()
    for one in [*session.new, *session.deleted]:
        _note(one, found, whole=True)
    for one in session.dirty:
        _note(one, found, whole=False)
    if found:
        session.info.setdefault(_KEY, set()).update(found)


def _note(one: object, found: set[str | int], *, whole: bool) -> None:
    if isinstance(one, Phone):
        if whole or _has_changed(one, _OF_A_PHONE):
            found.add(one.mac)
    elif type(one) in _TOLD:
        names = _TOLD[type(one)]  # type: ignore[index]
        if whole or names is None or _has_changed(one, names):
            found.add(one.id if isinstance(one, Extension) else _ALL)


def _has_changed(one: object, names: frozenset[str]) -> bool:
    state: InstanceState[object] = inspect(one)
    # Only what was set since is looked at: all columns of a thousand rows take their time.
    return any(
        state.attrs[name].history.has_changes() for name in names & state.committed_state.keys()
    )
