"""`python -m features`: begins the MCS's process, where one is wanted, and then reads the rest."""

import sys

from simulators.estate import mcs_program

WITH_MCS = ("demo", "up", "pictures")


def main() -> None:
    """Run the command of this command line."""
    if sys.argv[1:2] and sys.argv[1] in WITH_MCS and "--help" not in sys.argv:
        mcs_program.begin_early()
    from features.commands import entry  # takes a second, which the MCS's process uses as well

    entry()


if __name__ == "__main__":
    main()
