"""The run as one HTML page that needs nothing but itself.

Templates lie in templates/, and everything from the run is escaped by Jinja2 (autoescape for every
template, undefined names are errors). The page forbids itself all other style and script by a
content security policy with the hashes of its own, so that even a slip in escaping would not run.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports import capacity_plots, plots, text
from reports.catalogue import Catalogue
from reports.coverage import Control, Coverage, State, notices, outcome_counts, state_counts
from reports.ladder import Ladder, draw
from reports.model import Run, Scenario

DETAIL_LIMIT = 8000  # characters of one message's text on the page
SERIES_ROWS = 40  # rows of the time series that the page lists as numbers

_TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class Card:
    """A scenario on the page: its number from 1, and its ladder if it has messages."""

    number: int
    scenario: Scenario
    ladder: Ladder | None


def render(run: Run, covered: Sequence[Coverage], catalogue: Catalogue) -> str:
    """Return the page.

    Args:
        covered: One Coverage per requirement, as ``coverage.cover`` returns them.
    """
    templates = environment()
    style = templates.get_template("report.css.j2").render()
    script = (_TEMPLATES / "report.js").read_text(encoding="utf-8")
    cards = [Card(at, item, draw(item.entries)) for at, item in enumerate(run.scenarios, start=1)]
    return templates.get_template("report.html.j2").render(
        run=run,
        stages=[
            (stage, catalogue.stages[stage], list(items))
            for stage, items in groupby(
                sorted(covered, key=lambda item: item.requirement.stage),
                key=lambda item: item.requirement.stage,
            )
        ],
        states=state_counts(covered),
        controls=sum(item.control is Control.PROVED for item in covered),
        outcomes=outcome_counts(run.scenarios),
        notices=notices(run),
        features=_features(cards),
        numbers={card.scenario.id: card.number for card in cards},
        figures=_figures(run),
        searched=_searched(run),
        sampled=_sampled(run),
        extra_tags=catalogue.extra_tags,
        State=State,
        Control=Control,
        # The style and script are files of this package; nothing of a run is in them.
        style=Markup(style),
        script=Markup(script),
        style_hash=source_hash(style),
        script_hash=source_hash(script),
    )


def environment() -> Environment:
    """Return what renders the templates, with their filters."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        duration=text.duration,
        moment=text.moment,
        num=text.number,
        one_line=text.one_line,
        clip=text.clip,
        cut=lambda value: text.cut(value, DETAIL_LIMIT),
    )
    return environment


def _features(cards: Sequence[Card]) -> list[tuple[str, list[Card]]]:
    """Return the cards by feature, in the order in which the features first appear."""
    found: dict[str, list[Card]] = {}
    for card in cards:
        found.setdefault(card.scenario.feature, []).append(card)
    return list(found.items())


def _searched(run: Run) -> list[plots.Plot]:
    if run.capacity is None:
        return []
    made = [
        capacity_plots.latency_by_rate(run.capacity),
        capacity_plots.held_by_rate(run.capacity),
    ]
    return [plot for plot in made if plot is not None]


def _figures(run: Run) -> list[plots.Plot]:
    if run.burst is None:
        return []
    made = [
        plots.percentile_plot(run.burst),
        plots.rate_plot(run.burst),
        plots.latency_plot(run.burst),
    ]
    return [plot for plot in made if plot is not None]


def _sampled(run: Run) -> tuple[int, list[object]]:
    """Return every how many-th sample of the burst the page lists, and those samples."""
    if run.burst is None:
        return 1, []
    every = max(1, -(-len(run.burst.series) // SERIES_ROWS))
    return every, list(run.burst.series[::every])


def source_hash(source: str) -> str:
    """Return the CSP hash source of inline text (CSP Level 2, section 4.2)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
