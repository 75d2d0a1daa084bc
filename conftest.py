"""What holds for every test of the project: property tests repeat, and are never timed; there is a
real browser for all.

`make test` draws the same examples each time, so that it fails for a reason and not by chance;
`pytest --hypothesis-profile=explore` looks for new ones.
"""

import gc

import pytest
from hypothesis import settings

# A bare `assert` in a step says what it compared, as in a test: the report's findings show it.
pytest.register_assert_rewrite("features.actors", "features.steps")
pytest_plugins = ("tests.browser",)

settings.register_profile("bench", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, derandomize=False, max_examples=1000)
settings.load_profile("bench")


def pytest_collection_finish() -> None:
    """What is loaded by now stays: no collection needs to walk it again (a tenth of the time)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
