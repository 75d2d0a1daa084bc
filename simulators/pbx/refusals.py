"""Every refusal of a node, in one place: status, headers, reason in words.

The texts in `Warning` are what the MBG passes on and the report tells apart (docs/wire.md, 4).
"""

from typing import NamedTuple

from simulators.sip.vocabulary import METHODS


class Refusal(NamedTuple):
    """One refusal: what goes on the wire, and `why` for the journal.

    `why` is empty for a challenge that any honest phone meets: that is no refusal yet.
    """

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


def wrong_name(host: str, auth_name: str, extension: str) -> Refusal:
    """403 for EXT-6: the password is right, but the name is not the extension's number."""
    return _warned(
        403, host, f"Authorization name {auth_name} is not the extension number {extension}"
    )


def no_licence(host: str) -> Refusal:
    """403: all Cat-F licences of the node are taken."""
    return _warned(403, host, "No Cat-F licence is free on this PBX")


def logged_out(host: str, extension: str) -> Refusal:
    """403: somebody was logged out at this phone, which has not heard of it yet (EXT-7)."""
    return _warned(403, host, f"Hot desk extension {extension} was logged out at this phone")


def unknown_extension(host: str, extension: str) -> Refusal:
    """404 (RFC 3261 section 10.3 step 5): the AOR is none of ours."""
    return _warned(404, host, f"Extension {extension} does not exist on this PBX")


def too_brief(min_expires_s: int) -> Refusal:
    """423 (RFC 3261 section 10.3 step 7): below the shortest expiry that we grant."""
    return Refusal(423, f"expiry below {min_expires_s} s", (("Min-Expires", str(min_expires_s)),))


def out_of_order() -> Refusal:
    """500 (RFC 3261 section 10.3 step 7): an older REGISTER of the same UA came late."""
    return Refusal(500, "CSeq is not above the one that made the binding")


def not_registered(host: str, extension: str) -> Refusal:
    """480: nobody knows where its phone is."""
    return _warned(480, host, f"Extension {extension} is not registered")


def own_number(host: str, extension: str) -> Refusal:
    """486: somebody dialled the extension that it calls from, which is busy doing so."""
    return _warned(486, host, f"Extension {extension} calls itself")


def feature_code(host: str, why: str) -> Refusal:
    """403: a feature code that can't be carried out."""
    return _warned(403, host, why)


def no_calls(host: str) -> Refusal:
    """501 (RFC 3261 section 21.5.2): several processes serve the node, which only register."""
    return _warned(501, host, "This node runs as several processes: they register, calls need one")


def not_served(method: str, allow: str) -> Refusal:
    """405 for a method with an RFC of its own, 501 for any other (sections 8.2.1 and 21.5.2)."""
    status = 405 if method in METHODS else 501
    return Refusal(status, f"{method} is not served", (("Allow", allow),))
