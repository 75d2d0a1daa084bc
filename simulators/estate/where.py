"""Where everything of an estate is, for people: what its entry page shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from simulators.addresses import AddressPlan
from simulators.control.server import ControlServer
from simulators.estate.mcs import McsEndpoint
from simulators.faces.face import Link
from simulators.mbg.mbg import Mbg
from simulators.pbx.pbx import Pbx


@dataclass(frozen=True, slots=True)
class Where:
    """The addresses of one estate."""

    control: ControlServer
    mbgs: Sequence[Mbg]
    mbg_controls: Sequence[ControlServer]
    pbx: Pbx
    pbx_control: ControlServer
    phone_control: ControlServer
    mcs: McsEndpoint | None
    plan: AddressPlan

    @property
    def map_url(self) -> str:
        """The live map."""
        return f"{self.control.url}/map/"

    def links(self) -> list[Link]:
        """Links for the head of each page: the faces of this estate, then the roles' own sites."""
        faces = [
            Link(face.name, server.url + face.at())
            for server in (self.control, self.phone_control)
            for face in server.faces
        ]
        sites = [Link(f"{mbg.role} site", self._mbg_site(mbg)) for mbg in self.mbgs]
        mcs = [Link("MCS site", f"{self.mcs.api_url}/")] if self.mcs is not None else []
        return [*faces, *mcs, *sites]

    def places(self) -> list[tuple[str, str, str]]:
        """What there is, where (a link or an address), and how to log in or what it is.

        The password of an MCS that is not of this run is not shown.
        """
        mcs = []
        if self.mcs is not None:
            ours = self.mcs.kind == "ours"
            password = self.mcs.admin_password if ours else "(as in mcs.admin_password_file)"
            log_in = f"log-in {self.mcs.admin_name} / {password}"
            mcs = [
                ("MCS site", f"{self.mcs.api_url}/", log_in),
                ("MCS API", f"{self.mcs.api_url}/api/v1/openapi.json", "described in OpenAPI"),
            ]
        pages = [
            (face.name, server.url + face.at(), "no log-in")
            for server in (self.control, self.phone_control)
            for face in server.faces
        ]
        return [*pages, *mcs, *self._of_mbgs(), *self._of_pbx(), *self._controls()]

    def _of_mbgs(self) -> list[tuple[str, str, str]]:
        found = []
        for mbg in self.mbgs:
            rest = f"https://{mbg.rest_address[0]}:{mbg.rest_address[1]}/mslrest"
            found += [
                (
                    f"{mbg.role} site",
                    self._mbg_site(mbg),
                    f"log-in admin / {mbg.settings.site_password}",
                ),
                (f"{mbg.role} REST API", f"{rest}/openapi.json", "described in OpenAPI"),
                (f"{mbg.role} addresses", f"inside {mbg.inside}, outside {mbg.outside}", ""),
            ]
        return found

    def _of_pbx(self) -> list[tuple[str, str, str]]:
        gateway = self.pbx.gateway.address[1]
        return [
            *((n.role, f"{n.address[0]}:{n.address[1]}", f"{n.name}") for n in self.pbx.nodes),
            ("CT Gateway", f"{self.plan.ct_gateway}:{gateway}", "OAI"),
            ("homes", f"{self.plan.home(0)} and on", ""),
        ]

    def _controls(self) -> list[tuple[str, str, str]]:
        named = [
            *zip((mbg.role for mbg in self.mbgs), self.mbg_controls, strict=True),
            ("PBX", self.pbx_control),
            ("phones", self.phone_control),
            ("estate", self.control),
        ]
        return [
            (f"{name} control", f"{server.url}/openapi.json", "described in OpenAPI")
            for name, server in named
        ]

    @staticmethod
    def _mbg_site(mbg: Mbg) -> str:
        return f"https://{mbg.rest_address[0]}:{mbg.rest_address[1]}/server-manager/"
