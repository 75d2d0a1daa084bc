"""What to write for a step that is not there yet: a plain function in this project's style.

The module is the one whose steps have most words in common with it; the actor is whom it names.
The body fails, so that a snippet which was pasted and forgotten proves nothing.
"""

import re

from features.words.steps import StepModule, modules

ACTORS = (
    ("another administrator", "installer", "Installer", "features.actors.installer"),
    ("installer", "installer", "Installer", "features.actors.installer"),
    ("in the office", "office", "Office", "features.actors.office"),
    ("colleague", "colleague", "Teleworker", "features.actors.teleworker"),
    ("teleworker", "teleworker", "Teleworker", "features.actors.teleworker"),
    ("phone", "teleworker", "Teleworker", "features.actors.teleworker"),
    ("mcs", "installer", "Installer", "features.actors.installer"),
    ("mbg", "gateway", "Gateway", "features.actors.gateway"),
)
"""What a step says -> the fixture, its type, where that is; the first that fits."""
ELSE = ("estate", "Estate", "simulators.estate.estate")
_COMMON = frozenset(
    ("a", "an", "and", "as", "at", "for", "has", "have", "in", "is", "it", "no", "of", "on", "or")
)
_VALUE = re.compile(r'"([^"]*)"|(?<![\w.])(\d+)(?![\w.])')


def snippet(keyword: str, words: str) -> str:
    """Where it goes, its imports, and the function."""
    module = best_module(words)
    pattern, parameters = _pattern(words)
    name, kind, source = _actor(words)
    text = repr(pattern) if '"' in pattern else f'"{pattern}"'
    said = f"parsers.parse({text})" if parameters else text
    signature = ", ".join(["bench: Bench", f"{name}: {kind}", *parameters])
    return (
        f"Nobody knows this step yet. Add it to features/steps/{module.name}.py "
        f"({module.about.rstrip('.')}), or say it as docs/steps.md has it:\n\n"
        f"from {source} import {kind}\n"
        "from features.portal import Bench\n\n\n"
        f"@{keyword}({said})\n"
        f"def _({signature}) -> None:\n"
        f'    raise NotImplementedError("bench.run({name}.does(...)) and an assertion")\n'
    )


def best_module(words: str) -> StepModule:
    """The module whose steps are most like these words."""
    wanted = _significant(words)

    def likeness(module: StepModule) -> float:
        shares = [
            len(wanted & have) / len(wanted | have)
            for step in module.steps
            if (have := _significant(step.pattern))
        ]
        return max(shares, default=0.0)

    return max(modules(), key=likeness)


def _significant(words: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]+", words.lower())) - _COMMON


def _actor(words: str) -> tuple[str, str, str]:
    low = words.lower()
    return next(((name, kind, source) for said, name, kind, source in ACTORS if said in low), ELSE)


def _pattern(words: str) -> tuple[str, list[str]]:
    """The words with values in braces, and the parameters that those become."""
    parameters: list[str] = []

    def named(found: re.Match[str]) -> str:
        is_text = found[1] is not None
        base = "text" if is_text else "number"
        count = sum(parameter.startswith(base) for parameter in parameters)
        name = base if not count else f"{base}_{count + 1}"
        parameters.append(f"{name}: {'str' if is_text else 'int'}")
        return f'"{{{name}}}"' if is_text else f"{{{name}:d}}"

    return _VALUE.sub(named, words), parameters
