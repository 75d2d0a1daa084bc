"""How REGISTERs are dealt out to the processes of a node: by the extension in To. Pure.

Each extension has a process that it belongs to while nobody says otherwise, its *default owner*;
`program` lets the kernel deal datagrams by the same rule: a filter in classic BPF (bpf(4), Linux's
`Documentation/networking/filter.rst`) for SO_ATTACH_REUSEPORT_CBPF (socket(7)). Classic BPF has no
loops, so the filter is as long as the part of a message that it looks through. What it can't read
(To in its compact form, further on, or without a user) the kernel deals by the sender's address
and port, as it does where there is no filter: then another process may get it than the default
owner, which costs a hand-over and is right as well.
"""

from typing import NamedTuple

FROM, REACH, LONGEST = 32, 600, 48
"""Octets of a message in which To is looked for, and how many of To itself."""

SPREAD, SHIFT = 0x9E3779B1, 16
"""Knuth's multiplicative hash (TAOCP 6.4): numbers in a row go to processes by turns, about."""

WORD = 0xFFFFFFFF
"""The most that four octets hold."""

NONE = WORD
"""A process that there can't be: the kernel deals by itself."""

# Codes of linux/bpf_common.h: load a word or an octet; k alone, at k, at X + k.
LOAD_CONSTANT, LOAD_LENGTH, LOAD_WORD = 0x00, 0x80, 0x20
LOAD_WORD_AT_X, LOAD_OCTET_AT_X, X_CONSTANT = 0x40, 0x50, 0x01
ADD_X, TO_X = 0x0C, 0x07
MULTIPLY, SHIFT_RIGHT, MODULO = 0x24, 0x74, 0x94
JUMP, IF_EQUAL, IF_AT_LEAST = 0x05, 0x15, 0x35
RETURN, RETURN_A = 0x06, 0x16


class Instruction(NamedTuple):
    """One of a filter: code, how many to skip if true and if false, constant."""

    code: int
    if_true: int
    if_false: int
    k: int


def default_owner(extension: str, count: int) -> int:
    """The number of its process, from 1: by the last four octets of `sip:` and the extension."""
    word = int.from_bytes(("sip:" + extension).encode()[-4:], "big")
    return ((word * SPREAD & WORD) >> SHIFT) % count + 1


def program(count: int) -> list[Instruction]:
    """The filter that returns the index, from 0, of the default owner of a message's extension."""
    made: list[Instruction] = []
    _find_to(made)
    _find_user(made)
    made += [
        Instruction(LOAD_WORD_AT_X, 0, 0, 0),
        Instruction(MULTIPLY, 0, 0, SPREAD),
        Instruction(SHIFT_RIGHT, 0, 0, SHIFT),
        Instruction(MODULO, 0, 0, count),
        Instruction(RETURN_A, 0, 0, 0),
    ]
    return made


def _find_to(made: list[Instruction]) -> None:
    """Go on with X at the name or the colon of `To`, wherever it is."""
    leaps: list[int] = []
    # One of the two words begins at an even place, wherever the header does.
    at_name, before_name = (int.from_bytes(word, "big") for word in (b"To: ", b"\nTo:"))
    for place in range(FROM, REACH, 2):
        made += [
            Instruction(LOAD_LENGTH, 0, 0, 0),
            Instruction(IF_AT_LEAST, 1, 0, place + 4),
            Instruction(RETURN, 0, 0, NONE),
            Instruction(LOAD_WORD, 0, 0, place),
            Instruction(IF_EQUAL, 1, 0, before_name),
            Instruction(IF_EQUAL, 0, 2, at_name),
            Instruction(X_CONSTANT, 0, 0, place),
        ]
        leaps.append(_leap(made))
    made.append(Instruction(RETURN, 0, 0, NONE))
    _land(made, leaps)


def _find_user(made: list[Instruction]) -> None:
    """Go on with X four octets before the first `@`."""
    leaps: list[int] = []
    for place in range(8, LONGEST):
        made += [
            Instruction(LOAD_OCTET_AT_X, 0, 0, place),
            Instruction(IF_EQUAL, 0, 2, ord("@")),
            Instruction(LOAD_CONSTANT, 0, 0, place - 4),
        ]
        leaps.append(_leap(made))
    made.append(Instruction(RETURN, 0, 0, NONE))
    _land(made, leaps)
    made += [Instruction(ADD_X, 0, 0, 0), Instruction(TO_X, 0, 0, 0)]


def _leap(made: list[Instruction]) -> int:
    """A jump to where `_land` says."""
    made.append(Instruction(JUMP, 0, 0, 0))
    return len(made) - 1


def _land(made: list[Instruction], leaps: list[int]) -> None:
    """Let the jumps end here; a jump counts what it skips."""
    for leap in leaps:
        made[leap] = Instruction(JUMP, 0, 0, len(made) - leap - 1)
