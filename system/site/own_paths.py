"""Where a log-in may lead back to: pages of this site, and nowhere else."""

from urllib.parse import urlsplit

FORBIDDEN = ("/log-in", "/log-out", "/static/", "/api/")
LONGEST = 2000


def own_path(wanted: str) -> str:
    """The path and query that were asked for; ``/`` where they may lead elsewhere.

    Browsers read ``//host``, ``/\\host`` and paths with control characters in them as another
    host's address.
    """
    if not wanted.startswith("/") or wanted.startswith("//") or len(wanted) > LONGEST:
        return "/"
    if "\\" in wanted or not wanted.isascii() or not wanted.isprintable() or " " in wanted:
        return "/"
    parts = urlsplit(wanted)
    if parts.scheme or parts.netloc or parts.path.startswith(FORBIDDEN):
        return "/"
    return wanted
