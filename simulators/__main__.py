"""`python -m simulators`: the simulators by hand."""

import signal
import sys
from typing import Annotated

import typer

from simulators.entropy import Seed
from simulators.errors import BenchError, ConfigurationError
from simulators.estate import border_site
from simulators.running import run

app = typer.Typer(
    help="MBG, PBX, CT Gateway and phones, simulated. Addresses are in 127.0.0.0/8.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def simulators() -> None:
    """MBG, PBX, CT Gateway and phones, simulated. Addresses are in 127.0.0.0/8."""


@app.command()
def border(
    phones: Annotated[int, typer.Option(help="Teleworkers to set up on MBG and PBX.")] = 500,
    seed: Annotated[str, typer.Option(help="Decides credentials; the same seed repeats.")] = "1",
) -> None:
    """An MBG and a PBX node with PHONES teleworkers on both, for registration bursts.

    Prints one JSON line with the addresses when it is ready, another for each line "report"
    on standard input, and ends with standard input. The journal is off.
    """
    if not 1 <= phones <= border_site.MOST_PHONES:
        raise ConfigurationError(
            f"expected 1 to {border_site.MOST_PHONES} phones, got {phones}: choose another number"
        )
    run(border_site.serve(phones, Seed.parse(seed).number))


def entry() -> None:
    """Run a command; what a person can put right is one sentence and exit status 2."""
    # A script's background job is born deaf to Ctrl-C; whoever sends it means us to stop.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        app()
    except BenchError as error:
        sys.stderr.write(f"simulators: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    entry()
