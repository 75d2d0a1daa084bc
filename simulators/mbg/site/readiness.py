"""What an MCS needs of this MBG, point by point: what is there, and what is still to be done."""

from dataclasses import dataclass

from simulators.core import TCP
from simulators.mbg.administration import Administration
from simulators.mbg.forwarding.forward_rule import PHONES_PORT
from simulators.mbg.services.consumers import DOCUMENTED_PERMISSIONS, Consumer
from simulators.mbg.settings import GATEWAY

OLDEST_RELEASE = 10


@dataclass(frozen=True, slots=True)
class Point:
    """One need: the requirement's id, its words, whether it is met, what to do, and on which page
    ("" where none can help).
    """

    requirement: str
    need: str
    met: bool
    todo: str
    path: str


def points(mbg: Administration) -> list[Point]:
    """All needs, in the order of the manual's stages."""
    services, licences = mbg.web_services, mbg.licences
    now = mbg.clock.now()
    services.age(now)
    usable = [c for c in services.consumers.values() if c.active and _permitted(c)]
    tokens = [
        token
        for token in services.final.values()
        if token.shown_state(now) in ("valid", "expiring")
        and token.consumer_id in {consumer.consumer_id for consumer in usable}
    ]
    to_phones = mbg.forwards.get((TCP, PHONES_PORT))
    warned = any(forward.warnings for forward in mbg.forwards.values())
    release = mbg.settings.release.partition(".")[0]
    return [
        Point(
            "PRE-1",
            f"Release {OLDEST_RELEASE} or later",
            release.isascii() and release.isdigit() and int(release) >= OLDEST_RELEASE,
            f"This MBG runs {mbg.settings.release}: upgrade it.",
            "",
        ),
        Point(
            "PRE-2",
            "Gateway mode",
            mbg.settings.mode == GATEWAY,
            f"This MBG runs in {mbg.settings.mode} mode: deploy it in Gateway mode.",
            "",
        ),
        Point(
            "FWD-1",
            f"TCP {PHONES_PORT} forwarded to the MCS, with SNAT",
            to_phones is not None and to_phones.rule.snat,
            f"Add a port forwarding rule for TCP {PHONES_PORT} with SNAT enabled.",
            "/port-forwarding",
        ),
        Point(
            "FWD-2",
            "Nothing else forwarded",
            not warned,
            "A port forwarding rule has a warning: correct or remove it.",
            "/port-forwarding",
        ),
        Point(
            "ICP-1",
            "An ICP for each node",
            bool(mbg.store.icps),
            "Add an ICP with the IP address that the MCS has for the node.",
            "/icps",
        ),
        Point("TOK-1", "Web services started", services.running, "Press Start.", "/web-services"),
        Point(
            "TOK-2",
            "An active consumer with the permissions of the manual",
            bool(usable),
            "Add a new consumer, or correct its permissions, or activate it.",
            "/web-services",
        ),
        Point(
            "TOK-5",
            "A final token that is valid",
            bool(tokens),
            "Request an access token on the MCS, then press approve here; or Renew an expired one.",
            "/web-services",
        ),
        Point(
            "PRV-3",
            "A free teleworker licence",
            not licences.shortage,
            licences.shortage + ".",
            "/licences",
        ),
    ]


def _permitted(consumer: Consumer) -> bool:
    """Whether a consumer may do all that an MCS does."""
    return all(
        consumer.may(name, "write" if level == "read/write" else "read")
        for name, level in DOCUMENTED_PERMISSIONS.items()
    )
