"""The rule for passwords of accounts, and for their user names.

SIP passwords have a rule of their own (``credentials.py``): those are made for machines.
"""

import re

SHORTEST = 8
LONGEST = 128
RULE = (
    f"A password has {SHORTEST} to {LONGEST} characters, of at least two of letters, digits and "
    "others, does not hold the user name, and is none of the usual ones."
)
USERNAME_PATTERN = r"^[a-z0-9][a-z0-9._@-]{0,63}$"
_USERNAME = re.compile(USERNAME_PATTERN, re.ASCII)
# Compared without case, digits at the end and punctuation, so each stands for its many variants.
_USUAL = frozenset(
    {"password", "passw", "passwort", "qwerty", "qwertz", "letmein", "welcome", "administrator",
     "changeme", "mitel", "mivoice", "iloveyou", "abc", "secret", ""}
)  # fmt: skip


def account_password_problem(password: str, username: str) -> str | None:
    """Why the password breaks the rule, or ``None``."""
    if len(password) < SHORTEST:
        return f"the password is shorter than {SHORTEST} characters"
    if len(password) > LONGEST:
        return f"the password is longer than {LONGEST} characters"
    if username and username.lower() in password.lower():
        return "the password holds the user name"
    if len({_kind(character) for character in password}) < 2:
        return "the password is of only one of letters, digits and others"
    if re.sub(r"[\W\d_]+", "", password.lower()) in _USUAL:
        return "the password is one of the usual ones"
    return None


def plain_username(text: str) -> str:
    """The user name as it is stored: case makes no difference."""
    return text.strip().lower()


def is_username(text: str) -> bool:
    """Whether a plain user name may be given to an account."""
    return _USERNAME.fullmatch(text) is not None


def _kind(character: str) -> str:
    return "letter" if character.isalpha() else "digit" if character.isdigit() else "other"
