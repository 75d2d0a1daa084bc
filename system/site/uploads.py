"""Forms with files (multipart/form-data, RFC 7578): fields as text, files as octets."""

from aiohttp import BodyPartReader, web

from system.site.forms import LARGEST_FORM, MOST_FIELDS
from system.site.inner import Refused

CONTENT_TYPE = "multipart/form-data"
_PIECE = 256 * 1024


async def read(
    request: web.Request, largest_file: int
) -> tuple[list[tuple[str, str]], dict[str, bytes]]:
    """Names and values, and the files by the name of their field; a file that was not chosen is
    absent.

    Args:
        largest_file: in octets.

    Raises:
        Refused: 400 or 413, it can't be read or is too large.
    """
    pairs: list[tuple[str, str]] = []
    files: dict[str, bytes] = {}
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name is None:
                raise ValueError("a part without a name")
            if part.filename is None:
                pairs.append((part.name, (await _octets(part, LARGEST_FORM)).decode("utf-8")))
            elif octets := await _octets(part, largest_file):
                files[part.name] = octets
            if len(pairs) + len(files) > MOST_FIELDS:
                raise ValueError("too many fields")
    except (web.RequestPayloadError, ValueError, AssertionError):
        raise Refused(
            400, "form_unreadable", f"Expected a form of at most {MOST_FIELDS} fields in UTF-8."
        ) from None
    return pairs, files


async def _octets(part: BodyPartReader, largest: int) -> bytes:
    read = bytearray()
    while piece := await part.read_chunk(_PIECE):
        read += piece
        if len(read) > largest:
            raise Refused(413, "too_large", f"At most {largest:,} octets are taken.")
    return bytes(read)
