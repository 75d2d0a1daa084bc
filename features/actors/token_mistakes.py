"""What people do wrong at the token exchange (stage 4), each as a way through it."""

from collections.abc import Awaitable, Callable

from features.actors.installer import CONSUMER_ID, Installer

Mistake = Callable[[Installer], Awaitable[object]]
NOT_THE_SECRET = "bm90IHRoZSBzZWNyZXQhIQ=="
VERIFIERS = 1_000_000


async def _wrong_id(installer: Installer) -> None:
    await installer.tries(installer.requests_token(consumer_id="MiVOAppSweet"))


async def _wrong_secret(installer: Installer) -> None:
    await installer.tries(installer.requests_token(secret=NOT_THE_SECRET))


async def _swapped(installer: Installer) -> None:
    assert installer.consumer is not None
    secret = installer.consumer.shared_secret
    await installer.tries(installer.requests_token(consumer_id=secret, secret=CONSUMER_ID))


async def _inactive(installer: Installer) -> None:
    assert installer.consumer is not None
    installer.consumer.active = False
    await installer.tries(installer.requests_token())


async def _not_approved(installer: Installer) -> None:
    await installer.requests_token()
    await installer.tries(installer.retrieves_token("123456"))


async def _approved(installer: Installer) -> None:
    await installer.requests_token()
    await installer.approves_token()


async def _wrong_verifier(installer: Installer) -> None:
    await _approved(installer)
    wrong = f"{(int(installer.verifier) + 1) % VERIFIERS:06d}"
    await installer.tries(installer.retrieves_token(wrong))


async def _other_verifier(installer: Installer) -> None:
    await _approved(installer)
    earlier = installer.verifier
    await _approved(installer)
    assert installer.verifier != earlier, "both requests got the same verifier"
    await installer.tries(installer.retrieves_token(earlier))


async def _rejected(installer: Installer) -> None:
    await installer.requests_token()
    mbg = installer.estate.mbg
    mbg.reject(mbg.web_services.pending(mbg.clock.now())[-1].token)
    await installer.tries(installer.retrieves_token("123456"))


async def _stopped(installer: Installer) -> None:
    await _approved(installer)
    installer.estate.mbg.stop_web_services()
    await installer.tries(installer.retrieves_token())
    installer.estate.mbg.start_web_services()


async def _deleted(installer: Installer) -> None:
    await _approved(installer)
    installer.estate.mbg.delete_consumer(CONSUMER_ID)
    await installer.tries(installer.retrieves_token())


async def _new_secret(installer: Installer) -> None:
    await _approved(installer)
    installer.estate.mbg.regenerate_secret(CONSUMER_ID)
    await installer.tries(installer.retrieves_token())


async def _too_old(installer: Installer) -> None:
    await _approved(installer)
    await installer.estate.clock.advance(hours=1, minutes=1)
    await installer.tries(installer.retrieves_token())


MISTAKES: dict[str, Mistake] = {
    "wrong Consumer ID": _wrong_id,
    "wrong Shared Secret": _wrong_secret,
    "Consumer ID and Shared Secret swapped": _swapped,
    "consumer not active": _inactive,
    "temporary token not approved": _not_approved,
    "wrong verifier": _wrong_verifier,
    "verifier of an earlier request": _other_verifier,
    "request rejected on the MBG": _rejected,
    "web services stopped meanwhile": _stopped,
    "consumer deleted meanwhile": _deleted,
    "shared secret made anew meanwhile": _new_secret,
    "temporary token too old": _too_old,
}


async def makes(installer: Installer, mistake: str) -> None:
    """Go through stage 4 with one thing wrong; the installer keeps the refusal."""
    assert mistake in MISTAKES, f"nobody knows the mistake {mistake!r}; known: {list(MISTAKES)}"
    await installer.enables_rest_api()
    await MISTAKES[mistake](installer)


async def is_told(installer: Installer, mistake: str) -> str:
    """What the MCS says of a mistake."""
    await makes(installer, mistake)
    assert installer.refusal is not None, f"MCS was content with: {mistake}"
    return installer.refusal.message
