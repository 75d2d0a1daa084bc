"""Digest on both legs: which algorithms are offered and taken (RFC 8760), and stale nonces."""

import pytest

from simulators.errors import ConfigurationError
from simulators.mbg.records.devices import DeviceStatus
from simulators.mbg.sip_border.border_terms import BorderSettings
from simulators.mbg.tests.border_wire import PBX_AT, Wire, device, estate, plug_in
from simulators.pbx.exchange import Exchange
from simulators.pbx.settings import NodeSettings
from simulators.sip.digest import Challenge, Credentials
from simulators.sip.message import Request, Response, parse
from simulators.sip.registration import State

BOTH = BorderSettings(digest_algorithms=("SHA-256", "MD5"))


def challenges(wire: Wire) -> list[Challenge]:
    """Those of the first 401 that the set got."""
    address = next(iter(wire.sets))
    first = next(m for m in wire.said_to(address) if isinstance(m, Response) and m.status == 401)
    return [
        Challenge.parse(value) for name, value in first.headers.items if name == "WWW-Authenticate"
    ]


def test_md5_alone_is_offered_unless_more_is_set() -> None:
    wire = estate()
    plug_in(wire)
    assert [challenge.algorithm for challenge in challenges(wire)] == ["MD5"]


def test_the_better_algorithm_is_offered_first_and_taken() -> None:
    wire = estate(settings=BOTH)
    plug_in(wire)
    assert [challenge.algorithm for challenge in challenges(wire)] == ["SHA-256", "MD5"]
    assert wire.state() is State.REGISTERED
    used = next(iter(wire.sets.values())).registrations["1"]._challenge
    assert used is not None
    assert used.algorithm == "SHA-256"


def test_a_set_that_knows_md5_alone_is_served_only_where_that_is_offered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for algorithms, state in (
        (("SHA-256", "MD5"), State.REGISTERED),
        (("SHA-256",), State.REFUSED),
    ):
        wire = estate(settings=BorderSettings(digest_algorithms=algorithms))
        with monkeypatch.context() as patch:
            patch.setattr("simulators.sip.registration.first_known", _md5_alone)
            plug_in(wire)
        assert wire.state() is state


def _md5_alone(response: Response) -> Challenge | None:
    asked = [v for n, v in response.headers.items if n.lower() == "www-authenticate"]
    found = [Challenge.parse(value) for value in asked]
    return next((challenge for challenge in found if challenge.algorithm == "MD5"), None)


def test_the_icp_may_ask_for_sha_256() -> None:
    wire = estate()
    wire.pbx = Exchange(
        "Head Office",
        wire.extensions,
        lambda size: bytes(size),
        NodeSettings(algorithms=("SHA-256",)),
        local=PBX_AT,
    )
    plug_in(wire)
    assert wire.state() is State.REGISTERED
    upstream = [parse(sent.data) for _, sent in wire.sent if sent.to == PBX_AT]
    answers = [m.headers.get("authorization") for m in upstream if isinstance(m, Request)]
    assert Credentials.parse(answers[1]).algorithm == "SHA-256"


def test_an_old_nonce_is_stale_and_costs_the_set_nothing() -> None:
    wire = estate(settings=BorderSettings(nonce_life_s=60.0))
    address = plug_in(wire)
    wire.move(100)
    since = wire.now
    wire.sets[address].retry("1", wire.now)
    wire.settle()
    said = [m for m in wire.said_to(address, since) if isinstance(m, Response)]
    assert [m.status for m in said] == [401, 200]
    assert Challenge.parse(said[0].headers.get("www-authenticate")).stale
    assert device(wire).status is DeviceStatus.REGISTERED
    assert wire.border.licences.in_use == 1


def test_a_wrong_password_is_not_called_stale() -> None:
    wire = estate()
    address = plug_in(wire, password="wrong-password-1")
    said = [m for m in wire.said_to(address) if isinstance(m, Response)]
    assert [m.status for m in said] == [401, 401]
    assert not Challenge.parse(said[1].headers.get("www-authenticate")).stale


@pytest.mark.parametrize("algorithms", [(), ("SHA-1",), ("MD5", "SHA-512-256")])
def test_algorithms_that_we_do_not_know_are_refused(algorithms: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError, match="digest_algorithms"):
        BorderSettings(digest_algorithms=algorithms)
