"""`demo`: a comparison that needs no file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backsim.cli.commands.compare import compare
from backsim.cli.console import say
from backsim.cli.options import Engine
from backsim.cli.registry import command

EXPERIMENT = "experiments/clearing_order.yaml"


@command("Simulate")
def demo(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where the report goes.")
    ] = Path("backsim-demo"),
) -> None:
    """Compare seven policies, with no file of yours.

    Seven ways to serve waiting customers of a workshop's spare parts, each against the same 30
    random worlds.  Prints a table and the finding, and writes a report.
    """
    from backsim.examples import example

    say("seven policies, the same 30 random worlds (the first time, the engine compiles: seconds)")
    compare(example(EXPERIMENT), out, fresh=True, engine=Engine.compiled)
    say(f"\nThe report is a page: open {out / 'report.html'} in a browser.")
    say("Your own: backsim new experiment DIR")
