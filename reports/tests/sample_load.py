"""Made-up documents of a burst and of a search for a capacity."""

import random

Document = dict[str, object]


def burst_document(refused: bool = True) -> Document:
    """Return a burst.json: 5,000 phones in 50 seconds, with a bad patch in the middle."""
    dice = random.Random(7)
    series: list[Document] = []
    for second in range(60):
        bad = 22 <= second <= 29
        started = 100 if second < 50 else 0
        done = 0 if second > 57 else int((62 if bad else 101) * dice.uniform(0.93, 1.04))
        median = dice.uniform(9, 13) + (45 if bad else 0)
        series.append(
            {
                "t_s": second,
                "started": started,
                "registered": done,
                "failed": dice.randrange(5, 12) if bad else 0,
                "p50_ms": None if second > 57 else median,
                "p99_ms": None if second > 57 else median * dice.uniform(3, 5),
            }
        )
    return {
        "phones": 5000,
        "rate_per_s": 100,
        "workers": 4,
        "engine": "asyncio, one child process per worker",
        "scheduled_s": 50,
        "attempted": 5000,
        "registered": 4937,
        "failed": 63,
        "failures": [
            {"reason": "no answer within 32 s (timer F)", "count": 51},
            {"reason": "503 Service Unavailable from the MBG", "count": 12},
        ],
        "latency_ms": {
            "p50": 11.4, "p90": 38.2, "p95": 71.9, "p99": 212.7, "p99_9": 406.1, "max": 512.0,
        },
        "series": series,
        "generator": {"cpu_percent": 96.5, "lag_p99_ms": 41.2, "retransmissions": 118},
        "levels": [
            {
                "level": level, "actual": actual, "state": "not judged" if refused else state,
                "reason": "The generator was the bottleneck" if refused else None,
            }
            for level, actual, state in (
                ("99.9 % registered within 2 s", "4,937 of 5,000 (98.74 %)", "broken"),
                ("p99 <= 500 ms", "212.7 ms", "held"),
            )
        ],
        "recovery": {
            "verdict": "63 of 5,000 phones did not come back; lasting harm: 7 ghosts at the MBG",
            "whole": False,
            "back_99_percent_s": None,
            "back_all_s": None,
            "worst_phone": {
                "phone": 2214, "waited_s": 32.01, "back": False,
                "story": "run it with --time-lines, then python -m loadtests phone 2214 RUN",
            },
            "harm": [
                {"name": "licences leaked", "what": "licences that no phone needs", "count": 0},
                {"name": "ghosts at the MBG", "what": "held by no phone", "count": 7},
                {"name": "operations lost", "what": "came to no end", "count": None},
            ],
        },
        "cost_per_phone": {
            "octets": 37251.0, "tls_octets_sent": 5998.0, "tls_octets_received": 29310.0,
            "tls_connections": 5.33, "octets_sent": 940.5, "octets_received": 812.2,
            "datagrams_sent": 2.0, "datagrams_received": 2.0, "octets_on_wire": 1867.4,
            "generator_cpu_us": 180.4, "target_cpu_us": 1917.0, "target_memory_octets": None,
        },
        "headline": None if refused else "4,937 of 5,000 phones registered, p99 213 ms",
        "headline_refused": (
            "The generator was the bottleneck: processor at 96.5 %, 41 ms behind schedule."
            if refused
            else None
        ),
    }  # fmt: skip


def capacity_document(**changed: object) -> Document:
    """Return a capacity.json: two searches around 400 a second, one burst not judged."""
    states = [
        (100, "held"), (200, "held"), (400, "held"), (800, "broken"), (566, "broken"),
        (476, "broken"), (1000, "not judged"), (436, "held"), (436, "broken"), (416, "held"),
    ]  # fmt: skip
    bursts = [
        {
            "number": number,
            "search": 1 + number // 8,
            "rate_per_s": rate,
            "phones": rate * 10,
            "state": state,
            "registered": rate * 10,
            "within": 0.71 if state == "broken" else 1.0,
            "latency_ms": {"p50": rate / 50, "p99": rate**2 / 200, "max": None},
            "folder": f"burst-{number:03d}",
            "reason": "The generator was the bottleneck" if state == "not judged" else None,
        }
        for number, (rate, state) in enumerate(states, 1)
    ]
    return {
        "measure": "registration rate",
        "levels": ["99.9 % registered within 2 s", "failed <= 0.1 %"],
        "from_per_s": 100,
        "to_per_s": 2000,
        "repeats": 2,
        "seconds_per_burst": 10,
        "answer": {
            "kind": "found",
            "rate_per_s": 416,
            "low_per_s": 380.5,
            "high_per_s": 471,
            "confidence": 0.95,
            "limit": "a level was broken",
            "sentence": "416 registrations per second hold the levels",
        },
        "bursts": bursts,
    } | changed
