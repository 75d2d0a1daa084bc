"""The population's split among engines and homes."""

from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.schedule import SPARE_FILES, phones_per_home, share

UNHURRIED = settings(deadline=None)  # on a busy machine an example may take long

HOMES = st.lists(st.integers(0, 62_499), max_size=200)
WORKERS = st.integers(1, 9)


@UNHURRIED
@given(homes=HOMES, workers=WORKERS)
def test_every_phone_belongs_to_exactly_one_engine(homes: list[int], workers: int) -> None:
    shares = [share(homes, workers, worker) for worker in range(workers)]
    assert sorted(index for part in shares for index in part) == list(range(len(homes)))


@UNHURRIED
@given(homes=HOMES, workers=WORKERS)
def test_no_home_is_shared_by_two_engines(homes: list[int], workers: int) -> None:
    seen = [{homes[index] for index in share(homes, workers, w)} for w in range(workers)]
    assert sum(len(part) for part in seen) == len(set(homes))


@UNHURRIED
@given(phones=st.integers(1, 500), workers=WORKERS)
def test_engines_get_even_shares_of_homes_in_order(phones: int, workers: int) -> None:
    sizes = [len(share(range(phones), workers, worker)) for worker in range(workers)]
    assert max(sizes) - min(sizes) <= 1


@UNHURRIED
@given(phones=st.integers(1, 60_000), workers=WORKERS, wanted=st.integers(1, 10))
def test_sockets_stay_below_the_limit_of_open_files(phones: int, workers: int, wanted: int) -> None:
    each = phones_per_home(phones, workers, wanted, 20_000)
    homes = -(-phones // each)
    assert each >= wanted
    assert -(-homes // workers) <= 20_000 - SPARE_FILES
    assert each == wanted or -(-phones // (each - 1)) > (20_000 - SPARE_FILES) * workers


def test_a_socket_per_phone_where_it_fits_and_grouping_where_not() -> None:
    assert phones_per_home(19_800, 1, 1, 20_000) == 1
    assert phones_per_home(19_801, 1, 1, 20_000) == 2
    assert phones_per_home(60_000, 1, 1, 20_000) == 4
