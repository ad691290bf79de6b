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
        Path, typer.Option("--out", metavar="DIR", help="Folder for the report.")
    ] = Path("backsim-demo"),
) -> None:
    """Compare seven policies in a ready-made example.

    Seven orders in which waiting customers of a workshop can be served, each simulated on the same
    30 random worlds.  Prints a table and the finding, and writes a report.
    """
    from backsim.examples import example

    say("7 policies on the same 30 random worlds; the first run compiles the engine (some seconds)")
    compare(example(EXPERIMENT), out, fresh=True, engine=Engine.compiled)
    say(f"\nOpen the report in a browser: {out / 'report.html'}")
    say("Start your own experiment: backsim new experiment DIR")
