"""Which parameters a phone knows: the others are kept, and named once when they begin to count.

From the domain reference, 3.2, and the public templates of other provisioning systems; what isn't
emulated counts as known too, so that only misspelt and foreign names are told.
"""

import re
from collections.abc import Iterable

LINE_PARTS = (
    "user name|auth name|password|display name|screen name|screen name 2|screen label|proxy ip|"
    "proxy port|registrar ip|registrar port|outbound proxy|outbound proxy port|"
    "backup (?:proxy|registrar|outbound proxy)(?: ip| port)?|registration period|vmail|mode|"
    "dtmf method|srtp mode|backup proxy ip|backup proxy port|transport protocol|restore line"
)
PATTERNS = (
    rf"sip (?:line[1-9]\d? )?(?:{LINE_PARTS})",
    r"sips? (?!line\d)[a-z0-9\- ]+",
    r"(?:softkey|topsoftkey|prgkey|key|expmod[1-4] key)[1-9]\d{0,2}"
    r" ?(?:type|label|value|line|states|locked|ring splash)",
    r"action uri [a-z0-9 ]+",
    r"(?:tftp|alternate tftp|ftp|http|https) (?:server|path|port|username|password)",
    r"https (?:validate (?:certificates|hostname|expires)|user certificates|client method)",
    r"auto resync (?:mode|time|max delay|days)",
    r"log (?:server (?:ip|port)|module [a-z0-9 ]+|issue [a-z ]+)",
    r"(?:admin|user) password",
    r"directory (?:[1-9]|[1-9] name|script|disabled|update|digits to match)",
    r"ldap [a-z0-9 ]+",
    r"xml [a-z0-9 ]+",
    r"time (?:server ?[1-3]|server disabled|format|zone (?:name|code|minutes|dst))",
    r"dst [a-z0-9 ]+",
    r"language(?: [1-9])?|input language|web language",
    r"(?:tone|ring|audio|bl|backlight|date|idle screen|background|contrast|brightness|ringer"
    r"|handset|headset|speaker|alert|font) [a-z0-9 ]+",
    r"options (?:password enabled|simple menu)",
    r"tos [a-z]+|dns[12]|dhcp(?: [a-z0-9 ]+)?|ip|subnet mask|default gateway|ipv6|dhcp6|lldp"
    r"(?: [a-z ]+)?|tagging enabled|vlan id(?: port \d)?|priority non-ip|upnp [a-z ]+|rport"
    r"|802\.1x [a-z0-9 ]+|qos [a-z ]+|ethernet port \d",
    r"download protocol|firmware server|upgrade uri|contact rcs|inactive minet present"
    r"|user config [a-z ]+|hot desk [a-z ]+|emergency [a-z ]+|web interface enabled"
    r"|dynamic sip|use alternate tftp|mac|model|line[1-9] [a-z ]+|map [a-z ]+",
    r"call [a-z ]+|callers? [a-z ]+|missed calls [a-z ]+|redial [a-z ]+|conference [a-z ]+"
    r"|directed call pickup(?: prefix)?|park[a-z ]*|pickup[a-z ]*|dnd[a-z ]*|collapsed [a-z ]+"
    r"|softkey selection list|switch focus [a-z ]+|play a ring splash|feature key [a-z ]+"
    r"|services [a-z ]+|speeddial [a-z ]+|sprecode|lcr|pin [a-z ]+|screen saver [a-z ]+"
    r"|bluetooth [a-z ]+|mobile [a-z ]+|key [a-z ]+|group [a-z ]+|goodbye key [a-z ]+"
    r"|preferred line(?: timeout)?|suppress [a-z ]+|show [a-z ]+|stuttered [a-z ]+|live dialpad",
)
_KNOWN = re.compile("|".join(f"(?:{pattern})" for pattern in PATTERNS))


def unknown(names: Iterable[str]) -> tuple[str, ...]:
    """The names that no phone of this kind knows, in their order."""
    return tuple(name for name in names if _KNOWN.fullmatch(name) is None)
