"""What was compiled of statements, kept for the next engine of this process.

SQLAlchemy keeps compiled statements per engine and dialect, so each MCS that starts in a process
which had one before (a restart, the many of a run of the suites) compiled all of its statements
anew. Here a dialect, with what was compiled for it, goes from an engine that was closed to the
next one. One engine has it at a time, because the encrypted columns find their key by it
(``secrets.attach``); decision 85.
"""

from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.engine import Dialect

_MOST_KEPT = 4
"""Of one server, or of SQLite; more at once in one process are not worth their memory."""

_Server = tuple[object, ...]

_kept: dict[_Server, list[tuple[Dialect, Any]]] = {}
_in_use: WeakKeyDictionary[Engine, _Server] = WeakKeyDictionary()


def go_on(engine: Engine) -> None:
    """Give a new engine, before it connects, what an earlier one at the same server compiled."""
    url = engine.url
    server = url.drivername, url.host, url.port, url.username
    _in_use[engine] = server
    if kept := _kept.get(server):
        dialect, statements = kept.pop()
        engine.dialect = dialect
        engine._compiled_cache = statements


def keep(engine: Engine) -> None:
    """Keep for a later engine what this one compiled; it has connected and is disposed of.

    May be called again: what is in use by another engine meanwhile is not given away twice.
    """
    server = _in_use.pop(engine, None)
    if server is None:
        return
    kept = _kept.setdefault(server, [])
    kept.append((engine.dialect, engine._compiled_cache))
    del kept[:-_MOST_KEPT]
