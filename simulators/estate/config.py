"""What an estate is made of, from a TOML file or from defaults; every table and key is known.

[run]         seed, journal
[addresses]   block = "default" (127.10/20/30) or "private" (any free block)
[mcs]         role = "ours" or "external", and where
[mbg]         release, mode, licences
[pbx]         release, node address offset, licences
[ct_gateway]  release
"""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulators.entropy import MAX_SEED
from simulators.errors import ConfigurationError


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RunTable(_Table):
    """`seed` decides everything that is invented; `journal` off keeps no messages (load)."""

    seed: int = Field(default=1, ge=0, le=MAX_SEED)
    journal: bool = True


class AddressesTable(_Table):
    """Which block of 127.0.0.0/8 the run lives in."""

    block: Literal["default", "private"] = "default"


class McsTable(_Table):
    """The MCS: ours (this checkout's, in process or as its own), or a running one elsewhere.

    `external` needs `api_url`, `phones_address`, `admin_password_file` and, unless its certificate
    chains to a public CA, `ca_file`.
    """

    role: Literal["ours", "external"] = "ours"
    admin_name: str = "admin"
    api_url: str = ""
    phones_address: str = ""
    phones_port: int = 8202
    admin_password_file: Path | None = None
    ca_file: Path | None = None


class MbgTable(_Table):
    """The simulated MBG (PRE-1, PRE-2, PRV-3)."""

    role: Literal["simulated"] = "simulated"
    release: str = "11.4.0.225"
    mode: Literal["gateway", "server-only"] = "gateway"
    licences: int = Field(default=1000, ge=0)
    sip_port: int = Field(default=5060, ge=0, le=65535)


class PbxTable(_Table):
    """The simulated MiVoice Office 250 (PRE-3)."""

    role: Literal["simulated"] = "simulated"
    name: str = "Head Office"
    release: str = "6.3 SP1"


class CtGatewayTable(_Table):
    """The simulated CT Gateway (PRE-4)."""

    role: Literal["simulated"] = "simulated"
    release: str = "5.0.64"
    port: int = Field(default=4000, ge=0, le=65535)


class EstateConfig(_Table):
    """A whole estate; every table has defaults that work."""

    run: RunTable = RunTable()
    addresses: AddressesTable = AddressesTable()
    mcs: McsTable = McsTable()
    mbg: MbgTable = MbgTable()
    pbx: PbxTable = PbxTable()
    ct_gateway: CtGatewayTable = CtGatewayTable()


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
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = ", ".join(_known(first["loc"][:-1]))
        return f"unknown setting '{place}'; known here: {known}"
    return f"setting '{place}': {first['msg']}, got {first['input']!r}"


def _known(location: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = EstateConfig
    for part in location:
        annotation = model.model_fields[str(part)].annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
    return sorted(model.model_fields)
