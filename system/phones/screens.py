"""XML objects for a phone's display and its commands (69xx XML API). Pure."""

from xml.sax.saxutils import escape

NEEDS_REBOOT = (
    '<AastraIPPhoneExecute><ExecuteItem URI="Command: FastReboot"/></AastraIPPhoneExecute>'
)
"""Answer to a poll when the phone's configuration is not the newest."""


def setup_screen(mac: str) -> str:
    """What the Setup key of an unassigned local phone shows."""
    return (
        "<AastraIPPhoneTextScreen><Title>Setup</Title><Text>"
        + escape(f"Assign an extension to phone {mac} on the page Configuration -> Phones.")
        + "</Text></AastraIPPhoneTextScreen>"
    )
