"""Short ways to make the values that tests are about."""

from datetime import UTC, datetime, timedelta

from reports.model import Entry, Outcome, Protocol, Scenario, Transport

NOON = datetime(2024, 11, 3, 12, tzinfo=UTC)


def scenario(tags: str, outcome: Outcome = Outcome.PASS, number: int = 0) -> Scenario:
    """Return a scenario with these tags, separated by blanks."""
    return Scenario(f"s-{number}", "F", "name", tuple(tags.split()), outcome, "", NOON, 0.5, (), ())


def entry(
    seq: int,
    sender: str,
    receiver: str,
    at: float = 0.0,
    protocol: Protocol = Protocol.SIP,
    summary: str = "REGISTER",
) -> Entry:
    """Return an entry so many seconds after noon."""
    when = NOON + timedelta(seconds=at)
    return Entry(seq, when, sender, receiver, Transport.UDP, "", "", protocol, summary, "text")
