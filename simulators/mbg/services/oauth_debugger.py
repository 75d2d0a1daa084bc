"""The signature debugger: why a signed request was refused, as far as it can be told, pure.

The MBG does not see the client's base string. So it makes the signature once more with each usual
mistake; the one that gives the signature that came is the answer. Where none does, a base string
that the client sent along (header `X-Signature-Base-String`) is compared.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, takewhile

from simulators.mbg.refusals import Refused
from simulators.mbg.services import oauth_signing
from simulators.mbg.services.oauth import HttpRequest, SignedRequest, matches
from simulators.mbg.services.oauth_key_mistakes import KEY_MISTAKES, readings
from simulators.mbg.services.oauth_masking import (
    LONGEST,
    LONGEST_VALUE,
    MOST_SHOWN,
    Mask,
    printable,
)
from simulators.mbg.services.oauth_mistakes import BASE_STRING_MISTAKES
from simulators.mbg.services.oauth_signing import Secrets as Secrets
from simulators.mbg.services.oauth_signing import Signing

KEPT = 200
KEPT_CHARACTERS = 1 << 20
"""Of all requests together; the oldest go first."""
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
        for_caller: what the refusal may tell, "" where the mistake is about a secret.
    """

    mistake: str
    says: str
    theirs: str
    difference: Difference | None
    for_caller: str = ""


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """A refused signed request as the debugger keeps it: no secret, and no usable token, in it.

    Args:
        at: calendar time, epoch seconds.
        parameters: what took part in the signature, and the signature; masked.
        base_string: as the MBG built it, masked; "" where the request could not be read.

    Long texts are cut.
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

    @property
    def characters(self) -> int:
        """How much room it takes."""
        texts = (self.message, self.consumer_id, self.method, self.uri, self.base_string)
        of_parameters = sum(len(name) + len(value) for name, value in self.parameters)
        found = self.diagnosis
        of_diagnosis = len(found.theirs) + len(found.says) if found else 0
        return sum(map(len, texts)) + of_parameters + of_diagnosis

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
    """The latest refused requests, oldest first: so many, and so much of them, as is bounded."""

    def __init__(self) -> None:
        self._kept: deque[RefusedRequest] = deque()
        self._characters = 0
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
        masked = Mask(signed)
        parameters = signed.header + signed.query + signed.form if signed else []
        kept = RefusedRequest(
            number=self._number,
            at=now,
            code=refused.code,
            message=refused.message,
            consumer_id=printable(signed.get("consumer_key"))[:LONGEST_VALUE] if signed else "",
            caller=request.caller,
            method=request.method[:LONGEST_VALUE],
            uri=masked(request.uri if signed else request.uri.partition("?")[0]),
            parameters=tuple(masked.parameters(islice(parameters, MOST_SHOWN))),
            base_string=masked(signed.base_string) if signed else "",
            diagnosis=diagnosis and replace(diagnosis, theirs=masked(diagnosis.theirs)),
        )
        self._kept.append(kept)
        self._characters += kept.characters
        while len(self._kept) > KEPT or self._characters > KEPT_CHARACTERS:
            self._characters -= self._kept.popleft().characters


def diagnose(signed: SignedRequest, secrets: Secrets) -> Diagnosis:
    """Find out why the signature of a request does not fit; a large one's is not looked for."""
    right = oauth_signing.of(signed, secrets)
    ours, given = right.base_string, signed.get("signature")
    if _large(signed, ours):
        says = f"this request is too large to try mistakes on (over {LONGEST} characters): sign a"
        return Diagnosis(UNKNOWN, f"{says} smaller one the same way", "", None)
    for mistake in BASE_STRING_MISTAKES:
        for tried in mistake.change(right):
            theirs = tried.base_string
            if matches(given, oauth_signing.signed_with(tried, theirs)):
                says = _says(mistake.says, tried.which)
                return _told(mistake.name, says, ours, theirs, for_caller=says)
    for mistake in KEY_MISTAKES:
        for tried in mistake.change(right):
            if matches(given, oauth_signing.signed_with(tried, ours)):
                return _told(mistake.name, _says(mistake.says, tried.which), ours, ours)
    for name, says, octets in readings(given):
        if octets == right.digest:
            return _told(name, says, ours, ours, for_caller=says)
    return _unknown(signed, right)


def _large(signed: SignedRequest, ours: str) -> bool:
    """Whether trying all mistakes would take long."""
    sent, parameters = signed.request, signed.header + signed.query + signed.form
    return (
        len(parameters) > MOST_SHOWN
        or max(len(ours), len(sent.uri)) > LONGEST
        or max(len(sent.content), len(sent.claimed)) > LONGEST
    )


def _says(says: str, which: str) -> str:
    return says + (f" ({printable(which)[:LONGEST_VALUE]})" if which else "")


def difference(ours: str, theirs: str) -> Difference | None:
    """The first place where two texts differ, None where they are the same."""
    if ours == theirs:
        return None
    ours, theirs = printable(ours), printable(theirs)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(ours, theirs, strict=False))
    position = sum(1 for _ in same)
    return Difference(position, ours[position : position + 1], theirs[position : position + 1])


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
    return _told("base_string", says, ours, claimed, says if fits else "")


def _told(name: str, says: str, ours: str, theirs: str, for_caller: str = "") -> Diagnosis:
    return Diagnosis(name, says, theirs, difference(ours, theirs), for_caller)
