"""The garbage collector of an engine, kept from walking over its phones again and again."""

import gc


def spare_phones(*, cycles: bool) -> None:
    """Call this when all phones are made.

    A full collection walks over all of them and stops the loop for up to 60 ms (measured with
    6,000).

    Args:
        cycles: whether what is to come leaves some, as whole phones do: young objects are collected
            then. A `Crowd` leaves none (a test says so), and to look for them took a seventh of its
            processor time.
    """
    gc.freeze()
    if cycles:
        gc.set_threshold(5000, 10, 1_000_000)
    else:
        gc.disable()
