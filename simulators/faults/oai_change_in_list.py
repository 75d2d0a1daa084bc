"""Fault: the PBX changes while a list is on its way."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from simulators.faults.oai_faults import OaiFault, OaiMessage, Pbx


class OaiChangeInList(OaiFault):
    """Between two messages of a list, somebody changes an extension of the PBX for good.

    The event that says so comes before the rest of the list: a client that has not begun to listen
    before it asked, or forgets the event because a list is under way, stays out of step.
    """

    name: ClassVar[str] = "oai-change-in-list"

    change: Literal["added", "removed", "renewed"] = Field(
        default="added",
        description="What happens: one extension more, the last one removed, or its credentials "
        "renewed.",
    )

    def concerns(self, event: object) -> bool:
        return isinstance(event, OaiMessage) and event.more and super().concerns(event)

    def meddle(self, nodes: Sequence[Pbx], octets: bytes) -> None:
        for node in nodes:
            if node.extensions:
                self._change(node)
                return

    def _change(self, node: Pbx) -> None:
        last = list(node.extensions)[-1]
        if self.change == "removed":
            node.remove_extension(last)
        elif self.change == "renewed":
            node.renew_credentials(last)
        else:
            highest = max(int(number) for number in node.extensions)
            node.add_extension(str(highest + 1), "Added meanwhile")
