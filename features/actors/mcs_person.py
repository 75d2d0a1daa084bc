"""Somebody at the site of a real MCS, asked what the installer would do at its JSON API.

`PAGES` says for each call that the suites make which page of the manual it is, what is to be done
there, and how what is read back becomes the document that the call would have answered. A call that
is not in it is nothing for a person, and its scenario not applicable.
"""

import asyncio
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from features.actors.answers import Members
from features.actors.desk import Desk, Question, asked
from simulators.errors import NotOffered

SETTINGS = "Configuration -> Site Settings -> Phone Systems"
MBG_PAGE = f"{SETTINGS} -> MiVoice Border Gateway"
PBX_PAGE = f"{SETTINGS} -> [PBX name]"
AGAIN_S = 0.5
YES = ("yes", "true", "registered", "1")


@dataclass(frozen=True, slots=True)
class Page:
    """A call as a person does it.

    Args:
        call: method and path, a regular expression.
        needs: a member that the body has; "" for any body.
        enter: label -> member of the body, `{path group}` or plain text.
        read: label -> member of the answer, with dots between levels; `?` at its end: yes or no.
    """

    call: str
    page: str
    task: str
    needs: str = ""
    enter: tuple[tuple[str, str], ...] = ()
    read: tuple[tuple[str, str], ...] = ()


PAGES = (
    Page("PUT /settings/mbg", MBG_PAGE, "Enter the MBG's internal address, and Save.",
         "internal_address", (("Internal IP address", "internal_address"), ("Port", "port"))),
    Page("PUT /settings/mbg", MBG_PAGE, "Check Enable Rest API.", "rest_api_enabled"),
    Page("GET /settings/mbg", MBG_PAGE, "Read the page. State of the token: none, valid, expiring "
         "or refused; its expiry as in 2027-03-02T08:00:00Z.", "", (),
         (("Internal IP address", "internal_address"), ("State of the token", "token.state"),
          ("Expiry of the token", "token.expires_at"))),
    Page("POST /settings/mbg/request-token", MBG_PAGE, "Press Request Access Token, enter these, "
         "and press Save & Test API Credentials.", "",
         (("Name", "name"), ("Consumer ID", "consumer_id"), ("Shared Secret", "shared_secret"))),
    Page("POST /settings/mbg/retrieve-token", MBG_PAGE, "Enter the verifier, and press Retrieve "
         "Final Access Token.", "", (("Verifier", "verifier"),)),
    Page("POST /phone-systems", SETTINGS, "Add the PBX by its CT Gateway, if it is not there yet.",
         "", (("Name", "name"), ("CT Gateway", "ct_gateway_address"), ("Port", "ct_gateway_port"),
              ("Password", "ct_gateway_password"))),
    Page("POST /phone-systems/1/sync", PBX_PAGE, "Have nodes and extensions read from the PBX."),
    Page(r"PUT /phone-systems/1/nodes/(?P<node>\d+)", PBX_PAGE, "Enter these for the node, and "
         "Save.", "", (("Node", "{node}"), ("NAT IP Address", "nat_ip_address"),
                       ("NAT SIP Port", "nat_sip_port"))),
    Page(r"GET /phone-systems/1/nodes/(?P<node>\d+)", PBX_PAGE, "Read these of the node.", "",
         (("Node", "{node}"),),
         (("NAT IP Address", "nat_ip_address"), ("NAT SIP Port", "nat_sip_port#"))),
    Page("PUT /client-locations/remote", "Configuration -> Site Settings -> Client Locations -> "
         "Remote", "Enter this, and Save.", "",
         (("NAT IP Address/Full Hostname", "nat_ip_address_or_hostname"),)),
    Page(r"PUT /phone-systems/1/extensions/(?P<extension>\d+)", PBX_PAGE, "Edit this SIP "
         "extension: Use remote authorization credentials as said; Save.", "use_remote_credentials",
         (("Extension", "{extension}"),
          ("Use remote authorization credentials", "use_remote_credentials"))),
    Page(r"GET /phone-systems/1/extensions/(?P<extension>\d+)", PBX_PAGE, "Open this SIP "
         "extension's SIP Authorization form. Provisioning: off, waiting, provisioned, removing or "
         "failed.", "", (("Extension", "{extension}"),),
         (("Provisioning", "provisioning.state"), ("Message", "provisioning.message"),
          ("Remote authorization name", "remote_name"), ("The MBG's id", "mbg_device_id"))),
    Page(r"PUT /firmware/(?P<model>\w+)", "Configuration -> Features -> Firmware",
         "Upload this file for the model.", "", (("Model", "{model}"), ("File", "file"))),
    Page(r"PUT /phones/(?P<mac>\w+)", "Configuration -> Phones", "Assign the extension to this "
         "phone; make the phone known first, if it is not.", "extension",
         (("MAC address", "{mac}"), ("Extension", "extension"))),
    Page(r"GET /phones/(?P<mac>\w+)", "Configuration -> Phones", "Read this phone's line. "
         "Location: teleworker or local; registered: yes or no.", "", (("MAC address", "{mac}"),),
         (("Location", "location"), ("Address", "address"), ("Model", "model"),
          ("Firmware", "firmware"), ("Extension", "extension"), ("Registered", "registered?"))),
)  # fmt: skip


def page_for(method: str, path: str, body: dict[str, Any]) -> tuple[Page, dict[str, str]]:
    """The page for a call, and what its path names.

    Raises:
        NotOffered: nobody does this by hand.
    """
    for page in PAGES:
        found = re.fullmatch(page.call, f"{method} {path}")
        if found is not None and (not page.needs or page.needs in body):
            return page, found.groupdict()
    raise NotOffered(f"a person at the MCS does not do {method} {path}: it is a matter of our API")


def question_for(method: str, path: str, body: dict[str, Any], note: str = "") -> Question:
    """What a person is asked instead of a call."""
    page, named = page_for(method, path, body)
    enter = {}
    for label, member in page.enter:
        value = named[member[1:-1]] if member.startswith("{") else body.get(member, "")
        enter[label] = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    read = [label for label, _ in page.read]
    task = f"{page.task} {note}".strip()
    return Question("MCS", page.page, task, enter, read)


def document_of(page: Page, read: dict[str, str]) -> Members:
    """The answer that the call would have had."""
    document: Members = Members(id=1)
    for label, member in page.read:
        text = read.get(label, "").strip()
        value: Any = text or None
        if member.endswith("?"):
            value = text.lower() in YES
        elif member.endswith("#"):
            value = int(text) if text.isdigit() else None
        *above, last = member.rstrip("?#").split(".")
        at = document
        for name in above:
            at = at.setdefault(name, Members())
        at[last] = value
    return document


class McsByPerson:
    """A session at the site of an MCS, as `McsSite` is one at its API."""

    def __init__(self, desk: Desk, patience_s: float) -> None:
        self._desk = desk
        self._patience_s = patience_s
        self._folder = tempfile.TemporaryDirectory(prefix="teleworker-bench-for-you-")

    async def __aenter__(self) -> "McsByPerson":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._folder.cleanup()

    async def log_in(self) -> None:
        """Ask for a browser that is logged in."""
        question = Question("MCS", "Log-in", "Log in as an engineer, who may change everything.")
        await asked(self._desk, question, self._patience_s)

    async def get(self, path: str) -> Any:
        return await self._do("GET", path, {})

    async def put(self, path: str, body: dict[str, Any]) -> Any:
        return await self._do("PUT", path, body)

    async def tag(self, path: str) -> NoReturn:
        raise NotOffered(f"a person at the MCS does not say which version of {path} is stored")

    async def put_as_of(self, tag: str, path: str, body: dict[str, Any]) -> NoReturn:
        raise NotOffered(f"a person at the MCS is not asked to save an old page of {path}")

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return await self._do("POST", path, body or {})

    async def delete(self, path: str) -> NoReturn:
        raise NotOffered(f"a person at the MCS is not asked to delete {path}")

    async def put_octets(self, path: str, octets: bytes) -> Any:
        """The file is put where the person can take it from."""
        file = Path(self._folder.name) / (path.rpartition("/")[2] + ".st")
        file.write_bytes(octets)
        return await self._do("PUT", path, {"file": str(file)})

    async def until(self, path: str, wanted: Callable[[Any], bool], what: str) -> Any:
        """Ask until what is read is as wanted, or patience ends."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience_s
        while True:
            document = await self._do("GET", path, {}, f"Wait for {what}.")
            if wanted(document):
                return document
            if loop.time() > deadline:
                raise AssertionError(f"waited {self._patience_s:g} s for {what}; read: {document}")
            await asyncio.sleep(AGAIN_S)

    async def _do(self, method: str, path: str, body: dict[str, Any], note: str = "") -> Any:
        page, _ = page_for(method, path, body)
        question = question_for(method, path, body, note)
        read = await asked(self._desk, question, self._patience_s)
        return document_of(page, dict(read))


def labels(pages: Sequence[Page] = PAGES) -> set[str]:
    """All that a person may be asked to read."""
    return {label for page in pages for label, _ in page.read}
