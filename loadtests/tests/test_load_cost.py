"""What a phone costs: octets on the wire, processor time, memory of the target."""

from dataclasses import replace

from loadtests.batches import NOTHING_SENT, Wire
from loadtests.cost import Usage, cost
from loadtests.engine_core.ledger import Ledger
from loadtests.engine_core.totals import Totals

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
    wire = Wire(400, 200_000, 380, 100_000)
    found.add(ledger.take(wall_s=0, elapsed_s=2.0, cpu_s=0.4, wire=wire, final=True))
    return found


def test_the_cost_is_that_of_an_attempted_phone() -> None:
    found = cost(burst(), (Usage(10.0, 1_000_000), Usage(10.5, 1_400_000)))
    assert found is not None
    assert found.per_phone == {
        "octets_sent": 1000.0,
        "octets_received": 500.0,
        "datagrams_sent": 2.0,
        "datagrams_received": 1.9,
        "octets_on_wire": 1500 + 28 * 3.9,
        "generator_cpu_us": 2000.0,
        "target_cpu_us": 2500.0,
        "target_memory_octets": 2000,
    }


def test_what_is_not_known_is_said() -> None:
    found = cost(burst(), None)
    assert found is not None
    assert dict(found.rows)["CPU per phone, target"] == "not known"
    assert cost(Totals(), None) is None, "nobody was attempted"
    uncounted = replace(found, wire=NOTHING_SENT)
    assert uncounted.per_phone["octets_sent"] is None
    assert dict(uncounted.rows)["octets per phone, SIP"] == "not known"
