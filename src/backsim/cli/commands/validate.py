"""`validate`: its arguments and options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backsim.cli.options import RuleFiles, Sets
from backsim.cli.registry import command


@command("Files")
def validate(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="Scenarios, experiments, books of orders."),
    ],
    set_: Sets = None,
    rules: RuleFiles = None,
) -> int:
    """Check files of any kind, and print all faults.

    Scenarios, experiments, books of orders, known answers.
    """
    from backsim.cli.validate import check_files
    from backsim.rules.files import load_rules

    load_rules(rules or [])
    return 0 if check_files(files, set_ or []) else 2
