"""The page of a bench: what it shows, and that it needs nothing but itself."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from reports.bench import app, read, render
from reports.bench_bars import WIDTH, Figure, draw
from reports.tests.sample_load import Document
from reports.tests.test_views import check

FIGURE = Figure(
    "border", 1200.0, 400.0, 3.0, 2.5, "python -m loadtests bench", False, "at most 2.5", False,
    True, "µs of CPU", "bare relay", "", "", 2.8, 3.3,
)  # fmt: skip


def figure(**changed: object) -> Document:
    return {
        "name": "border: CPU of a registration",
        "ours": 1200.0,
        "peer": 400.0,
        "ratio": 3.0,
        "aim": 2.5,
        "command": "python -m loadtests bench --only border",
        "held": False,
        "aim_text": "at most 2.5",
        "absolute": False,
        "less_is_better": True,
        "measured_in": "µs of CPU",
        "peer_name": "bare relay",
        "headline_refused": None,
        "not_measured": None,
        "ratio_min_median_max": [2.8, 3.0, 3.3],
    } | changed


def written(folder: Path, *figures: Document) -> Path:
    head = {"started": "2026-11-28T05:00:00Z", "python": "3.11", "machine": "x86_64"}
    file = folder / "bench.json"
    file.write_text(json.dumps(head | {"figures": figures}), encoding="utf-8")
    return file


def test_a_figure_is_drawn_with_its_aim_and_its_command(tmp_path: Path) -> None:
    page = render(written(tmp_path, figure(), figure(name="<b>evil", held=True)))
    check(page, scripts=0)
    assert "3.00 times" in page and "aim at most 2.5" in page
    assert page.count('class="bench-bar fail"') == page.count('class="bench-bar pass"') == 1
    assert "python -m loadtests bench --only border" in page
    assert "1 held" in page and "1 missed" in page
    assert "<b>evil" not in page


def test_a_peer_that_is_not_installed_is_named(tmp_path: Path) -> None:
    why = "Kamailio is not installed: apt-get install kamailio"
    nothing = figure(
        ours=None, peer=None, ratio=None, held=None, not_measured=why, ratio_min_median_max=None
    )
    page = render(written(tmp_path, nothing))
    check(page, scripts=0)
    assert why in page and "1 not measured" in page
    assert "so there is nothing to plot" in page


def test_a_figure_without_headline_has_no_bar(tmp_path: Path) -> None:
    page = render(written(tmp_path, figure(ratio=None, held=None, headline_refused="saturated")))
    check(page, scripts=0)
    assert "No headline: saturated" in page
    assert 'class="bench-bar' not in page


def test_bars_grow_from_equal_and_aims_stand_on_the_same_axis() -> None:
    quarter = replace(FIGURE, ratio=0.25, aim=4.0)
    four = replace(FIGURE, ratio=4.0, aim=0.25)
    drawn = draw([quarter, four])
    left, right = drawn.bars[0].bar, drawn.bars[1].bar
    assert left is not None and right is not None
    assert left[0] + left[1] == pytest.approx(drawn.one) == right[0]
    assert left[1] == pytest.approx(right[1]), "a quarter and four times are equally far"
    assert drawn.bars[0].aim == pytest.approx(right[0] + right[1])


def test_an_absolute_number_is_drawn_by_its_share_of_the_aim() -> None:
    octets = replace(FIGURE, ours=1024.0, aim=4096.0, absolute=True, ratio=None)
    assert (octets.place, octets.aim_place) == (0.25, 1.0)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.builds(
            lambda ratio, aim: replace(FIGURE, ratio=ratio, aim=aim, lowest=ratio, highest=ratio),
            st.none() | st.floats(1e-9, 1e9),
            st.none() | st.floats(1e-9, 1e9),
        ),
        max_size=5,
    )
)
def test_everything_stays_within_the_picture(figures: list[Figure]) -> None:
    drawn = draw(figures)
    assert 1 <= len(drawn.ticks) <= 9
    for bar in drawn.bars:
        places = [drawn.one, *(bar.rounds or ()), *([bar.aim] if bar.aim is not None else [])]
        if bar.bar is not None:
            places += [bar.bar[0], sum(bar.bar)]
        assert all(0 <= place <= WIDTH for place in places)


def test_the_command_writes_the_page_beside_and_refuses_what_is_none(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [str(written(tmp_path, figure()))])
    assert (done.exit_code, done.output.strip()) == (0, str(tmp_path / "bench.html"))
    assert len(read(tmp_path / "bench.json")[2]) == 1
    for damage in ("{", json.dumps({"figures": []})):
        (tmp_path / "bench.json").write_text(damage)
        assert CliRunner().invoke(app, [str(tmp_path / "bench.json")]).exit_code == 2
    assert CliRunner().invoke(app, [str(tmp_path / "none.json")]).exit_code == 2
    written(tmp_path, figure(held="perhaps"))
    assert "true or false" in CliRunner().invoke(app, [str(tmp_path / "bench.json")]).output
