"""What an estate is made of, from a TOML file or from defaults; every table and key is known.

[run]         seed, journal
[addresses]   block = "default" (127.10/20/30) or "private" (any free block); outside
[mcs]         role = "ours" or "external", and where
[mbg]         release, mode, licences; or role = "external", and where
[[more_mbgs]] the same, for each further MBG
[pbx]         name, release, licences, udp_listening of node 1
[[more_pbx_nodes]] the same, for nodes 2 to 9
[ct_gateway]  release
[control]     port
[person]      where a person is asked who speaks for an external role
"""

import tomllib
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from simulators.addresses import MOST_MBGS
from simulators.entropy import MAX_SEED
from simulators.errors import ConfigurationError
from simulators.hosts import is_ipv4

OUTSIDE = tuple(
    IPv4Network(text)
    for text in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15")
)
MOST_NODES = 9
"""As many addresses the plan has for them."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RunTable(_Table):
    """`seed` decides everything that is invented; `journal` off keeps no messages (load)."""

    seed: int = Field(default=1, ge=0, le=MAX_SEED)
    journal: bool = True


class AddressesTable(_Table):
    """Which block of 127.0.0.0/8 the run lives in.

    `outside` is another external address of the MBG, for phones on other machines: of this machine,
    in a private network (RFC 1918) or one for benchmarks (RFC 2544). All else stays on loopback.
    """

    block: Literal["default", "private"] = "default"
    outside: str = ""

    @field_validator("outside")
    @classmethod
    def _is_no_public_address(cls, outside: str) -> str:
        if outside and not (is_ipv4(outside) and any(IPv4Address(outside) in n for n in OUTSIDE)):
            allowed = ", ".join(str(network) for network in OUTSIDE)
            raise ValueError(f"expected an address of this machine in {allowed}, got {outside!r}")
        return outside


class McsTable(_Table):
    """The MCS: ours (this checkout's, in process or as its own), or a running one elsewhere.

    `external` needs `phones_address` and, by who speaks to it: `api`, our JSON API: `api_url`,
    `admin_password_file` and, unless its certificate chains to a public CA, `ca_file`. `person`:
    somebody is asked to press the buttons of its site and to read from it. `reset_command` makes
    it as delivered again before each scenario (a virtual machine's snapshot, for example).
    """

    role: Literal["ours", "external"] = "ours"
    speaks: Literal["api", "person"] = "api"
    admin_name: str = "admin"
    api_url: str = ""
    phones_address: str = ""
    phones_port: int = 8202
    phone_manager_port: int = 8204
    tftp_port: int = 69
    admin_password_file: Path | None = None
    ca_file: Path | None = None
    reset_command: tuple[str, ...] = ()


class MbgTable(_Table):
    """The MBG: simulated (PRE-1, PRE-2, PRV-3), or a running one elsewhere.

    `external` needs the addresses `inside` and `outside`; its site is a `person`'s business, or, by
    `control`, that of the control API of a simulated one in another process (`control_url`).
    `ca_file` is the CA of its certificate, for an MCS of ours. `forwarded_port` is where its
    forward of the phones' port listens outside.
    """

    role: Literal["simulated", "external"] = "simulated"
    speaks: Literal["control", "person"] = "person"
    inside: str = ""
    outside: str = ""
    rest_port: int = Field(default=443, ge=1, le=65535)
    forwarded_port: int = Field(default=8202, ge=1, le=65535)
    control_url: str = ""
    ca_file: Path | None = None
    release: str = "11.4.0.225"
    mode: Literal["gateway", "server-only"] = "gateway"
    licences: int = Field(default=1000, ge=0)
    sip_port: int = Field(default=5060, ge=0, le=65535)
    sip_tls_port: int = Field(default=5061, ge=0, le=65535)


class PbxTable(_Table):
    """A node of the simulated MiVoice Office 250 (PRE-3); without `licences` it has any number."""

    role: Literal["simulated"] = "simulated"
    name: str = "Head Office"
    release: str = "6.3 SP1"
    licences: int | None = Field(default=None, ge=0)
    udp_listening: bool = True


class CtGatewayTable(_Table):
    """The simulated CT Gateway (PRE-4)."""

    role: Literal["simulated"] = "simulated"
    release: str = "5.0.64"
    port: int = Field(default=4000, ge=0, le=65535)


class PersonTable(_Table):
    """Where a person is asked, if one speaks for a role.

    `form`: on a small page at `address`, whose URL is printed; `terminal`: where the run was
    started. Who says nothing for `patience_s` seconds has not done it.
    """

    asked: Literal["form", "terminal"] = "form"
    address: str = "127.0.0.1"
    port: int = Field(default=8189, ge=0, le=65535)
    patience_s: float = Field(default=900.0, gt=0)


class ControlTable(_Table):
    """The control APIs: each MBG's, the PBX's, the phones' and the estate's (with the live map) has
    this port at its own address; 0 takes any.
    """

    port: int = Field(default=8190, ge=0, le=65535)


class EstateConfig(_Table):
    """A whole estate; every table has defaults that work."""

    run: RunTable = RunTable()
    addresses: AddressesTable = AddressesTable()
    mcs: McsTable = McsTable()
    mbg: MbgTable = MbgTable()
    more_mbgs: tuple[MbgTable, ...] = Field(default=(), max_length=MOST_MBGS - 1)
    pbx: PbxTable = PbxTable()
    more_pbx_nodes: tuple[PbxTable, ...] = Field(default=(), max_length=MOST_NODES - 1)
    ct_gateway: CtGatewayTable = CtGatewayTable()
    control: ControlTable = ControlTable()
    person: PersonTable = PersonTable()

    @property
    def mbgs(self) -> tuple[MbgTable, ...]:
        """All MBGs, `[mbg]` first."""
        return (self.mbg, *self.more_mbgs)

    @property
    def pbx_nodes(self) -> tuple[PbxTable, ...]:
        """All nodes, `[pbx]` first."""
        return (self.pbx, *self.more_pbx_nodes)

    @model_validator(mode="after")
    def _one_mbg_is_external_at_most(self) -> Self:
        if any(table.role == "external" for table in self.more_mbgs):
            raise ValueError(
                "an external MBG is the only or the first one: [mbg], not [[more_mbgs]]"
            )
        return self

    @model_validator(mode="after")
    def _each_node_has_its_name(self) -> Self:
        names = [table.name for table in self.pbx_nodes]
        if len(set(names)) < len(names):
            raise ValueError(f"each PBX node needs a name of its own, got {', '.join(names)}")
        return self


def load(path: Path) -> EstateConfig:
    """Read an estate file.

    Raises:
        ConfigurationError: it can't be read, is not TOML, or has a key or value nobody knows.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"can't read the estate file {path} ({error.strerror}): give the path of one"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the estate file {path} is not TOML: {error}") from error
    try:
        return EstateConfig.model_validate(tables)
    except ValidationError as error:
        raise ConfigurationError(f"the estate file {path}: {_sentence(error)}") from error


def _sentence(error: ValidationError) -> str:
    """The first thing that is wrong, with what would be right."""
    first = error.errors()[0]
    if not first["loc"]:  # about several tables
        return first["msg"].removeprefix("Value error, ")
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = ", ".join(_known(first["loc"][:-1]))
        return f"unknown setting '{place}'; known here: {known}"
    return f"setting '{place}': {first['msg']}, got {first['input']!r}"


def _known(location: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = EstateConfig
    for part in location:
        if isinstance(part, int):
            continue  # which one of a list
        annotation = model.model_fields[part].annotation
        for kind in (annotation, *get_args(annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                model = kind
    return sorted(model.model_fields)
