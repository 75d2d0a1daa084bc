"""The step catalogue, `docs/steps.md`: every step by area, and how many scenarios say it."""

from collections import Counter
from collections.abc import Iterator

from pytest_bdd.parser import FeatureParser

from features.words.steps import FEATURES, StepWords, modules

PAGE = FEATURES.parent / "docs" / "steps.md"

HEAD = """# Steps

What a scenario can say, by area: generated from `features/steps` by
`python -m features steps --write docs/steps.md`; a test keeps it true. A name in braces stands for
a value; in a scenario outline it comes from the examples. The number says how often scenarios say
it. What is not here gets a ready snippet when the scenario is run."""


Said = Counter[tuple[str, str]]


def said() -> Said:
    """Keyword and words of all scenarios' steps, examples filled in -> how often."""
    words: Said = Counter()
    for path in sorted(FEATURES.glob("*.feature")):
        feature = FeatureParser(str(FEATURES), path.name).parse()
        for template in feature.scenarios.values():
            rows = [row for table in template.examples for row in table.as_contexts()]
            for context in rows or [{}]:
                scenario = template.render(context)
                words.update((step.type, step.name) for step in scenario.steps)
    return words


def uses(step: StepWords, words: Said) -> int:
    """How often scenarios say this step."""
    return sum(count for said, count in words.items() if step.says(*said))


def page() -> str:
    """The page, as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    words = said()
    yield HEAD
    for module in modules():
        yield f"\n## {module.about.removesuffix('.')}\n"
        yield f"`features/steps/{module.name}.py`\n"
        yield "| | step | said |"
        yield "|---|---|---|"
        for step in module.steps:
            keywords = ", ".join(keyword.capitalize() for keyword in step.keywords)
            text = step.text.replace("|", "\\|")
            yield f"| {keywords} | {text} | {uses(step, words)} |"
