"""What the stored settings of the MBG page allow: its address, the temporary token."""

from system.errors import NotReady
from system.mbg.oauth import Credentials
from system.storage.models import MbgSettings

PAGE = "the page Site Settings -> Phone Systems -> MiVoice Border Gateway"


def usable_address(settings: MbgSettings) -> str:
    """The MBG's address, if the settings let it be used.

    Raises:
        NotReady: it is not entered, or the Rest API is not enabled.
    """
    if not settings.internal_address:
        raise NotReady(
            "mbg_address_missing",
            f"The MBG's internal address is not set. Enter it on {PAGE}.",
            field="internal_address",
            requirement="ADR-1",
        )
    if not settings.rest_api_enabled:
        raise NotReady(
            "rest_api_disabled",
            f"The Rest API is not enabled. Check Enable Rest API on {PAGE}.",
            field="rest_api_enabled",
            requirement="TOK-3",
        )
    return settings.internal_address


def pending_credentials(settings: MbgSettings) -> Credentials:
    """The temporary token.

    Raises:
        NotReady: there is none.
    """
    if settings.pending_token is None or settings.pending_consumer_id is None:
        raise NotReady(
            "no_temporary_token",
            'There is no temporary token. Press "Save & Test API Credentials" first.',
            requirement="TOK-3",
        )
    return Credentials(
        settings.pending_consumer_id,
        settings.pending_shared_secret or "",
        settings.pending_token,
        settings.pending_token_secret,
    )


def clear_pending(settings: MbgSettings) -> None:
    """The handshake is over."""
    settings.pending_name = settings.pending_consumer_id = None
    settings.pending_shared_secret = None
    settings.pending_token = settings.pending_token_secret = None
