"""What a phone costs: octets on the wire, processor time, memory of the target."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.batches import Wire
from loadtests.engine_core.ledger import Ledger
from loadtests.engine_core.totals import Totals
from loadtests.verdict.cost import Usage, cost

PHONES = 200


def burst() -> Totals:
    """Half of the phones fail."""
    ledger = Ledger(0)
    for phone in range(PHONES):
        ledger.started(0, 0)
        if phone % 2:
            ledger.failed(0, 0.1, "403: refused", phone)
        else:
            ledger.registered(0, 0.5, phone)
    found = Totals()
    wire = Wire(400, 200_000, 380, 100_000, 50, 40_000, 800_000)
    found.add(ledger.take(wall_s=0, elapsed_s=2.0, cpu_s=0.4, wire=wire, final=True))
    return found


def test_the_cost_is_that_of_an_attempted_phone() -> None:
    found = cost(burst(), (Usage(10.0, 1_000_000), Usage(10.5, 1_400_000)))
    assert found is not None
    assert found.per_phone == {
        "octets": 1500.0 + 4200.0,
        "octets_sent": 1000.0,
        "octets_received": 500.0,
        "datagrams_sent": 2.0,
        "datagrams_received": 1.9,
        "octets_on_wire": 1500 + 28 * 3.9,
        "tls_octets_sent": 200.0,
        "tls_octets_received": 4000.0,
        "tls_connections": 0.25,
        "generator_cpu_us": 2000.0,
        "target_cpu_us": 2500.0,
        "target_memory_octets": 2000,
    }


def test_sip_and_tls_are_told_apart() -> None:
    found = cost(burst(), None)
    assert found is not None
    rows = dict(found.rows("phone"))
    assert rows["octets per phone, SIP and TLS"] == "5,700"
    assert rows["  SIP over UDP"] == "1,000 sent, 500 received"
    assert rows["  SIP, with IP and UDP"] == "1,609 in 2 datagrams out, 1.9 in"
    assert rows["  TLS over TCP, without TCP and IP"] == (
        "200 sent, 4,000 received, 0.25 new connections"
    )


def test_what_did_not_happen_is_none_and_not_unknown() -> None:
    found = cost(burst(), None)
    assert found is not None
    silent = dict(replace(found, wire=Wire()).rows("phone"))
    assert [name for name, shown in silent.items() if shown == "not known"] == [
        "CPU per phone, target", "memory per phone, target",
    ]  # fmt: skip
    kept = dict(
        replace(found, wire=Wire(tls_sent_octets=600, tls_received_octets=400)).rows("phone")
    )
    assert kept["  SIP over UDP"] == kept["  SIP, with IP and UDP"] == "none"
    assert kept["  TLS over TCP, without TCP and IP"].endswith("0 new connections")
    assert cost(Totals(), None) is None, "nobody was attempted"


@settings(deadline=None)
@given(st.lists(st.builds(Wire, *[st.integers(0, 9)] * 7), max_size=9))
def test_what_batches_say_adds_up(seen: list[Wire]) -> None:
    """An engine tells the difference to what it told before; the sum is what there is."""
    before = told = Wire()
    now = Wire()
    for more in seen:
        now = now.plus(more)
        told = told.plus(now.minus(before))
        before = now
    assert told == now
