"""The house rules as code: which package may import which, and what a pure core may know.

`forbidden_edges` and `impure_imports` read source as text (`ast`), import nothing, and name each
breach.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

PACKAGES = ("features", "loadtests", "reports", "simulators", "system", "teleworker_bench")

FRONT_DOOR = ("system.app", "system.config")
"""All that the suites may know of the MCS as an object."""

PURE_SIMULATORS = (
    "simulators.bitmaps",
    "simulators.core",
    "simulators.errors",
    "simulators.hosts",
    "simulators.http_api.refused",
    "simulators.faces.events",
    "simulators.faces.handsets.drawing",
    "simulators.faces.handsets.looks",
    "simulators.faces.live_map.ladder",
    "simulators.faces.live_map.layout",
    "simulators.faces.live_map.routing",
    "simulators.faces.live_map.traffic",
    "simulators.faults.fault",
    "simulators.faults.nat_binding_lost",
    "simulators.faults.oai_change_in_list",
    "simulators.faults.oai_cut",
    "simulators.faults.oai_delay",
    "simulators.faults.oai_faults",
    "simulators.faults.oai_missing_fields",
    "simulators.faults.oai_not_ascii",
    "simulators.faults.oai_silence",
    "simulators.faults.oai_trickle",
    "simulators.faults.oai_unknown_event",
    "simulators.faults.oai_wrong_length",
    "simulators.faults.oai_wrong_sequence",
    "simulators.faults.licence_server_away",
    "simulators.faults.phone_cable_flaps",
    "simulators.faults.phone_clock_wrong",
    "simulators.faults.phone_drops_download",
    "simulators.faults.phone_faults",
    "simulators.faults.phone_forgets",
    "simulators.faults.phone_ignores_check_sync",
    "simulators.faults.phone_never_refreshes",
    "simulators.faults.phone_power_failure",
    "simulators.faults.phone_slow_boot",
    "simulators.faults.phone_slow_flash",
    "simulators.faults.sip_corrupt",
    "simulators.faults.sip_duplicate",
    "simulators.faults.sip_faults",
    "simulators.faults.sip_loss",
    "simulators.faults.sip_reorder",
    "simulators.faults.table",
    "simulators.sip.*",
    "simulators.journal.entries",
    "simulators.mbg.sip_border.border",
    "simulators.mbg.sip_border.border_terms",
    "simulators.mbg.sip_border.calls",
    "simulators.mbg.services.consumers",
    "simulators.mbg.sip_border.deadlines",
    "simulators.mbg.records.device_fields",
    "simulators.mbg.records.device_records",
    "simulators.mbg.records.devices",
    "simulators.mbg.records.icp_fields",
    "simulators.mbg.forwarding.forward_rule",
    "simulators.mbg.sip_border.flows",
    "simulators.mbg.sip_border.keep_alive",
    "simulators.mbg.sip_border.licences",
    "simulators.mbg.sip_border.media",
    "simulators.mbg.services.oauth",
    "simulators.mbg.services.oauth_debugger",
    "simulators.mbg.services.oauth_key_mistakes",
    "simulators.mbg.services.oauth_masking",
    "simulators.mbg.services.oauth_mistakes",
    "simulators.mbg.services.oauth_rendering",
    "simulators.mbg.services.oauth_signing",
    "simulators.mbg.sip_border.out_of_dialog",
    "simulators.mbg.refusals",
    "simulators.mbg.sip_border.register",
    "simulators.mbg.sip_border.relay",
    "simulators.mbg.sip_border.sdp",
    "simulators.mbg.sip_border.set_registrations",
    "simulators.mbg.sip_border.set_side",
    "simulators.mbg.settings",
    "simulators.mbg.services.signatures",
    "simulators.mbg.site.sessions",
    "simulators.mbg.services.token_records",
    "simulators.mbg.services.tokens",
    "simulators.mbg.sip_border.uas",
    "simulators.mbg.sip_border.upstream",
    "simulators.mbg.services.web_services",
    "simulators.pbx.alarms",
    "simulators.pbx.authentication",
    "simulators.pbx.bindings",
    "simulators.pbx.database",
    "simulators.pbx.exchange",
    "simulators.pbx.exchange_calls",
    "simulators.pbx.exchange_events",
    "simulators.pbx.exchange_report",
    "simulators.pbx.extensions",
    "simulators.pbx.feature_codes",
    "simulators.pbx.gateway_session",
    "simulators.pbx.gateway_session_states",
    "simulators.pbx.hot_desk",
    "simulators.pbx.hot_desk_phones",
    "simulators.pbx.notifier",
    "simulators.pbx.oai",
    "simulators.pbx.oai_commands",
    "simulators.pbx.oai_directory",
    "simulators.pbx.oai_disturbance",
    "simulators.pbx.oai_hot_desk",
    "simulators.pbx.oai_lists",
    "simulators.pbx.oai_messages",
    "simulators.pbx.oai_monitors",
    "simulators.pbx.oai_queries",
    "simulators.pbx.processes.dealing",
    "simulators.pbx.processes.exchange",
    "simulators.pbx.processes.licences",
    "simulators.pbx.processes.messages",
    "simulators.pbx.processes.ownership",
    "simulators.pbx.refusals",
    "simulators.pbx.registering",
    "simulators.pbx.registrar",
    "simulators.pbx.release",
    "simulators.pbx.settings",
    "simulators.phone.life.*",
    "simulators.phone.local.*",
    "simulators.phone.calls.*",
    "simulators.phone.crowd.arrivals",
    "simulators.phone.crowd.crowd",
    "simulators.phone.crowd.glance",
    "simulators.phone.crowd.line",
    "simulators.phone.crowd.moments",
    "simulators.phone.crowd.nat",
    "simulators.phone.crowd.results",
    "simulators.phone.crowd.rows",
    "simulators.phone.crowd.shapes",
    "simulators.phone.crowd.time_line",
    "simulators.phone.crowd.why",
    "simulators.phone.files.*",
    "simulators.phone.fixed_keys",
    "simulators.phone.menu.*",
    "simulators.phone.habits",
    "simulators.phone.identity",
    "simulators.phone.models",
    "simulators.phone.screen",
    "simulators.phone.xml.*",
    "simulators.softphone.actions",
    "simulators.softphone.documents",
    "simulators.softphone.life",
    "simulators.softphone.states",
)
PURE = (
    *PURE_SIMULATORS,
    "features.verdicts.core",
    "features.verdicts.finding",
    "system.domain.*",
    "system.local.ldap_messages",
    "system.local.ldap_search",
    "system.local.syslog",
    "system.local.tftp",
    "system.oai.codec",
    "system.oai.link_events",
    "system.oai.records",
    "system.phones.accounts",
    "system.phones.configuration",
    "system.phones.delivery",
    "system.phones.directory_person",
    "system.phones.identity",
    "system.phones.screens",
    "system.mbg.documents",
    "system.provisioning.drift",
    "system.provisioning.inventory",
    "system.provisioning.plan",
    "system.provisioning.steps",
    "system.errors",
    "reports.bench_bars",
    "reports.capacity_plots",
    "reports.ladder",
    "reports.load",
    "reports.model",
    "reports.plots",
    "reports.text",
    "loadtests.batches",
    "loadtests.bench.aims",
    "loadtests.bench.figures",
    "loadtests.capacity.documents",
    "loadtests.capacity.estimate",
    "loadtests.capacity.search",
    "loadtests.capacity.usual",
    "loadtests.engine_core.*",
    "loadtests.errors",
    "loadtests.machines.clocks",
    "loadtests.machines.networks",
    "loadtests.machines.roster",
    "loadtests.machines.sources",
    "loadtests.scenarios.kinds",
    "loadtests.scenarios.play",
    "loadtests.schedule",
    "loadtests.verdict.by_name",
    "loadtests.verdict.cost",
    "loadtests.verdict.levels",
    "loadtests.verdict.recovery",
)
IMPURE = (
    "aiohttp",
    "anyio",
    "asyncio",
    "gevent",
    "http",
    "os",
    "random",
    "secrets",
    "select",
    "selectors",
    "socket",
    "sqlalchemy",
    "ssl",
    "subprocess",
    "threading",
    "time",
    "trustme",
)

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "features": ("features", "simulators", *FRONT_DOOR),
    "simulators": ("simulators",),
    "system": ("system",),
    "loadtests": (
        "loadtests",
        *PURE_SIMULATORS,
        "simulators.traffic",
        "simulators.entropy",
        "simulators.addresses",
        "simulators.estate.lives",
        "simulators.lineage",
        "simulators.runs",
        "simulators.running",
    ),
    "reports": ("reports",),
    "teleworker_bench": ("teleworker_bench", "simulators", "features"),
}


@dataclass(frozen=True, slots=True)
class Breach:
    """One import that breaks a rule."""

    module: str
    line: int
    imported: str
    rule: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.imported}: {self.rule}"


def forbidden_edges(root: Path) -> list[Breach]:
    """Imports between our packages that `MAY_IMPORT` does not allow."""
    breaches = []
    for path, module in modules(root):
        package = module.split(".")[0]
        for line, imported in imports(path, module):
            if imported.split(".")[0] not in PACKAGES:
                continue
            if not any(_covers(rule, imported) for rule in MAY_IMPORT[package]):
                allowed = ", ".join(MAY_IMPORT[package][:3])
                breaches.append(
                    Breach(module, line, imported, f"{package} may import {allowed} ...")
                )
    return breaches


def impure_imports(root: Path) -> list[Breach]:
    """Imports of pure cores that reach a socket, a clock, chance, or a module that is no core."""
    breaches = []
    for path, module in modules(root):
        if not is_pure(module):
            continue
        for line, imported in imports(path, module):
            top = imported.split(".")[0]
            if top in IMPURE:
                breaches.append(Breach(module, line, imported, "a core has no I/O, clock, chance"))
            elif top in PACKAGES and not is_pure(imported):
                breaches.append(Breach(module, line, imported, "a core imports only cores"))
    return breaches


def is_pure(module: str) -> bool:
    """Whether `PURE` lists the module; `x.*` means the modules of package x but not its tests."""
    if ".tests" in module:
        return False
    return any(fnmatch(module, rule) or f"{module}.*" == rule for rule in PURE)


def modules(root: Path) -> Iterator[tuple[Path, str]]:
    """Every Python file of our packages below `root`, with its dotted name."""
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            parts = list(path.relative_to(root).with_suffix("").parts)
            if parts[-1] == "__init__":
                parts.pop()
            yield path, ".".join(parts)


def imports(path: Path, module: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that a file imports, also inside functions.

    For `from a.b import c` that is `a.b.c` where c is a module of ours, else `a.b`.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    root = path.parents[len(module.split(".")) - (0 if path.name == "__init__.py" else 1)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module, is_package=path.name == "__init__.py")
            for alias in node.names:
                name = f"{base}.{alias.name}"
                is_module = (root / Path(*name.split("."))).with_suffix(".py").exists() or (
                    root / Path(*name.split(".")) / "__init__.py"
                ).exists()
                yield node.lineno, name if is_module else base


def _absolute(node: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    keep = len(parts) - node.level + (1 if is_package else 0)
    return ".".join([*parts[:keep], *([node.module] if node.module else [])])


def _covers(rule: str, imported: str) -> bool:
    """`a.b` covers a.b and what is below; `a.b.*` the same."""
    base = rule.removesuffix(".*")
    return imported == base or imported.startswith(f"{base}.")
