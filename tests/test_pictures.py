"""What `make pictures` opens is what the sites have."""

import re

from features.picture_pages import FACES
from simulators.mbg.site.view import NAVIGATION, PREFIX
from system.site.site import ALL

EXAMPLES = {"mac": "1400E9123456", "model": "6930", "extension": "2101"}
LEFT_OUT = {"/log-in", "/log-out"}
BY_NAME = {face.name: face for face in FACES}


def test_every_page_of_the_mcs_that_has_no_name_in_its_path_is_pictured() -> None:
    pictured = set(BY_NAME["mcs"].pages.values())
    plain = {page.path for page in ALL if "{" not in page.path} - LEFT_OUT
    missing = {path for path in plain - pictured if not path.endswith(("/new", "-access-token"))}
    assert missing == set()


def test_every_picture_of_the_mcs_is_of_a_page_that_there_is() -> None:
    shapes = [
        re.compile(re.sub(r"\{(\w+)(?::([^}]+))?\}", lambda m: m[2] or "[^/]+", page.path))
        for page in ALL
    ]
    for name, path in BY_NAME["mcs"].pages.items():
        shown = path.format_map(EXAMPLES)
        assert any(shape.fullmatch(shown) for shape in shapes), f"{name}: there is no page {shown}"


def test_every_page_of_the_mbgs_navigation_is_pictured() -> None:
    navigation = {PREFIX + path for *_, pages in NAVIGATION for _, path in pages}
    assert navigation <= set(BY_NAME["mbg"].pages.values())
