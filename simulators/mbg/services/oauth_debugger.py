"""The signature debugger: why a signed request was refused, as far as it can be told, pure.

The MBG does not see the client's base string. So it makes the signature once more with each usual
mistake; the one that gives the signature that came is the answer. Where none does, a base string
that the client sent along (header `X-Signature-Base-String`) is compared.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile

from simulators.mbg.refusals import Refused
from simulators.mbg.services import oauth_signing
from simulators.mbg.services.oauth import HttpRequest, SignedRequest, encode, matches
from simulators.mbg.services.oauth_key_mistakes import KEY_MISTAKES, readings
from simulators.mbg.services.oauth_mistakes import BASE_STRING_MISTAKES
from simulators.mbg.services.oauth_signing import Secrets as Secrets
from simulators.mbg.services.oauth_signing import Signing

KEPT = 200
HEADER = "X-Signature-Base-String"
MISTAKES = BASE_STRING_MISTAKES + KEY_MISTAKES
UNKNOWN = "unknown"
CONTEXT = 12
"""Characters shown on either side of a difference."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where two base strings differ.

    Args:
        position: from 0.
        ours, theirs: the character there, "" past the end.
    """

    position: int
    ours: str
    theirs: str

    def around(self, base_string: str) -> str:
        """What stands around it in one of the two."""
        return base_string[max(0, self.position - CONTEXT) : self.position + CONTEXT + 1]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why a signature does not fit.

    Args:
        mistake: its name, `unknown` where no usual mistake explains the signature.
        says: one or two sentences for the client's developer.
        theirs: the client's base string, "" where it is not known.
        difference: None where the base strings agree, or theirs is not known.
    """

    mistake: str
    says: str
    theirs: str
    difference: Difference | None


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """A refused signed request as the debugger keeps it: no secret, and no usable token, in it.

    Args:
        at: calendar time, epoch seconds.
        parameters: what took part in the signature, and the signature; masked.
        base_string: as the MBG built it, masked; "" where the request could not be read.
    """

    number: int
    at: float
    code: str
    message: str
    consumer_id: str
    caller: str
    method: str
    uri: str
    parameters: tuple[tuple[str, str], ...]
    base_string: str
    diagnosis: Diagnosis | None

    def document(self) -> dict[str, object]:
        """As JSON, for the control API."""
        found = self.diagnosis
        differs = found.difference if found else None
        return {
            "number": self.number,
            "at": self.at,
            "code": self.code,
            "message": self.message,
            "consumer_id": self.consumer_id,
            "caller": self.caller,
            "method": self.method,
            "uri": self.uri,
            "parameters": [list(pair) for pair in self.parameters],
            "base_string": self.base_string,
            "mistake": found.mistake if found else "",
            "diagnosis": found.says if found else "",
            "their_base_string": found.theirs if found else "",
            "first_difference": None
            if found is None or differs is None
            else {
                "position": differs.position,
                "ours": differs.ours,
                "theirs": differs.theirs,
                "our_context": differs.around(self.base_string),
                "their_context": differs.around(found.theirs),
            },
        }


class RefusedRequests:
    """The latest refused requests, oldest first."""

    def __init__(self) -> None:
        self._kept: deque[RefusedRequest] = deque(maxlen=KEPT)
        self._number = 0

    def __iter__(self) -> Iterator[RefusedRequest]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, place: int) -> RefusedRequest:
        """By place, -1 is the latest."""
        return self._kept[place]

    def get(self, number: int) -> RefusedRequest | None:
        """By number, if it is still kept."""
        return next((kept for kept in self._kept if kept.number == number), None)

    def keep(
        self,
        request: HttpRequest,
        signed: SignedRequest | None,
        refused: Refused,
        diagnosis: Diagnosis | None,
        now: float,
    ) -> None:
        """Keep one; `signed` is None where the request could not be read as a signed one."""
        self._number += 1
        masked = _Mask(signed)
        parameters = signed.header + signed.query + signed.form if signed else []
        self._kept.append(
            RefusedRequest(
                number=self._number,
                at=now,
                code=refused.code,
                message=refused.message,
                consumer_id=signed.get("consumer_key") if signed else "",
                caller=request.caller,
                method=request.method,
                uri=masked(request.uri if signed else request.uri.partition("?")[0]),
                parameters=tuple((masked(name), masked(value)) for name, value in parameters),
                base_string=masked(signed.base_string) if signed else "",
                diagnosis=diagnosis and replace(diagnosis, theirs=masked(diagnosis.theirs)),
            )
        )


def diagnose(signed: SignedRequest, secrets: Secrets) -> Diagnosis:
    """Find out why the signature of a request does not fit."""
    right = oauth_signing.of(signed, secrets)
    given = signed.get("signature")
    for mistake in MISTAKES:
        for tried in mistake.change(right):
            if matches(given, tried.digest):
                says = mistake.says + (f" ({tried.which})" if tried.which else "")
                return _told(mistake.name, says, right.base_string, tried.base_string)
    for name, says, octets in readings(given):
        if octets == right.digest:
            return _told(name, says, right.base_string, right.base_string)
    return _unknown(signed, right)


def difference(ours: str, theirs: str) -> Difference | None:
    """The first place where two texts differ, None where they are the same."""
    if ours == theirs:
        return None
    ours, theirs = _printable(ours), _printable(theirs)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(ours, theirs, strict=False))
    position = sum(1 for _ in same)
    return Difference(position, ours[position : position + 1], theirs[position : position + 1])


def _printable(text: str) -> str:
    """Text of the same length that any encoding takes: octets that are no UTF-8 become one sign."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def _unknown(signed: SignedRequest, right: Signing) -> Diagnosis:
    claimed, ours = signed.request.claimed, right.base_string
    if not claimed:
        says = (
            "no usual mistake in the base string gives this signature, so a secret is wrong most "
            f"likely; send your base string in {HEADER} to have it compared"
        )
        return Diagnosis(UNKNOWN, says, "", None)
    if claimed == ours:
        return Diagnosis(
            "secret", "the base strings are the same, so a secret is wrong", claimed, None
        )
    with_claimed = oauth_signing.signed_with(right, claimed)
    fits = matches(signed.get("signature"), with_claimed)
    says = "your base string differs from ours" + (
        "; the secrets are right" if fits else ", and your signature is not made of it and our key"
    )
    return _told("base_string", says, ours, claimed)


def _told(name: str, says: str, ours: str, theirs: str) -> Diagnosis:
    return Diagnosis(name, says, theirs, difference(ours, theirs))


class _Mask:
    """Hides token and verifier wherever they stand; texts keep their length, so places stay."""

    def __init__(self, signed: SignedRequest | None) -> None:
        self._hidden: dict[str, str] = {}
        for name, shown in (("token", 4), ("verifier", 0)):
            value = signed.get(name) if signed else ""
            for text in (encode(encode(value)), encode(value), value):
                if text:
                    self._hidden[text] = text[:shown] + "*" * (len(text) - shown)

    def __call__(self, text: str) -> str:
        text = _printable(text)
        for value, hidden in self._hidden.items():
            text = text.replace(value, hidden)
        return text
