"""`rerun`: its arguments and options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backsim.cli.options import Engine, RuleFiles, Workers
from backsim.cli.registry import command


@command("Verify")
def rerun(
    result: Annotated[
        Path,
        typer.Argument(
            metavar="RESULT", help="A folder of run --out or compare --out, or the file in it."
        ),
    ],
    workers: Workers = None,
    engine: Annotated[
        Engine | None, typer.Option(help="Instead of the engine that it was made with.")
    ] = None,
    rules: RuleFiles = None,
) -> int:
    """Run a result again: is it the same to the bit?

    Exits with 0 the same, 1 not, and says what differs.
    """
    from backsim.cli.rerun import run_again
    from backsim.rules.files import load_rules

    load_rules(rules or [])
    return run_again(result, workers, None if engine is None else engine.value)
