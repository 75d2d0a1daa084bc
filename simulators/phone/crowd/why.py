"""Why a registration failed, as a kind of failure rather than a single case. Pure."""

import re

from simulators.sip.message import Response

_NUMBER = re.compile(r"(?<![\d.])\d{3,}(?![\d.])")
_WARNING = re.compile(r'^\d{3} \S+ "(.*)"$')


def why(response: Response | None, patience_s: float) -> str:
    """Status and warning without the number of the single case.

    Args:
        response: None: there was no answer.
        patience_s: how long one was waited for.
    """
    if response is None:
        return f"no answer within {patience_s:g} s"
    if response.status in (401, 407):
        return f"{response.status}: the credentials were refused"
    warning = response.headers.get("warning")
    found = _WARNING.match(warning)
    text = (found.group(1) if found else warning) or response.reason or "no reason given"
    return f"{response.status}: {_NUMBER.sub('…', text)[:150]}"
