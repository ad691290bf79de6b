"""`validate-theory`: its arguments and options."""

from __future__ import annotations

from typing import Annotated

import typer

from backsim.cli.console import Format
from backsim.cli.options import PrintAs, Seed, Workers
from backsim.cli.registry import command


@command("Verify", "validate-theory")
def validate_theory(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME",
            help="Ids, instances, families, or files of your own. Default: all known answers.",
        ),
    ] = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="A subset that takes under a minute.")
    ] = False,
    seed: Seed = None,
    workers: Workers = None,
    format: PrintAs = Format.table,
) -> int:
    """Compare the simulation with known answers.

    Published and exactly computed ones, and files of your own.
    """
    from backsim.cli.known_answers import check_theory

    return check_theory(names or None, fast, seed, workers, format)
