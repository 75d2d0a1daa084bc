"""Host names: what is looked up, what is not, and what nobody has."""

import socket

import pytest

from simulators.sockets.names import resolved

LOOKED_UP = "simulators.sockets.names.socket.getaddrinfo"


def test_a_host_name_becomes_its_ipv4_address() -> None:
    assert resolved("localhost") == "127.0.0.1"


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.10.0.21", "127.10.0.21"), ("", None), ("not a host", None), ("127.1", None),
     ("2130706433", None), ("a..b", None), ("::1", None), ("x" * 64, None), ("-x", None)],
)  # fmt: skip
def test_what_is_no_host_name_is_never_looked_up(
    host: str, address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object) -> list[object]:
        raise AssertionError(f"{host} was looked up")

    monkeypatch.setattr(LOOKED_UP, forbidden)
    assert resolved(host) == address


def test_a_name_that_nobody_has_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(LOOKED_UP, unknown)
    assert resolved("nobody.example") is None
