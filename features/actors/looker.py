"""Who opens every page there is and reads its source, for what must not be there (API-1)."""

from features.actors.clicker import Clicker
from features.actors.pages import secrets_of
from features.picture_pages import FACES, places

SECRET_PAGE = "/server-manager/web-services/consumers/secret"
TOLD_ON_PURPOSE = ("estate",)
"""Faces that are there to tell a bench's own log-ins: the entry page of an estate."""

LEAST = 8
"""Passwords of two phones on both sides and at the PBX, tokens: fewer would prove little."""


class Looker:
    """Looks at the windows of who has clicked through the stages.

    Args:
        clicker: whose windows, and who knows what was typed.
    """

    def __init__(self, clicker: Clicker) -> None:
        self.clicker = clicker
        self.estate, self.windows = clicker.estate, clicker.windows

    def opens_every_page(self) -> None:
        """All that `python -m features pictures` has.

        Pages that scripts fill are drawn, and fail the scenario when they complain; of the others
        the source says all.
        """
        for face in FACES:
            if face.name in TOLD_ON_PURPOSE:
                continue
            window = self.windows.at(face.name, "" if face.log_in else "somebody")
            for path in places(face, self.estate).values():
                if face.alive:
                    window.opens(path)
                else:
                    window.reads(path)

    def secrets_seen(self) -> list[str]:
        """Where a secret of the run stands in a source, a line each; none is named.

        The shared secret may stand where the MBG tells it once, a verifier (whose six digits a
        person reads off the MBG's page) anywhere.
        """
        known = secrets_of(self.estate)
        assert len(known) > LEAST, "there is next to nothing to look for"
        verifiers = {t.verifier for t in self.estate.mbg.web_services.temporary.values()}
        found = set()
        for source in self.windows.sources():
            told = {self.clicker.shared_secret} if source.path == SECRET_PAGE else set()
            held = self.estate.journal.masker.found(source.text)
            held |= {secret for secret in known if secret in source.text}
            for secret in held - verifiers - told:
                found.add(f"{source.url} holds: {known.get(secret, 'a secret of the journal')}")
        return sorted(found)

    def sees_shared_secret_where_it_belongs(self) -> None:
        """The check sees secrets: that of the consumer, on the one page that tells it once."""
        secret = self.clicker.shared_secret
        paths = {source.path for source in self.windows.sources() if secret in source.text}
        assert paths == {SECRET_PAGE}, f"the shared secret stands on {sorted(paths)}"
