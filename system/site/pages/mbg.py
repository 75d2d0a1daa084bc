"""Phone Systems -> MiVoice Border Gateway (ADR-1, TOK-3 to TOK-9, PRE-1, PRE-2)."""

from system.site.declare import Act, Page, Question, Values
from system.site.navigation import PHONE_SYSTEMS
from system.site.visit import Visit

SETTINGS = "/settings/mbg"
PATH = f"{PHONE_SYSTEMS}/mbg"
NAME = "MiVoice Office Application Suite"
CONSUMER_ID = "MiVOAppSuite"
"""As the manual has them (TOK-2)."""


async def show(visit: Visit) -> Values:
    """The settings, the token, the MBG's certificate."""
    settings = await visit.api.get(SETTINGS)
    document = settings.document
    return {
        "form": visit.fill("save", document, settings),
        "mbg": document,
        "token": document["token"],
        "certificate": document["certificate"],
    }


async def save(visit: Visit) -> None:
    """Store them; waiting work is then tried at once."""
    form = visit.sent
    body = {
        "internal_address": form.optional("internal_address"),
        "port": form.number("port"),
        "rest_api_enabled": form.checked("rest_api_enabled"),
        "certificate_check": form.text("certificate_check"),
        "ca_certificate": _pem(form.exact("ca_certificate")),
    }
    await visit.api.put(SETTINGS, body, etag=form.etag)
    visit.done("The settings of the MiVoice Border Gateway were saved.")


async def ask_to_trust(visit: Visit) -> Question:
    """Ask before another certificate is trusted."""
    return Question(
        "Trust another certificate",
        f"Trust the certificate with the SHA-256 fingerprint {visit.sent.text('sha256')}?",
        "Compare the fingerprint with the one that the MBG itself shows. Until it is trusted "
        "nothing is sent to the MBG; afterwards, credentials are.",
        "Trust this certificate",
    )


async def trust(visit: Visit) -> None:
    """Trust what the MBG presents now."""
    await visit.api.post(f"{SETTINGS}/certificate/confirm", {"sha256": visit.sent.text("sha256")})
    visit.done("The MBG's certificate is trusted.")


async def show_request(visit: Visit) -> Values:
    """The form Request Access Token; then the one for the verifier."""
    document = (await visit.api.get(SETTINGS)).document
    return {
        "mbg": document,
        "token": document["token"],
        "request": visit.fill("request", {"name": NAME, "consumer_id": CONSUMER_ID}),
        "retrieve": visit.fill("retrieve"),
    }


async def request_token(visit: Visit) -> None:
    """Save & Test API Credentials."""
    form = visit.sent
    names = ("name", "consumer_id")
    body = {name: form.text(name) for name in names} | {
        "shared_secret": form.exact("shared_secret").strip()
    }
    await visit.api.post(f"{SETTINGS}/request-token", body)
    visit.done("The credentials work: the MBG has given a temporary token. Approve it there.")


async def retrieve_token(visit: Visit) -> None:
    """Retrieve Final Access Token."""
    body = {"verifier": visit.sent.text("verifier")}
    await visit.api.post(f"{SETTINGS}/retrieve-token", body)
    visit.done("The final access token was retrieved: MCS provisions by itself now.", at=PATH)


def _pem(text: str) -> str | None:
    """A text area's lines end in CR LF."""
    return text.replace("\r\n", "\n").strip() or None


PAGES = (
    Page(
        path=PATH,
        title="MiVoice Border Gateway",
        template="mbg",
        show=show,
        reads=f"GET {SETTINGS}",
        live=True,
        acts=(
            Act(name="save", do=save, calls=f"PUT {SETTINGS}"),
            Act(
                name="trust",
                do=trust,
                calls=f"POST {SETTINGS}/certificate/confirm",
                question=ask_to_trust,
            ),
        ),
    ),
    Page(
        path=f"{PATH}/request-access-token",
        title="Request Access Token",
        template="mbg_request",
        show=show_request,
        reads=f"GET {SETTINGS}",
        live=True,
        acts=(
            Act(name="request", do=request_token, calls=f"POST {SETTINGS}/request-token"),
            Act(name="retrieve", do=retrieve_token, calls=f"POST {SETTINGS}/retrieve-token"),
        ),
    ),
)
