"""A whole estate that starts, says so and ends, for `python -m loadtests bench --only estate`.

    python -m simulators.estate.start_site

MBG, PBX, CT Gateway, control APIs, and our MCS as a process of its own. Says one JSON line when the
MCS answers, and ends with standard input.
"""

from simulators.estate import mcs_program


def main() -> None:
    """Begin the MCS's process, then read the estate's modules and start it."""
    mcs_program.begin_early()
    from simulators.estate.started import start  # takes a second, as does what was begun

    start()


if __name__ == "__main__":
    main()
