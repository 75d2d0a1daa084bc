"""Every answer of the registrar that is no 200, in one place: status, headers, reason in words.

The texts in `Warning` are what the MBG passes on and the report tells apart (docs/wire.md, 4).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal: what goes on the wire, and `why` for the journal."""

    status: int
    why: str
    headers: tuple[tuple[str, str], ...] = ()
    reason: str = ""


def _warned(status: int, host: str, text: str) -> Refusal:
    # RFC 3261 section 20.43: code 399 is a warning of one's own, the agent's host comes before the
    # text
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return Refusal(status, text, (("Warning", f'399 {host} "{quoted}"'),))


def bad_request(why: str) -> Refusal:
    """400: the request breaks RFC 3261."""
    return Refusal(400, why)


def bad_extension(required: str) -> Refusal:
    """420 (RFC 3261 section 10.3 step 2): we support no option tag."""
    why = f"required extension {required} is not supported"
    return Refusal(420, why, (("Unsupported", required),), "Bad Extension")


def wrong_name(host: str, auth_name: str, extension: str) -> Refusal:
    """403 for EXT-6: the password is right, but the name is not the extension's number."""
    return _warned(
        403, host, f"Authorization name {auth_name} is not the extension number {extension}"
    )


def no_licence(host: str) -> Refusal:
    """403: all Cat-F licences of the node are taken."""
    return _warned(403, host, "No Cat-F licence is free on this PBX")


def unknown_extension(host: str, extension: str) -> Refusal:
    """404 (RFC 3261 section 10.3 step 5): the AOR is none of ours."""
    return _warned(404, host, f"Extension {extension} does not exist on this PBX")


def too_brief(min_expires_s: int) -> Refusal:
    """423 (RFC 3261 section 10.3 step 7): below the shortest expiry that we grant."""
    return Refusal(423, f"expiry below {min_expires_s} s", (("Min-Expires", str(min_expires_s)),))


def out_of_order() -> Refusal:
    """500 (RFC 3261 section 10.3 step 7): an older REGISTER of the same UA came late."""
    return Refusal(500, "CSeq is not above the one that made the binding")


def not_implemented(method: str) -> Refusal:
    """501: a method that the node does not know."""
    return Refusal(501, f"{method} is not implemented")
