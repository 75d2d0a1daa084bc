"""Draws every state machine of the project from its table: `python -m tests.state_diagrams`.

Writes docs/states.md (Mermaid, which code hosts and editors render); a test keeps it true.
"""

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from simulators.mbg.services import tokens
from simulators.pbx import gateway_session_states, hot_desk
from simulators.pbx.processes import ownership
from simulators.phone.calls import line_table
from simulators.phone.life import states, use
from simulators.phone.local import directory_table, ldap, tftp
from simulators.phone.menu import menu_table
from simulators.phone.xml import browser_table
from simulators.sip import call_states, registration, transaction_tables
from simulators.softphone import states as softphone_states
from system.domain import breaker, bulk, operations

PAGE = Path(__file__).parent.parent / "docs" / "states.md"

Table = Mapping[Any, Mapping[Any, Enum]]
"""State -> event -> next state; keys are Enums, each table's own."""

DIAGRAMS: tuple[tuple[str, str, Table], ...] = (
    ("A phone's life", "simulators/phone/life/states.py", states.TRANSITIONS),
    ("Whether a phone is in use", "simulators/phone/life/use.py", use.TRANSITIONS),
    ("A file read over TFTP", "simulators/phone/local/tftp.py", tftp.TRANSITIONS),
    ("A look-up over LDAP", "simulators/phone/local/ldap.py", ldap.TRANSITIONS),
    (
        "A phone's directory screen",
        "simulators/phone/local/directory_table.py",
        directory_table.TRANSITIONS,
    ),
    ("A phone's menu", "simulators/phone/menu/menu_table.py", menu_table.TRANSITIONS),
    ("A phone's line", "simulators/phone/calls/line_table.py", line_table.TRANSITIONS),
    ("A softphone's life", "simulators/softphone/states.py", softphone_states.TRANSITIONS),
    (
        "An XML application on a phone",
        "simulators/phone/xml/browser_table.py",
        browser_table.TRANSITIONS,
    ),
    (
        "A registration, as its UAC keeps it",
        "simulators/sip/registration.py",
        registration.TRANSITIONS,
    ),
    ("A call, at either end", "simulators/sip/call_states.py", call_states.TRANSITIONS),
    (
        "A non-INVITE client transaction (RFC 3261 figure 6)",
        "simulators/sip/transaction_tables.py",
        transaction_tables.CLIENT,
    ),
    (
        "A non-INVITE server transaction (RFC 3261 figure 8)",
        "simulators/sip/transaction_tables.py",
        transaction_tables.SERVER,
    ),
    (
        "An INVITE client transaction (RFC 3261 figure 5, RFC 6026)",
        "simulators/sip/transaction_tables.py",
        transaction_tables.INVITE_CLIENT,
    ),
    (
        "An INVITE server transaction (RFC 3261 figure 7, RFC 6026)",
        "simulators/sip/transaction_tables.py",
        transaction_tables.INVITE_SERVER,
    ),
    (
        "A temporary token on the MBG",
        "simulators/mbg/services/tokens.py",
        tokens.TEMPORARY_TRANSITIONS,
    ),
    ("A final token on the MBG", "simulators/mbg/services/tokens.py", tokens.FINAL_TRANSITIONS),
    (
        "A client's session with the CT Gateway",
        "simulators/pbx/gateway_session_states.py",
        gateway_session_states.TRANSITIONS,
    ),
    ("A hot desk extension of a PBX node", "simulators/pbx/hot_desk.py", hot_desk.TRANSITIONS),
    (
        "An extension of a node in several processes",
        "simulators/pbx/processes/ownership.py",
        ownership.TRANSITIONS,
    ),
    ("A provisioning operation of the MCS", "system/domain/operations.py", operations.TRANSITIONS),
    ("A bulk switch of the MCS", "system/domain/bulk.py", bulk.TRANSITIONS),
    ("The circuit breaker of the MCS", "system/domain/breaker.py", breaker.TRANSITIONS),
)


def page() -> str:
    """The whole page as Markdown."""
    parts = [
        "# State machines\n\nDrawn from the tables in the code by "
        "`python -m tests.state_diagrams`; not edited by hand.\n"
    ]
    for title, source, table in DIAGRAMS:
        parts.append(f"## {title}\n\nTable: `{source}`\n\n```mermaid\n{diagram(table)}\n```\n")
    return "\n".join(parts)


def diagram(table: Table) -> str:
    """One table as a Mermaid state diagram; edges between the same states share an arrow."""
    edges: dict[tuple[Enum, Enum], list[str]] = {}
    for state, events in table.items():
        for event, following in events.items():
            edges.setdefault((state, following), []).append(str(event.value))
    named = dict.fromkeys(state for edge in edges for state in edge)
    lines = ["stateDiagram-v2"]
    lines += [f'    state "{state.value}" as {state.name}' for state in named]
    lines += [
        f"    {before.name} --> {after.name}: {' / '.join(_plain(e) for e in events)}"
        for (before, after), events in edges.items()
    ]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Mermaid ends a label at a colon or semicolon."""
    return text.replace(":", ",").replace(";", ",")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
