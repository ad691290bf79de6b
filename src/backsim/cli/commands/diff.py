"""`diff`: its arguments and options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backsim.cli.console import Format
from backsim.cli.options import PrintAs, RuleFiles
from backsim.cli.registry import command


@command("Verify")
def diff(
    one: Annotated[Path, typer.Argument(metavar="A", help="A scenario, or a result's folder.")],
    other: Annotated[Path, typer.Argument(metavar="B", help="Another of the same kind.")],
    format: PrintAs = Format.table,
    confidence: Annotated[
        float, typer.Option(min=0.5, max=0.9999, help="Of all intervals together.")
    ] = 0.95,
    rules: RuleFiles = None,
) -> None:
    """Show what differs between two scenarios or results.

    Fields of scenarios; metrics of results, with paired intervals.
    """
    from backsim.cli.diff import show_difference
    from backsim.rules.files import load_rules

    load_rules(rules or [])
    show_difference(one, other, format, confidence)
