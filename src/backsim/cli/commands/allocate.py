"""`allocate`: its arguments and options."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from backsim.cli.console import Format
from backsim.cli.options import Out, PrintAs, RuleFiles
from backsim.cli.registry import command
from backsim.errors import InputError


class Solver(StrEnum):
    """What solves a linear program."""

    highs = "highs"
    cbc = "cbc"


@command("Plan")
def allocate(
    book: Annotated[
        Path | None,
        typer.Argument(metavar="BOOK", help="A folder of CSV files, or an .xlsx workbook."),
    ] = None,
    rule: Annotated[
        str, typer.Option(help="lp, a priority rule, or a sharing rule such as pro_rata.")
    ] = "lp",
    out: Out = None,
    template: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a book to start from, and stop.")
    ] = None,
    today: Annotated[
        str | None, typer.Option(metavar="DATE", help="The book's day. Today if not given.")
    ] = None,
    date_format: Annotated[
        str | None, typer.Option(help="How dates are written, such as %d/%m/%Y.")
    ] = None,
    decimal: Annotated[
        str | None, typer.Option(help="The decimal sign in numbers: point or comma.")
    ] = None,
    format: PrintAs = Format.table,
    solver: Annotated[Solver, typer.Option(help="What solves the program.")] = Solver.highs,
    time_limit: Annotated[
        float | None, typer.Option(metavar="SECONDS", min=0.01, help="When the solver stops.")
    ] = None,
    rules: RuleFiles = None,
) -> None:
    """Allocate stock and purchases to today's open orders."""
    from backsim.cli.allocate import make_template, run_allocation
    from backsim.rules.files import load_rules

    load_rules(rules or [])
    if template is not None:
        make_template(template)
    elif book is None:
        raise InputError("allocate: expected a book (a folder or .xlsx), or --template DIR")
    else:
        run_allocation(
            book,
            rule,
            out,
            format,
            today,
            date_format,
            solver.value,
            time_limit,
            decimal,
        )
