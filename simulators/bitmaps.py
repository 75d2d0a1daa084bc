"""Sets of small whole numbers as short text: a bitmap, deflated (RFC 1951), in base64. Pure.

Which of 60,000 phones are registered is so at most 10,000 characters, whatever the pattern, and a
few dozen where nearly all are, or every second one. Bit i of octet i // 8 (the lowest first)
stands for number i; what is empty is the empty text.
"""

import base64
import zlib
from collections.abc import Iterable

MOST = 1 << 20
"""Numbers are below it."""


def pack(numbers: Iterable[int]) -> str:
    """The set as text.

    Raises:
        ValueError: a number is negative, or `MOST` or more.
    """
    wanted = set(numbers)
    if not wanted:
        return ""
    if min(wanted) < 0 or max(wanted) >= MOST:
        raise ValueError(f"expected numbers from 0 to {MOST - 1}, got {min(wanted)}, {max(wanted)}")
    bits = bytearray(max(wanted) // 8 + 1)
    for number in wanted:
        bits[number >> 3] |= 1 << (number & 7)
    return base64.b64encode(zlib.compress(bits, 9)).decode("ascii")


def unpack(text: str) -> frozenset[int]:
    """The set of a text.

    Raises:
        ValueError: it is none that `pack` makes.
    """
    if not text:
        return frozenset()
    inflater = zlib.decompressobj()
    try:
        bits = inflater.decompress(base64.b64decode(text, validate=True), MOST // 8)
    except zlib.error as error:
        raise ValueError(f"expected a deflated bitmap ({error})") from error
    if not inflater.eof or inflater.unused_data:
        raise ValueError(f"expected one whole bitmap of at most {MOST // 8} octets")
    return frozenset(
        8 * at + bit
        for at, octet in enumerate(bits)
        if octet
        for bit in range(8)
        if octet >> bit & 1
    )
