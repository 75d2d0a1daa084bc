"""The state of an MBG in a file: all that an administrator and its consumers made, as JSON.

Consumers, tokens, ICPs, devices, forwards, and what was changed of release, mode, licences and weak
passwords. Not in it: who is registered, counters, nonces, refusals, faults.

**Secrets are in it as they are** (shared secrets, token secrets, passwords of both sides): this is
a test bench. The file is readable by its owner alone.
"""

import contextlib
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulators.errors import ConfigurationError
from simulators.mbg.administration import Administration
from simulators.mbg.forwarding.forward_rule import ForwardRule
from simulators.mbg.records.devices import Device, Icp
from simulators.mbg.services.tokens import FinalToken, TemporaryToken
from simulators.mbg.services.web_services import Consumer
from simulators.mbg.settings import GATEWAY, SERVER_ONLY


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SystemRecord(_Record):
    """What may be changed of the MBG itself."""

    release: str
    mode: str = Field(pattern=f"^({GATEWAY}|{SERVER_ONLY})$")
    licences: int = Field(ge=0)
    permit_weak_passwords: bool
    web_services_running: bool


class MbgState(_Record):
    """Everything that a restart keeps."""

    kind: Literal["teleworker-bench MBG state"] = "teleworker-bench MBG state"
    version: Literal[1] = 1
    system: SystemRecord
    consumers: list[Consumer]
    temporary_tokens: list[TemporaryToken]
    final_tokens: list[FinalToken]
    made: tuple[int, int]
    icps: list[Icp]
    devices: list[Device]
    forwards: list[ForwardRule]


def state_of(mbg: Administration) -> MbgState:
    """The state as it is now."""
    settings, services = mbg.settings, mbg.web_services
    return MbgState(
        system=SystemRecord(
            release=settings.release,
            mode=settings.mode,
            licences=settings.licences,
            permit_weak_passwords=settings.permit_weak_passwords,
            web_services_running=services.running,
        ),
        consumers=list(services.consumers.values()),
        temporary_tokens=list(services.temporary.values()),
        final_tokens=list(services.final.values()),
        made=mbg.store.made,
        icps=list(mbg.store.icps.values()),
        devices=list(mbg.store.devices.values()),
        forwards=[
            replace(forward.rule, outside_port=forward.port) for forward in mbg.forwards.values()
        ],
    )


def restore(mbg: Administration, state: MbgState) -> None:
    """Put a state into an MBG that is as delivered and not started."""
    _restore_system(mbg, state)
    mbg.store.restore(state.icps, state.devices, state.made)
    for rule in state.forwards:
        mbg.forwards[rule.protocol, rule.outside_port] = mbg.new_forward(rule)
    mbg.journal.masker.learn(*_secrets(state))


def take_back(mbg: Administration, state: MbgState) -> None:
    """Put an earlier state into an MBG that runs; who is registered stays so.

    Forwards are not touched: whoever changes them takes that back.
    """
    _restore_system(mbg, state)
    found = dict(mbg.store.devices)
    for device_id in found:
        mbg.store.delete(device_id)
    devices = [
        replace(
            device,
            status=found[device.id].status,
            status_detail=found[device.id].status_detail,
            licensed=found[device.id].licensed,
        )
        if device.id in found
        else device
        for device in state.devices
    ]
    mbg.store.restore(state.icps, devices, state.made)


def _restore_system(mbg: Administration, state: MbgState) -> None:
    """Settings, consumers and tokens."""
    system, services = state.system, mbg.web_services
    mbg.settings = replace(
        mbg.settings,
        release=system.release,
        mode=system.mode,
        licences=system.licences,
        permit_weak_passwords=system.permit_weak_passwords,
    )
    mbg.store.permit_weak_passwords = system.permit_weak_passwords
    services.running = system.web_services_running
    for held in (services.consumers, services.temporary, services.final):
        held.clear()
    services.consumers.update({consumer.consumer_id: consumer for consumer in state.consumers})
    services.temporary.update({token.token: token for token in state.temporary_tokens})
    services.final.update({token.token: token for token in state.final_tokens})


def _secrets(state: MbgState) -> list[str]:
    secrets = [consumer.shared_secret for consumer in state.consumers]
    for temporary in state.temporary_tokens:
        secrets += [temporary.token, temporary.secret, temporary.verifier]
    for final in state.final_tokens:
        secrets += [final.token, final.secret]
    for device in state.devices:
        secrets += [device.set_password, device.icp_password]
    return secrets


class StateFile:
    """Where the state is kept; written whole, when it changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written = b""
        self._last = b""

    def begin(self, delivered: MbgState) -> MbgState:
        """What was kept or, where there is no file yet, this state, which is not written yet.

        Raises:
            ConfigurationError: it can't be read, or is not a state of this version.
        """
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            self._last = _octets(delivered)
            return delivered
        except OSError as error:
            raise ConfigurationError(
                f"can't read the MBG's state file {self._path} ({error.strerror}): "
                "give the path of one, or of a new one"
            ) from error
        try:
            state = MbgState.model_validate_json(data)
            _check_references(state)
        except (ValidationError, ConfigurationError) as error:
            raise ConfigurationError(
                f"the MBG's state file {self._path} is damaged, or of another version of the bench "
                f"({_first(error)}): it was left as it is; move it away to begin anew"
            ) from error
        self._written = self._last = data
        return state

    def last(self) -> MbgState:
        """What was kept last, or begun with."""
        return MbgState.model_validate_json(self._last)

    def write(self, state: MbgState) -> None:
        """Keep a state: all of it or, where something fails, what was kept before.

        Raises:
            ConfigurationError: the file can't be written.
        """
        data = _octets(state)
        if data == self._written:
            return
        folder = self._path.parent
        try:
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".state-", delete=False) as file:
                try:
                    file.write(data)  # made with mode 0600
                    file.flush()
                    Path(file.name).replace(self._path)
                except OSError:
                    with contextlib.suppress(OSError):
                        Path(file.name).unlink()
                    raise
        except OSError as error:
            raise ConfigurationError(
                f"can't write the MBG's state file {self._path} ({error.strerror}): "
                "give a path in a folder that can be written"
            ) from error
        self._written = self._last = data


def _octets(state: MbgState) -> bytes:
    return state.model_dump_json(indent=1).encode()


def _check_references(state: MbgState) -> None:
    """See that each record belongs to one that is there.

    Raises:
        ConfigurationError: one does not.
    """
    icps = {icp.id for icp in state.icps}
    consumers = {consumer.consumer_id for consumer in state.consumers}
    for device in state.devices:
        if device.icp_id not in icps:
            raise ConfigurationError(f"device {device.id} has ICP {device.icp_id}, which is absent")
    owners = [token.consumer_id for token in state.temporary_tokens]
    owners += [token.consumer_id for token in state.final_tokens]
    for owner in owners:
        if owner not in consumers:
            raise ConfigurationError(f"a token is of consumer {owner}, who is absent")


def _first(error: ValidationError | ConfigurationError) -> str:
    """What is wrong first; never a value, which might be a secret."""
    if isinstance(error, ConfigurationError):
        return str(error)
    first = error.errors(include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc']) or 'the document'}: {first['msg']}"
