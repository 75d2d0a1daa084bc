"""All steps there are, read from the source of `features/steps`, in order; imports none of it.

A step is a function with decorators `given`, `when`, `then`; its words are a text, or a
`parsers.parse` or `parsers.re` pattern.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pytest_bdd import parsers

FEATURES = Path(__file__).parent.parent
MODULES = FEATURES / "steps"
KEYWORDS = ("given", "when", "then")
_PARSERS = {"text": parsers.string, "parse": parsers.parse, "re": parsers.re}
_GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")


@dataclass(frozen=True, slots=True)
class StepWords:
    """One step: the module's name, its keywords, its pattern and of which kind that is."""

    module: str
    keywords: tuple[str, ...]
    pattern: str
    kind: str

    @property
    def text(self) -> str:
        """The words, with a name in braces where a value stands."""
        if self.kind != "re":
            return re.sub(r"\{(\w+):\w+\}", r"{\1}", self.pattern)
        return _GROUP.sub(lambda found: f"{{{found[1]}}}", self.pattern)

    def says(self, keyword: str, words: str) -> bool:
        """Whether these words after Given, When or Then mean this step."""
        if keyword not in self.keywords:
            return False
        return bool(_PARSERS[self.kind](self.pattern).is_matching(words))


@dataclass(frozen=True, slots=True)
class StepModule:
    """A module of steps: what it is about, and its steps in order."""

    name: str
    about: str
    steps: tuple[StepWords, ...]


@cache
def modules() -> tuple[StepModule, ...]:
    """All modules, by name."""
    found = []
    for path in sorted(MODULES.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        about = (ast.get_docstring(tree) or "").splitlines()[0]
        if steps := tuple(_steps_of(tree, path.stem)):
            found.append(StepModule(path.stem, about, steps))
    return tuple(found)


def _steps_of(tree: ast.Module, module: str) -> Iterator[StepWords]:
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        named: dict[tuple[str, str], list[str]] = {}
        for decorator in node.decorator_list:
            if (found := _words_of(decorator)) is not None:
                keyword, pattern, kind = found
                named.setdefault((pattern, kind), []).append(keyword)
        for (pattern, kind), keywords in named.items():
            ordered = tuple(k for k in KEYWORDS if k in keywords)
            yield StepWords(module, ordered, pattern, kind)


def _words_of(decorator: ast.expr) -> tuple[str, str, str] | None:
    """Keyword, pattern and kind of pattern, if this decorates a step."""
    if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Name):
        return None
    if decorator.func.id not in KEYWORDS or not decorator.args:
        return None
    words = decorator.args[0]
    if isinstance(words, ast.Call) and isinstance(words.func, ast.Attribute):
        return decorator.func.id, str(ast.literal_eval(words.args[0])), words.func.attr
    return decorator.func.id, str(ast.literal_eval(words)), "text"
