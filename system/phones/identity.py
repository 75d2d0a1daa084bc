"""Who a phone says it is: its User-Agent and its MAC (PHN-4). Pure."""

import re
from dataclasses import dataclass

_USER_AGENT = re.compile(
    r"(?:Mitel|Aastra)(?P<model>\w{1,12}) MAC:(?P<mac>[0-9A-F]{2}(?:-[0-9A-F]{2}){5}) "
    r"V:(?P<firmware>[0-9A-Za-z.]{1,48})-SIP",
    re.IGNORECASE | re.ASCII,
)
_MAC = re.compile(r"[0-9A-F]{12}", re.ASCII)
_SEPARATORS = re.compile(r"[\s:.-]")
_MODEL = re.compile(r"\d{4}[a-z]{0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PhoneIdentity:
    """What one request tells about its phone; ``mac`` is 12 upper-case hex digits."""

    mac: str
    model: str
    firmware: str


def parse_user_agent(value: str) -> PhoneIdentity | None:
    """Read ``Mitel6930 MAC:14-00-E9-12-34-56 V:5.1.0.6044-SIP``; ``None`` for anything else."""
    match = _USER_AGENT.fullmatch(value.strip())
    if match is None:
        return None
    mac = match["mac"].replace("-", "").upper()
    return PhoneIdentity(mac, match["model"], match["firmware"])


def is_mac(text: str) -> bool:
    """Whether the text is a MAC as it stands in file names: 12 upper-case hex digits."""
    return _MAC.fullmatch(text) is not None


def mac_as_typed(text: str) -> str:
    """A MAC in any usual way of writing (``14:00:e9:12:34:56``, ``1400.e912.3456``) as file names
    have it; what is none comes back without separators, in upper case.
    """
    return _SEPARATORS.sub("", text).upper()


def is_model(text: str) -> bool:
    """Whether the text is a model as it stands in file names, such as ``6930`` or ``6867i``."""
    return _MODEL.fullmatch(text) is not None
